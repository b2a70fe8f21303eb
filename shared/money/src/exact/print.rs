//! How an exact fraction is written down: so that it can be read back without loss.

use std::fmt;

use num_integer::Integer;
use num_traits::{One, Zero};

use super::{Exact, Repr};
use crate::{Rounding, big, digits::Digits};

/// The most places a trace shows before a fraction is written as one.
const PLACES: u32 = 60;

/// A decimal without trailing zeros, or `numerator/denominator` in lowest terms: what [`short`] leaves over.
pub(super) fn fraction(value: &Exact, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Repr::Small { numerator, denominator } = value.0
        && let Some(places) = power_of_ten(denominator)
    {
        return point(&numerator.to_string(), places, formatter);
    }
    let value = value.to_big();
    match terminating(value.denom()) {
        Some(places) => point(&big::round(&value, places, Rounding::Down).to_string(), places, formatter),
        None => write!(formatter, "{}/{}", value.numer(), value.denom()),
    }
}

/// A decimal of so few digits that its zeros go faster as a number: nearly every step of nearly every reward. None where it has more.
pub(super) fn short(value: &Exact) -> Option<Digits> {
    let Repr::Small { numerator, denominator } = value.0 else { return None };
    let numerator = i64::try_from(numerator).ok()?;
    let denominator = u64::try_from(denominator).ok()?;
    let mut places = denominator.checked_ilog10()?;
    if 10_u64.checked_pow(places)? != denominator {
        return None;
    }
    let mut digits = numerator.unsigned_abs();
    while places > 0 && digits.is_multiple_of(10) {
        digits = digits.checked_div(10).unwrap_or(0);
        places = places.saturating_sub(1);
    }
    let mut text = Digits::new();
    text.prepend_decimal(digits, places);
    if numerator < 0 {
        text.prepend("-");
    }
    Some(text)
}

/// Which power of ten it is, if one.
fn power_of_ten(denominator: i128) -> Option<u32> {
    let places = denominator.checked_ilog10()?;
    (10_i128.checked_pow(places)? == denominator).then_some(places)
}

/// How many decimals the inverse of a whole number has, if it has an end within bounds.
fn terminating(denominator: &num_bigint::BigInt) -> Option<u32> {
    let mut rest = denominator.clone();
    let mut count = |prime: u8| -> Option<u32> {
        let prime = num_bigint::BigInt::from(prime);
        let mut times: u32 = 0;
        loop {
            let (quotient, remainder) = rest.div_rem(&prime);
            if !remainder.is_zero() {
                return Some(times);
            }
            rest = quotient;
            times = times.checked_add(1).filter(|times| *times <= PLACES)?;
        }
    };
    let places = count(2)?.max(count(5)?);
    rest.is_one().then_some(places)
}

/// Digits with the point set so many places from the right, and no zeros after it that say nothing.
fn point(digits: &str, places: u32, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let places = usize::try_from(places).unwrap_or(usize::MAX);
    let padded = format!("{digits:0>width$}", width = places.saturating_add(1));
    let (whole, part) = padded.split_at(padded.len().saturating_sub(places));
    match part.trim_end_matches('0') {
        "" => write!(formatter, "{sign}{whole}"),
        part => write!(formatter, "{sign}{whole}.{part}"),
    }
}
