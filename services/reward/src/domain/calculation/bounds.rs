//! How large what a caller may make large can be, so that no calculation runs long.

use super::error::CalculationError;

/// Brackets of a rule.
pub const BRACKETS: usize = 50;
/// Tiers with a multiplier.
pub const MULTIPLIERS: usize = 32;
/// Uplifts of a deposit, discounts of a loan.
pub const CONCESSIONS: usize = 32;
/// Periods of compound interest: a hundred years of months.
pub const PERIODS: usize = 1_200;
/// Monthly instalments: fifty years.
pub const INSTALMENTS: usize = 600;
/// Weights that a total is split over.
pub const WEIGHTS: usize = 1_000;
/// Milestones of a plan.
pub const MILESTONES: usize = 32;
/// Events taken in one row: rewards, referrals, payouts.
pub const EVENTS: usize = 1_000;

/// Nothing wrong, if there are at most so many.
pub(super) const fn check(what: &'static str, count: usize, most: usize) -> Result<(), CalculationError> {
    if count > most { Err(CalculationError::TooMany { what, most }) } else { Ok(()) }
}
