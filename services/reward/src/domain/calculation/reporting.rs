//! Specification §5, the yearly reporting threshold: which payout first takes a calendar year's rewards above it.

use std::collections::BTreeMap;

use handsel_money::{Money, Timestamp, Zone};

use super::bounds;
use super::error::CalculationError;
use super::rule::Payable;
use super::trace::{Step, Trace};

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

/// One payout of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// The caller's name for it.
    pub id: String,
    /// When it was paid.
    pub at: Timestamp,
    /// Before tax.
    pub reward: Money,
    /// What was taken back of it later, and when.
    pub reversed: Option<(Timestamp, Money)>,
}

/// What became of a row of payouts, with every step that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporting {
    /// The payouts that are to be reported, in order.
    pub flags: Vec<(String, Flag)>,
    /// What each year comes to in the end.
    pub totals: YearTotals,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

/// What a row of payouts holds at one instant: what is paid comes before what is taken back.
enum Moment<'a> {
    Paid(&'a Payout),
    Reversed(&'a Payout, Money),
}

/// Takes one beneficiary's payouts and reversals by their instants, in whatever order they are listed.
///
/// # Errors
/// `TooMany` payouts; `MoreThanLeft` for a reversal of more than was paid; `NegativeAmount`, `CurrencyMismatch`, `OutOfRange`.
pub fn decide(threshold: &Threshold, payouts: &[Payout]) -> Result<Reporting, CalculationError> {
    bounds::check("payouts", payouts.len(), bounds::EVENTS)?;
    let mut moments: Vec<(Timestamp, Moment<'_>)> = Vec::with_capacity(payouts.len());
    for payout in payouts {
        moments.push((payout.at, Moment::Paid(payout)));
        if let Some((at, amount)) = payout.reversed {
            amount.check(threshold.amount.currency())?;
            if amount.minor() > payout.reward.minor() || at < payout.at {
                return Err(CalculationError::MoreThanLeft);
            }
            moments.push((at, Moment::Reversed(payout, amount)));
        }
    }
    moments.sort_by_key(|(at, moment)| (*at, matches!(moment, Moment::Reversed(..))));

    let mut trace = Trace::new();
    trace.step("threshold", threshold.amount);
    trace.step("time_zone", &threshold.zone);
    let mut totals = YearTotals::default();
    let mut flags = Vec::new();
    for (_, moment) in moments {
        match moment {
            Moment::Paid(payout) => {
                trace.because("paid", payout.reward, format!("{} at {}", payout.id, payout.at));
                let flag = totals.paid(threshold, payout.at, payout.reward)?;
                totals.write_down(threshold, payout.at, &mut trace);
                if let Some(flag) = flag {
                    trace.because("flagged", &payout.id, flag.total.to_string());
                    flags.push((payout.id.clone(), flag));
                }
            }
            Moment::Reversed(payout, amount) => {
                trace.because("reversed", amount, payout.id.clone());
                totals.reversed(threshold, payout.at, amount)?;
                totals.write_down(threshold, payout.at, &mut trace);
            }
        }
    }
    Ok(Reporting { flags, totals, steps: trace.into_steps() })
}

impl YearTotals {
    fn write_down(&self, threshold: &Threshold, at: Timestamp, trace: &mut Trace) {
        let year = at.date_in(&threshold.zone).year();
        trace.because("year_total", self.year(year, threshold.amount).total, year.to_string());
    }

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
