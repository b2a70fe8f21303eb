//! What is kept of a calculation: enough to compute it again years later with nothing else at hand.

use super::{
    calculation::{CALCULATION_VERSION, cash::CashInput, trace::Step},
    terms::RewardTerms,
};
use handsel_money::{Date, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The trace of one reward. Kept as the bytes of its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record<'a> {
    /// The version of the calculation that made it.
    pub calculation_version: u32,
    /// The plan, `plans/{plan}`.
    pub plan: Cow<'a, str>,
    /// Its version.
    pub plan_version: i64,
    /// What it was computed by: the plan's rule; of a team, the member's share; under the tightest of the plan's budgets.
    pub terms: Cow<'a, RewardTerms>,
    /// What was computed from, the counters as they stood.
    pub input: CashInput,
    /// Instants, and what they were in the plan's time zone.
    pub days: Days,
    /// What led to these terms, where they are not the plan's as they stand: a team's total, a season's budget.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<Step>,
    /// Every step, in order.
    pub steps: Vec<Step>,
}

/// The instants of a reward as the plan's time zone resolved them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The plan's time zone.
    pub zone: Zone,
    /// When the completing fact happened.
    pub qualified_at: Timestamp,
    /// Its date there.
    pub qualified_on: Date,
    /// Whole days held back.
    pub holding_days: i32,
    /// The date it is due, there.
    pub due_on: Date,
    /// When it is due.
    pub due_at: Timestamp,
}

impl Record<'_> {
    /// The version of the calculation that runs here.
    pub const VERSION: u32 = CALCULATION_VERSION;

    /// What `GetReward` shows: the resolved dates, what led to the terms, then the steps of the calculation.
    pub fn shown(&self) -> Vec<Step> {
        let resolved = [
            ("qualified_on", self.days.qualified_on.to_string(), self.days.zone.name().to_owned()),
            ("due_on", self.days.due_on.to_string(), format!("{} days after", self.days.holding_days)),
        ];
        let dates = resolved.into_iter().map(|(step, value, reason)| Step {
            step: Cow::Borrowed(step),
            value,
            reason: Some(Cow::Owned(reason)),
        });
        dates.chain(self.context.iter().cloned()).chain(self.steps.iter().cloned()).collect()
    }
}
