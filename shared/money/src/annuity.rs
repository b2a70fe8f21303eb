//! Level payments and internal rates: the two places that need powers (specification §11).
//!
//! The power of a level payment is worked exactly. The internal rate is irrational; it is found to 37 decimals.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "whole numbers without bound; every divisor is checked to be above 0"
)]

use num_rational::BigRational;

use crate::fixed::{Fixed, Fraction};
use crate::{Exact, Money, Rounding};

/// More steps than any root takes: each doubles the digits, after some that halve the distance.
const STEPS: usize = 500;
/// Decimals of a guess.
const GUESSED: u32 = 18;

/// `principal · i / (1 − (1 + i)^−periods)`: what repays a principal in level payments; none without a rate above 0 or
/// without a period.
#[must_use]
pub fn level_payment(principal: &Exact, rate: &Exact, periods: u32) -> Option<Exact> {
    if !rate.is_positive() || periods == 0 {
        return None;
    }
    let (principal, rate) = (principal.to_big(), rate.to_big());
    let grown = (rate.numer() + rate.denom()).pow(periods);
    let still = rate.denom().pow(periods);
    let numerator = principal.numer() * rate.numer() * &grown;
    let denominator = principal.denom() * rate.denom() * (grown - still);
    // Not reduced: the common divisor of numbers this long costs more than all the rest, and only a quotient is wanted.
    Some(Exact::from_big(BigRational::new_raw(numerator, denominator)))
}

/// The rate `x` a period with `Σ payment_k / (1 + x)^k = principal`, for payments one period apart; none where they add up to
/// less than the principal, the principal is nothing, or a payment is below zero. `near` is where it is looked for first: a good
/// guess is found sooner, and every guess finds the same to 30 decimals.
#[must_use]
pub fn internal_rate(principal: Money, payments: &[Money], near: &Exact) -> Option<Exact> {
    let principal = u128::try_from(principal.minor()).ok().filter(|minor| *minor > 0)?;
    let payments: Vec<u128> = payments.iter().map(|one| u128::try_from(one.minor()).ok()).collect::<Option<_>>()?;
    if payments.iter().sum::<u128>() < principal {
        return None;
    }
    // In v = 1 / (1 + x) the worth of payments rises and is convex, so that a step of Newton's from anywhere lands at the root
    // or above it, and each after that comes down to it and never passes it but by the last digit: the steps end where the next
    // would not go down any more. Worked in d = 1 − v, which starts at d = i / (1 + i).
    let mut discount = discount(near).unwrap_or(Fraction::ZERO);
    for first in std::iter::once(true).chain(std::iter::repeat(false)).take(STEPS) {
        let (worth, slope) = worth(&payments, discount)?;
        let (excess, down) = match worth.minus(Fixed::whole(principal)) {
            Some(excess) => (excess, true),
            None => (Fixed::whole(principal).minus(worth)?, false),
        };
        // A step of a whole one or more would leave the range: back to v = 1, above every root.
        let step = match excess.over(slope) {
            Some(step) => step,
            None if first => {
                discount = Fraction::ZERO;
                continue;
            }
            None => return None,
        };
        if step.is_zero() || !(down || first) {
            break;
        }
        discount = if down { discount.plus(step)? } else { discount.less_at_most(step) };
    }
    let (numerator, one) = discount.parts();
    let kept = &one - &numerator;
    Some(Exact::from_big(BigRational::new(numerator, kept)))
}

/// `i / (1 + i)`, about, where that is a fraction of one.
fn discount(rate: &Exact) -> Option<Fraction> {
    let one = 10_u128.pow(GUESSED);
    let rate = u128::try_from(rate.round(GUESSED, Rounding::Down)?).ok()?;
    Fixed::whole(rate).over(Fixed::whole(one.checked_add(rate)?))
}

/// `Σ payment_k v^k` and its slope in v, `Σ k payment_k v^(k−1)`; none beyond what the numbers hold.
fn worth(payments: &[u128], discount: Fraction) -> Option<(Fixed, Fixed)> {
    let mut value = Fixed::ZERO;
    let mut slope = Fixed::ZERO;
    for payment in payments.iter().rev() {
        slope = slope.less(discount)?.plus(value)?;
        value = value.less(discount)?.plus(Fixed::whole(*payment))?;
    }
    slope = slope.less(discount)?.plus(value)?;
    Some((value.less(discount)?, slope))
}
