//! Specification §8: how much of a paid reward is taken back.

use handsel_money::{Exact, Money, Rounding, Timestamp, Zone, round_to_minor, round_to_whole};
use serde::{Deserialize, Serialize};

use super::error::CalculationError;
use super::rule::{Payable, Quantity};
use super::trace::{Step, Trace};

/// A plan's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "days", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Clawback {
    /// Nothing is ever taken back.
    None,
    /// All of it within so many days.
    Full(i64),
    /// Less with every day, until so many.
    ProRata(i64),
}

/// What was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Given {
    /// Money.
    Cash,
    /// Points: taken back in whole points.
    Points {
        /// How many.
        quantity: Quantity,
        /// The declared value of one.
        value_per_unit: Money,
    },
    /// An item: taken back whole or not at all.
    Item,
}

/// A reward that was settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// What was given.
    pub given: Given,
    /// The reward, or its cash value.
    pub reward: Money,
    /// Its tax.
    pub tax: Money,
    /// When.
    pub at: Timestamp,
}

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// Whole days from settlement to the trigger, in the plan's time zone; 0 where the trigger came first.
    pub days: i64,
    /// How much of the reward.
    pub reversed: Money,
    /// How many points; 0 for anything else.
    pub points: Quantity,
    /// The share of the tax.
    pub tax_reversed: Money,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

/// What a trigger takes back of a settled reward.
///
/// # Errors
/// `NoDays`, `NegativeAmount`, `CurrencyMismatch`, `OutOfRange`.
pub fn decide(
    clawback: Clawback,
    settled: &Settled,
    triggered_at: Timestamp,
    zone: &Zone,
    rounding: Rounding,
) -> Result<Reversal, CalculationError> {
    if let Clawback::Full(within) | Clawback::ProRata(within) = clawback
        && within < 1
    {
        return Err(CalculationError::NoDays);
    }
    let currency = settled.reward.currency();
    settled.reward.check(currency)?;
    settled.tax.check(currency)?;

    let mut trace = Trace::new();
    let (from, to) = (settled.at.date_in(zone), triggered_at.date_in(zone));
    let days = from.days_until(to).max(0);
    trace.step("rule", clawback.name());
    settled.write_down(&mut trace);
    trace.step("time_zone", zone);
    trace.step("rounding", rounding);
    trace.step("settled_on", from);
    trace.step("triggered_on", to);
    trace.step("days", days);
    let (left, within) = clawback.left(days, settled.given);
    trace.because("days_left", left, format!("of {within}"));
    let share = Exact::fraction(left, within).ok_or(CalculationError::NoDays)?;

    let (reversed, points) = settled.taken_back(&share, rounding)?;
    trace.step("reversed", reversed);
    if let Given::Points { .. } = settled.given {
        trace.step("points_reversed", points);
    }
    let tax_share = settled.tax.exact().times(&reversed.exact()).over(&settled.reward.exact());
    let tax_reversed = round_to_minor(&tax_share.unwrap_or(Exact::ZERO), currency, rounding)?;
    trace.step("tax_reversed", tax_reversed);
    Ok(Reversal { days, reversed, points, tax_reversed, steps: trace.into_steps() })
}

impl Clawback {
    /// Its name, as contracts and traces spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Full(_) => "FULL",
            Self::ProRata(_) => "PRO_RATA",
        }
    }

    /// How many days of how many are left to be taken back: all, a part, or none.
    fn left(self, days: i64, given: Given) -> (i64, i64) {
        match self {
            Self::None => (0, 1),
            Self::Full(within) | Self::ProRata(within) if days >= within => (0, within),
            Self::Full(within) => (within, within),
            Self::ProRata(within) => match given {
                Given::Item => (within, within),
                Given::Cash | Given::Points { .. } => (within.saturating_sub(days), within),
            },
        }
    }
}

impl Settled {
    fn write_down(&self, trace: &mut Trace) {
        trace.step("reward", self.reward);
        trace.step("tax", self.tax);
        match self.given {
            Given::Cash => {}
            Given::Points { quantity, value_per_unit } => {
                trace.because("points", quantity, format!("worth {value_per_unit} each"));
            }
            Given::Item => trace.step("item", "taken back whole or not at all"),
        }
    }

    fn taken_back(&self, share: &Exact, rounding: Rounding) -> Result<(Money, Quantity), CalculationError> {
        let currency = self.reward.currency();
        match self.given {
            Given::Points { quantity, value_per_unit } => {
                quantity.check(currency)?;
                value_per_unit.check(currency)?;
                let points = round_to_whole(&quantity.exact().times(share), rounding)?;
                Ok((value_per_unit.checked_times(points)?, Quantity::new(points)))
            }
            Given::Cash | Given::Item => {
                Ok((round_to_minor(&self.reward.exact().times(share), currency, rounding)?, Quantity::new(0)))
            }
        }
    }
}
