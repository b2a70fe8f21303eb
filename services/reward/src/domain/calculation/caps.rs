//! Specification §4: caps and budget, applied to gross, in a fixed order.
//!
//! Pure: what has been granted comes in, what is left of the reward goes out. Whoever calls holds the lock on both.

mod stock;

use std::fmt;

use handsel_money::{Currency, Money, MoneyError, Written as _};
use serde::{Deserialize, Serialize};

pub(super) use self::stock::{Parts, Stock};
use super::error::CalculationError;
use super::rule::{Fault, Payable};
use super::trace::Trace;

/// What becomes of a reward for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OnExceed {
    /// It is cut to the room that is left.
    Reduce,
    /// It is nothing.
    Reject,
}

/// The plan's limits. The caps are one beneficiary's in one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How many rewards above 0.
    pub count_cap: Option<i64>,
    /// How much.
    pub amount_cap: Option<Money>,
    /// How much the plan grants in all.
    pub budget: Option<Money>,
    /// For amount cap and budget both.
    pub on_exceed: OnExceed,
}

/// What has been granted: to the beneficiary in the window, and by the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// Rewards above 0 in the window.
    pub count: i64,
    /// Their sum.
    pub in_window: Money,
    /// What the plan has granted in all.
    pub by_plan: Money,
}

/// What cut a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The beneficiary has had as many rewards in the window as he may.
    CountCap,
    /// He has had as much as he may.
    AmountCap,
    /// The plan has granted all it may.
    Budget,
}

/// What one reward holds of caps and budget, until it is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    amount: Money,
    counted: bool,
}

impl Limits {
    /// No limit at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { count_cap: None, amount_cap: None, budget: None, on_exceed: OnExceed::Reduce }
    }

    /// Everything wrong with the limits in a plan of this currency; empty when nothing is.
    #[must_use]
    pub fn faults(&self, currency: Currency) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (field, amount) in [("beneficiary_cap.max_amount", self.amount_cap), ("budget", self.budget)] {
            if let Some(Err(error)) = amount.map(|amount| amount.check(currency)) {
                faults.push(Fault { field: field.to_owned(), error });
            }
        }
        if self.count_cap.is_some_and(|cap| cap < 0) {
            let field = "beneficiary_cap.max_count".to_owned();
            faults.push(Fault { field, error: CalculationError::NegativeAmount });
        }
        faults
    }

    /// Steps 1 to 3: what is left of a stock, and what cut it, in that order.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `OutOfRange`.
    pub(super) fn apply(
        &self,
        gross: Stock,
        used: &Used,
        trace: &mut Trace,
    ) -> Result<(Stock, Vec<Reason>), CalculationError> {
        let mut left = gross;
        let mut reasons = Vec::new();
        if let Some(cap) = self.count_cap {
            trace.because("count_cap", cap, ["granted ", &used.count.written()].concat());
            if used.count >= cap && left.quantity > 0 {
                left.quantity = 0;
                reasons.push(Reason::CountCap);
            }
        }
        if self.amount_cap.is_some() || self.budget.is_some() {
            trace.step("on_exceed", self.on_exceed.name());
        }
        for (reason, step, cap, granted) in [
            (Reason::AmountCap, "amount_cap_room", self.amount_cap, used.in_window),
            (Reason::Budget, "budget_room", self.budget, used.by_plan),
        ] {
            let Some(cap) = cap else { continue };
            let room = cap.checked_sub(granted)?;
            trace.because(step, room, [&cap.written(), " less ", &granted.written()].concat());
            let fitted = left.fitted(room, self.on_exceed)?;
            if fitted != left.quantity {
                left.quantity = fitted;
                reasons.push(reason);
            }
        }
        Ok((left, reasons))
    }
}

impl Used {
    /// Nothing granted yet.
    #[must_use]
    pub const fn nothing(currency: Currency) -> Self {
        Self { count: 0, in_window: Money::zero(currency), by_plan: Money::zero(currency) }
    }

    /// With this reward granted: only one above 0 counts. Also what that reward now holds.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `OutOfRange`.
    pub fn granted(self, reward: Money) -> Result<(Self, Held), CalculationError> {
        self.granted_counting(reward, reward.is_positive())
    }

    /// With a non-cash reward granted, which counts where its quantity is above 0.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `OutOfRange`.
    pub fn granted_counting(self, reward: Money, counted: bool) -> Result<(Self, Held), CalculationError> {
        let used = Self {
            count: if counted { self.count.saturating_add(1) } else { self.count },
            in_window: self.in_window.checked_add(reward)?,
            by_plan: self.by_plan.checked_add(reward)?,
        };
        Ok((used, Held { amount: reward, counted }))
    }

    /// With a part of a reward given back, in that reward's own window; its count only with the last of it.
    ///
    /// # Errors
    /// `OutOfRange` for more than the reward still holds; `CurrencyMismatch`.
    pub fn given_back(self, held: Held, amount: Money) -> Result<(Self, Held), CalculationError> {
        let rest = held.amount.checked_sub(amount)?;
        if rest.is_negative() || amount.is_negative() {
            return Err(MoneyError::OutOfRange.into());
        }
        let frees_count = held.counted && rest.is_zero();
        let used = Self {
            count: if frees_count { self.count.saturating_sub(1) } else { self.count },
            in_window: self.in_window.checked_sub(amount)?,
            by_plan: self.by_plan.checked_sub(amount)?,
        };
        Ok((used, Held { amount: rest, counted: held.counted && !frees_count }))
    }
}

impl OnExceed {
    /// Its name, as contracts and columns spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reduce => "REDUCE",
            Self::Reject => "REJECT",
        }
    }
}

impl Held {
    /// How much of it has not been given back.
    #[must_use]
    pub const fn amount(self) -> Money {
        self.amount
    }
}

impl Reason {
    /// Its name, as answers and columns spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CountCap => "COUNT_CAP",
            Self::AmountCap => "AMOUNT_CAP",
            Self::Budget => "BUDGET",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
