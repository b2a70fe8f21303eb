//! The slow path of [`crate::Exact`]: fractions of whole numbers without bound, for what 128 bits do not hold.
//!
//! The one file of this crate with arithmetic operators: on these types they neither overflow nor wrap.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "whole numbers without bound; every divisor is checked to be above 0"
)]

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::Rounding;

/// `left + right`.
pub(crate) fn add(left: &BigRational, right: &BigRational) -> BigRational {
    left + right
}

/// `left − right`.
pub(crate) fn subtract(left: &BigRational, right: &BigRational) -> BigRational {
    left - right
}

/// `left × right`.
pub(crate) fn multiply(left: &BigRational, right: &BigRational) -> BigRational {
    left * right
}

/// `left / right`, none where `right` is 0.
pub(crate) fn divide(left: &BigRational, right: &BigRational) -> Option<BigRational> {
    (!right.is_zero()).then(|| left / right)
}

/// `base ^ exponent`.
pub(crate) fn power(base: &BigRational, exponent: u32) -> BigRational {
    BigRational::new_raw(base.numer().pow(exponent), base.denom().pow(exponent))
}

/// `value × 10^digits`, rounded to a whole number.
pub(crate) fn round(value: &BigRational, digits: u32, rounding: Rounding) -> BigInt {
    let scaled = value.numer() * BigInt::from(10_u8).pow(digits);
    let whole = &scaled / value.denom();
    let rest = &scaled % value.denom();
    let away = rounding.goes_away(!rest.is_zero(), (rest.abs() * 2_u8).cmp(value.denom()), (&whole % 2_u8).is_zero());
    if !away {
        return whole;
    }
    if scaled.is_negative() { whole - 1_u8 } else { whole + 1_u8 }
}
