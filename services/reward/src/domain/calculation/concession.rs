//! Specification §10 and §11, what deposits and loans share: basis points from several sources, cut from the last listed.

use handsel_money::{Decimal, Exact};
use serde::{Deserialize, Serialize};

use super::bounds;
use super::error::CalculationError;

/// An uplift or a discount, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concession {
    /// Where it comes from, e.g. `referral`.
    pub source: String,
    /// Decimal basis points, 0.0001 each; may be fractional.
    pub bps: Decimal,
}

/// What is left to a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Where it comes from.
    pub source: String,
    /// The basis points left, 0 included.
    pub bps: Exact,
}

/// Basis points in one.
const BPS: i64 = 10_000;

/// Nothing wrong, if none of them is below 0.
pub(super) fn check(listed: &[Concession], most: Option<Decimal>) -> Result<(), CalculationError> {
    bounds::check("sources of basis points", listed.len(), bounds::CONCESSIONS)?;
    let below = listed.iter().map(|one| one.bps).chain(most).any(|bps| bps < Decimal::ZERO);
    if below { Err(CalculationError::NegativeBps) } else { Ok(()) }
}

/// Nothing wrong, if none of these rates is below 0.
pub(super) fn check_rates(rates: impl IntoIterator<Item = Decimal>) -> Result<(), CalculationError> {
    if rates.into_iter().any(|rate| rate < Decimal::ZERO) { Err(CalculationError::RateBelowZero) } else { Ok(()) }
}

/// The concessions with their sum cut to each limit that there is: what is cut comes off the last listed first.
pub(super) fn cut(listed: &[Concession], limits: [Option<Exact>; 2]) -> Vec<Applied> {
    let mut left: Option<Exact> = limits.into_iter().flatten().min();
    let mut applied = Vec::with_capacity(listed.len());
    for one in listed {
        let mut bps = Exact::from(one.bps);
        if let Some(left) = &mut left {
            bps = bps.at_most(left.clone());
            *left = left.minus(&bps);
        }
        applied.push(Applied { source: one.source.clone(), bps });
    }
    applied
}

/// The rate that the sum of these basis points makes.
pub(super) fn as_rate(applied: &[Applied]) -> Exact {
    let sum = applied.iter().fold(Exact::ZERO, |sum, one| sum.plus(&one.bps));
    sum.over(&Exact::whole(BPS)).unwrap_or(Exact::ZERO)
}

/// The basis points between two rates, 0 where the second is not above the first.
pub(super) fn between(lower: Decimal, upper: Decimal) -> Exact {
    Exact::from(upper).minus(&Exact::from(lower)).at_least(Exact::ZERO).times(&Exact::whole(BPS))
}
