//! Specification §7: a total over weights, to the last minor unit.

use handsel_money::{Decimal, Exact, Money, Rounding, round_to_minor};

use super::bounds;
use super::error::CalculationError;
use super::trace::{Step, Trace};

/// A total split over weights, with every step that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// One for each weight, in the same order. They sum to the total.
    pub shares: Vec<Money>,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

/// One weight's part while the rest is handed out.
struct Part {
    share: Money,
    remainder: Exact,
    rounded_up: bool,
}

/// One share for each weight, in the same order. They sum to the total.
///
/// # Errors
/// Those of [`decide`].
pub fn shares(total: Money, weights: &[Decimal]) -> Result<Vec<Money>, CalculationError> {
    Ok(decide(total, weights)?.shares)
}

/// One share for each weight, and why each is what it is.
///
/// # Errors
/// `TooMany` weights; `NegativeAmount`, `NegativeWeight`, `NoWeights`.
pub fn decide(total: Money, weights: &[Decimal]) -> Result<Allocation, CalculationError> {
    bounds::check("weights", weights.len(), bounds::WEIGHTS)?;
    if total.is_negative() {
        return Err(CalculationError::NegativeAmount);
    }
    if weights.iter().any(|weight| *weight < Decimal::ZERO) {
        return Err(CalculationError::NegativeWeight);
    }
    let sum = weights.iter().fold(Exact::ZERO, |sum, weight| sum.plus(&Exact::from(*weight)));
    let mut trace = Trace::new();
    trace.step("total", total);
    trace.step("weights", &sum);
    let mut parts = Vec::with_capacity(weights.len());
    let mut left = total;
    for weight in weights {
        let part = part(total, *weight, &sum)?;
        left = left.checked_sub(part.share)?;
        parts.push(part);
    }
    if parts.is_empty() {
        return Err(CalculationError::NoWeights);
    }
    trace.step("left_over", left);
    hand_out(&mut parts, left)?;
    for (part, weight) in parts.iter().zip(weights) {
        let unit = if part.rounded_up { ", and one minor unit of what was left" } else { "" };
        trace.because("share", part.share, format!("weight {weight}{unit}"));
    }
    Ok(Allocation { shares: parts.into_iter().map(|part| part.share).collect(), steps: trace.into_steps() })
}

fn part(total: Money, weight: Decimal, sum: &Exact) -> Result<Part, CalculationError> {
    let exact = total.exact().times(&Exact::from(weight)).over(sum).ok_or(CalculationError::NoWeights)?;
    let share = round_to_minor(&exact, total.currency(), Rounding::Down)?;
    Ok(Part { share, remainder: exact.minus(&share.exact()), rounded_up: false })
}

/// One minor unit each to the largest remainders, ties to the earlier listed. There are fewer units than remainders above 0.
fn hand_out(parts: &mut [Part], left: Money) -> Result<(), CalculationError> {
    let unit = Money::new(left.currency(), 1);
    let units = usize::try_from(left.minor()).unwrap_or(0);
    let mut order: Vec<&mut Part> = parts.iter_mut().collect();
    // The sort is stable, so what is equal stays in the order listed.
    order.sort_by(|one, other| other.remainder.cmp(&one.remainder));
    for part in order.into_iter().take(units) {
        part.share = part.share.checked_add(unit)?;
        part.rounded_up = true;
    }
    Ok(())
}
