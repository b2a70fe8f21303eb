//! Level payments and internal rates: the two places that need powers (specification §11).
//!
//! The power of a level payment is worked exactly. The internal rate is irrational; it is found to 45 decimals.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "whole numbers without bound; every divisor is checked to be above 0"
)]

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::{Exact, Money};

/// Decimals to which the internal rate is worked.
const DECIMALS: u32 = 45;

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
/// less than the principal, or the principal is nothing.
#[must_use]
pub fn internal_rate(principal: Money, payments: &[Money]) -> Option<Exact> {
    let one = BigInt::from(10_u8).pow(DECIMALS);
    let principal = BigInt::from(principal.minor());
    let payments: Vec<BigInt> = payments.iter().map(|payment| BigInt::from(payment.minor())).collect();
    if !principal.is_positive() || payments.iter().sum::<BigInt>() < principal {
        return None;
    }
    // In v = 1 / (1 + x) the worth of non-negative payments rises and is convex, so Newton's steps from v = 1 come down to
    // the root and never pass it but by the last digit. They end where the next step would not go down any more.
    let mut discount = one.clone();
    loop {
        let (excess, slope) = worth(&principal, &payments, &discount, &one);
        if !slope.is_positive() || !excess.is_positive() {
            break;
        }
        let step = excess * &one / slope;
        if step.is_zero() {
            break;
        }
        discount -= step;
    }
    if !discount.is_positive() {
        return None;
    }
    Some(Exact::from_big(BigRational::new(&one - &discount, discount)))
}

/// `Σ payment_k v^k − principal` and its slope in v, both scaled by `one`.
fn worth(principal: &BigInt, payments: &[BigInt], discount: &BigInt, one: &BigInt) -> (BigInt, BigInt) {
    let mut value = BigInt::zero();
    let mut slope = BigInt::zero();
    for payment in payments.iter().rev() {
        slope = slope * discount / one + &value;
        value = value * discount / one + payment * one;
    }
    slope = slope * discount / one + &value;
    value = value * discount / one - principal * one;
    (value, slope)
}
