//! The trace: every input and step of a calculation, in order, as text that needs nothing else to be read (specification §12).

use std::borrow::Cow;

use handsel_money::Written;
use serde::{Deserialize, Serialize};

/// One input or step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, e.g. `base`.
    pub step: Cow<'static, str>,
    /// Its value: an amount in major units with its currency, a number, a rate, a date, a word.
    pub value: String,
    /// Why, where there is a choice to explain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'static, str>>,
}

/// Collects steps as they are taken.
#[derive(Debug)]
pub(super) struct Trace(Vec<Step>);

impl Trace {
    /// Room for what a cash reward writes down.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(16))
    }

    pub(super) fn step(&mut self, step: &'static str, value: impl Written) {
        self.0.push(Step { step: Cow::Borrowed(step), value: value.written(), reason: None });
    }

    pub(super) fn because(&mut self, step: &'static str, value: impl Written, reason: impl Into<Cow<'static, str>>) {
        self.0.push(Step { step: Cow::Borrowed(step), value: value.written(), reason: Some(reason.into()) });
    }

    /// The steps of a part that was computed on its own.
    pub(super) fn append(&mut self, steps: Vec<Step>) {
        self.0.extend(steps);
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.0
    }
}

/// The value of the first step of this name.
pub(super) fn value_of<'a>(steps: &'a [Step], name: &str) -> Option<&'a str> {
    step_of(steps, name).map(|step| step.value.as_str())
}

/// The first step of this name.
pub(super) fn step_of<'a>(steps: &'a [Step], name: &str) -> Option<&'a Step> {
    steps.iter().find(|step| step.step == name)
}
