//! Specification §5, the yearly reporting threshold: which payout first takes a calendar year's rewards above it.

use std::collections::BTreeMap;

use handsel_money::{Money, Timestamp, Zone};

use super::error::CalculationError;
use super::rule::Payable;

/// A plan's threshold, and where its years turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// For one beneficiary and calendar year; reached is not exceeded.
    pub amount: Money,
    /// The plan's time zone.
    pub zone: Zone,
}

/// What one beneficiary has been paid, year by year, before tax. Payouts are taken in the order of their instants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YearTotals(BTreeMap<i64, YearTotal>);

/// One year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct YearTotal {
    /// What has been paid in it, less what has been reversed.
    pub total: Money,
    /// Whether a payout of it has been flagged.
    pub flagged: bool,
}

/// A payout that is to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its year.
    pub year: i64,
    /// The year's total with it.
    pub total: Money,
}

impl YearTotals {
    /// Takes a payout; a flag where it is the one that first exceeds the threshold in its year.
    ///
    /// # Errors
    /// `NegativeAmount`, `CurrencyMismatch`, `OutOfRange`.
    pub fn paid(
        &mut self,
        threshold: &Threshold,
        at: Timestamp,
        reward: Money,
    ) -> Result<Option<Flag>, CalculationError> {
        threshold.amount.check(threshold.amount.currency())?;
        reward.check(threshold.amount.currency())?;
        let year = at.date_in(&threshold.zone).year();
        let before = self.year(year, reward);
        let total = before.total.checked_add(reward)?;
        let first = !before.flagged && total.minor() > threshold.amount.minor();
        self.0.insert(year, YearTotal { total, flagged: before.flagged || first });
        Ok(first.then_some(Flag { year, total }))
    }

    /// Takes back a part of a payout made at `paid_at`: that year's total is lower from now on, and no flag goes away.
    ///
    /// # Errors
    /// `NegativeAmount`, `CurrencyMismatch`, `OutOfRange`.
    pub fn reversed(
        &mut self,
        threshold: &Threshold,
        paid_at: Timestamp,
        amount: Money,
    ) -> Result<(), CalculationError> {
        amount.check(threshold.amount.currency())?;
        let year = paid_at.date_in(&threshold.zone).year();
        let before = self.year(year, amount);
        self.0.insert(year, YearTotal { total: before.total.checked_sub(amount)?, flagged: before.flagged });
        Ok(())
    }

    /// Every year that has had a payout, in order.
    pub fn years(&self) -> impl Iterator<Item = (i64, YearTotal)> {
        self.0.iter().map(|(year, total)| (*year, *total))
    }

    fn year(&self, year: i64, like: Money) -> YearTotal {
        let nothing = YearTotal { total: Money::zero(like.currency()), flagged: false };
        self.0.get(&year).copied().unwrap_or(nothing)
    }
}
