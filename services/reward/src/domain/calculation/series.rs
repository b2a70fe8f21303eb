//! Specification §4 over time: a row of rewards of several beneficiaries, granted, rejected and reversed, under one plan's caps
//! and budget.

use std::collections::BTreeMap;

use handsel_money::{Currency, Money, MoneyError, Timestamp, Zone};

use super::bounds;
use super::caps::{Held, Limits, Reason, Stock, Used};
use super::error::CalculationError;
use super::rule::Payable;
use super::trace::{Step, Trace};
use super::window::Window;

/// What a row is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesTerms {
    /// Of every amount.
    pub currency: Currency,
    /// Windows turn in it.
    pub zone: Zone,
    /// The window of the caps.
    pub window: Window,
    /// Caps and budget.
    pub limits: Limits,
}

/// One thing that happens, to a reward that the caller names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The reward.
    pub reward: String,
    /// What happens to it.
    pub what: What,
}

/// What happens to a reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is granted.
    Granted {
        /// Who gets it.
        beneficiary: String,
        /// When what it is for happened.
        at: Timestamp,
        /// Before caps and budget.
        gross: Money,
    },
    /// So much of it is taken back.
    Reversed(Money),
    /// All that is left of it is given up.
    Rejected,
}

/// What became of a row, with every step that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// One for each that was granted, in order.
    pub rewards: Vec<Granted>,
    /// Count and amount by beneficiary and window, in the end.
    pub standing: BTreeMap<(String, String), (i64, Money)>,
    /// What stands of the budget, in the end.
    pub by_plan: Money,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

/// One reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The caller's name for it.
    pub reward: String,
    /// The window it is counted in.
    pub window: String,
    /// What caps and budget left.
    pub amount: Money,
    /// What cut it, in order.
    pub reasons: Vec<Reason>,
}

/// By beneficiary and window.
type Key = (String, String);

/// What stands, while a row is taken.
struct Standing<'a> {
    terms: &'a SeriesTerms,
    in_window: BTreeMap<Key, (i64, Money)>,
    by_plan: Money,
    held: BTreeMap<String, (Key, Held)>,
    rewards: Vec<Granted>,
    trace: Trace,
}

/// Takes a row of events in the order listed.
///
/// # Errors
/// `TooMany` events; the first fault of the limits; `GrantedTwice`, `NeverGranted`, `MoreThanLeft`; `NegativeAmount`,
/// `CurrencyMismatch`, `OutOfRange`.
pub fn decide(terms: &SeriesTerms, events: &[Event]) -> Result<Series, CalculationError> {
    bounds::check("events", events.len(), bounds::EVENTS)?;
    if let Some(fault) = terms.limits.faults(terms.currency).first() {
        return Err(fault.error);
    }
    let mut standing = Standing {
        terms,
        in_window: BTreeMap::new(),
        by_plan: Money::zero(terms.currency),
        held: BTreeMap::new(),
        rewards: Vec::new(),
        trace: Trace::new(),
    };
    standing.trace.step("window_kind", terms.window.name());
    standing.trace.step("time_zone", &terms.zone);
    for event in events {
        match &event.what {
            What::Granted { beneficiary, at, gross } => standing.grant(&event.reward, beneficiary, *at, *gross)?,
            What::Reversed(amount) => standing.give_back(&event.reward, "reversed", Some(*amount))?,
            What::Rejected => standing.give_back(&event.reward, "rejected", None)?,
        }
    }
    let Standing { in_window, by_plan, rewards, mut trace, .. } = standing;
    trace.step("granted_by_plan", by_plan);
    Ok(Series { rewards, standing: in_window, by_plan, steps: trace.into_steps() })
}

impl Standing<'_> {
    fn used(&self, key: &Key) -> Used {
        let (count, in_window) = self.in_window.get(key).copied().unwrap_or((0, Money::zero(self.terms.currency)));
        Used { count, in_window, by_plan: self.by_plan }
    }

    fn set(&mut self, key: &Key, used: Used) {
        self.in_window.insert(key.clone(), (used.count, used.in_window));
        self.by_plan = used.by_plan;
    }

    fn grant(&mut self, reward: &str, beneficiary: &str, at: Timestamp, gross: Money) -> Result<(), CalculationError> {
        if self.held.contains_key(reward) {
            return Err(CalculationError::GrantedTwice);
        }
        gross.check(self.terms.currency)?;
        let window = self.terms.window.key(at, &self.terms.zone);
        let key = (beneficiary.to_owned(), window.clone());
        let used = self.used(&key);
        self.trace.because("granted", reward, format!("to {beneficiary}"));
        self.trace.because("window", &window, format!("at {at}"));
        self.trace.step("gross", gross);
        let (left, reasons) = self.terms.limits.apply(Stock::cash(gross), &used, &mut self.trace)?;
        let amount = left.value()?;
        super::cash::trace_reward(&mut self.trace, amount, &reasons);
        let (used, held) = used.granted(amount)?;
        self.set(&key, used);
        self.held.insert(reward.to_owned(), (key, held));
        self.rewards.push(Granted { reward: reward.to_owned(), window, amount, reasons });
        Ok(())
    }

    /// Gives back an amount, or all that is left.
    fn give_back(&mut self, reward: &str, why: &'static str, amount: Option<Money>) -> Result<(), CalculationError> {
        let (key, held) = self.held.remove(reward).ok_or(CalculationError::NeverGranted)?;
        let amount = amount.unwrap_or(held.amount());
        amount.check(self.terms.currency)?;
        let given = self.used(&key).given_back(held, amount);
        let (used, held) = given.map_err(|error| match error {
            CalculationError::Value(MoneyError::OutOfRange) => CalculationError::MoreThanLeft,
            other => other,
        })?;
        self.trace.because(why, amount, reward.to_owned());
        self.set(&key, used);
        self.held.insert(reward.to_owned(), (key, held));
        Ok(())
    }
}
