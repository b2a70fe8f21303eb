//! An exact fraction: what `round(…)` is given (specification §2).
//!
//! A reward is computed from decimals of few digits, and stays within 128 bits from its rule to its last cent. What does
//! not fit moves to whole numbers without bound; the value is the same on both paths, and so is every answer.

use std::cmp::Ordering;
use std::fmt;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};
use rust_decimal::Decimal;

use crate::{Rounding, Written, big};

/// An exact fraction, compared by value. Its operations cannot fail, but for a division by zero.
#[derive(Clone)]
pub struct Exact(Repr);

/// How it is held. The denominator is above 0; it need not be in lowest terms.
#[derive(Clone)]
enum Repr {
    Small { numerator: i128, denominator: i128 },
    Big(Box<BigRational>),
}

impl Exact {
    /// Zero.
    pub const ZERO: Self = Self(Repr::Small { numerator: 0, denominator: 1 });
    /// One.
    pub const ONE: Self = Self(Repr::Small { numerator: 1, denominator: 1 });

    /// A whole number.
    #[must_use]
    pub const fn whole(value: i64) -> Self {
        // Lossless: `From` is not callable in a constant.
        Self(Repr::Small { numerator: value as i128, denominator: 1 })
    }

    /// `numerator / denominator`, none where the denominator is 0.
    #[must_use]
    pub fn fraction(numerator: i64, denominator: i64) -> Option<Self> {
        Self::whole(numerator).over(&Self::whole(denominator))
    }

    /// `mantissa / 10^digits`.
    #[must_use]
    pub fn scaled(mantissa: i128, digits: u32) -> Self {
        match 10_i128.checked_pow(digits) {
            Some(denominator) => Self(Repr::Small { numerator: mantissa, denominator }),
            None => Self::from_big(BigRational::new(mantissa.into(), BigInt::from(10_u8).pow(digits))),
        }
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.small_sum(other, i128::checked_add)
            .unwrap_or_else(|| Self::from_big(big::add(&self.to_big(), &other.to_big())))
    }

    /// The difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.small_sum(other, i128::checked_sub)
            .unwrap_or_else(|| Self::from_big(big::subtract(&self.to_big(), &other.to_big())))
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        self.small_product(other).unwrap_or_else(|| Self::from_big(big::multiply(&self.to_big(), &other.to_big())))
    }

    /// The quotient, none where `other` is 0.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        if let Some(inverse) = other.small_inverse()
            && let Some(product) = self.small_product(&inverse)
        {
            return Some(product);
        }
        big::divide(&self.to_big(), &other.to_big()).map(Self::from_big)
    }

    /// Itself, so many times multiplied.
    #[must_use]
    pub fn power(&self, exponent: u32) -> Self {
        Self::from_big(big::power(&self.to_big(), exponent))
    }

    /// The lesser of two.
    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// The greater of two.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.sign().is_eq()
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.sign().is_lt()
    }

    /// Whether it is above zero.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.sign().is_gt()
    }

    /// Itself times 10^digits, rounded to a whole number; none beyond 128 bits.
    #[must_use]
    pub fn round(&self, digits: u32, rounding: Rounding) -> Option<i128> {
        self.small_round(digits, rounding).or_else(|| big::round(&self.to_big(), digits, rounding).to_i128())
    }

    /// The fraction in lowest terms.
    #[must_use]
    pub fn to_big(&self) -> BigRational {
        match &self.0 {
            Repr::Small { numerator, denominator } => BigRational::new((*numerator).into(), (*denominator).into()),
            Repr::Big(value) => value.as_ref().clone(),
        }
    }

    pub(crate) fn from_big(value: BigRational) -> Self {
        match (value.numer().to_i128(), value.denom().to_i128()) {
            (Some(numerator), Some(denominator)) => Self(Repr::Small { numerator, denominator }),
            _ => Self(Repr::Big(Box::new(value))),
        }
    }

    fn sign(&self) -> Ordering {
        match &self.0 {
            Repr::Small { numerator, .. } => numerator.cmp(&0),
            Repr::Big(value) if value.is_negative() => Ordering::Less,
            Repr::Big(value) if value.is_positive() => Ordering::Greater,
            Repr::Big(_) => Ordering::Equal,
        }
    }

    fn small(&self) -> Option<(i128, i128)> {
        match &self.0 {
            Repr::Small { numerator, denominator } => Some((*numerator, *denominator)),
            Repr::Big(_) => None,
        }
    }

    fn small_sum(&self, other: &Self, join: fn(i128, i128) -> Option<i128>) -> Option<Self> {
        let (left, right, denominator) = self.common(other)?;
        Some(Self(Repr::Small { numerator: join(left, right)?, denominator }))
    }

    /// Both numerators over one denominator. Decimals nearly always share one, or one divides the other.
    fn common(&self, other: &Self) -> Option<(i128, i128, i128)> {
        let ((left, left_below), (right, right_below)) = (self.small()?, other.small()?);
        if left_below == right_below {
            return Some((left, right, left_below));
        }
        if left_below.checked_rem(right_below)? == 0 {
            return Some((left, right.checked_mul(left_below.checked_div(right_below)?)?, left_below));
        }
        if right_below.checked_rem(left_below)? == 0 {
            return Some((left.checked_mul(right_below.checked_div(left_below)?)?, right, right_below));
        }
        let below = left_below.checked_mul(right_below)?;
        Some((left.checked_mul(right_below)?, right.checked_mul(left_below)?, below))
    }

    fn small_product(&self, other: &Self) -> Option<Self> {
        let ((left, left_below), (right, right_below)) = (self.small()?, other.small()?);
        let (numerator, denominator) = (left.checked_mul(right)?, left_below.checked_mul(right_below)?);
        Some(Self(Repr::Small { numerator, denominator }))
    }

    fn small_inverse(&self) -> Option<Self> {
        let (numerator, denominator) = self.small()?;
        let inverse = if numerator < 0 {
            Repr::Small { numerator: denominator.checked_neg()?, denominator: numerator.checked_neg()? }
        } else {
            Repr::Small { numerator: denominator, denominator: numerator }
        };
        Some(Self(inverse))
    }

    fn small_round(&self, digits: u32, rounding: Rounding) -> Option<i128> {
        let (numerator, denominator) = self.small()?;
        let scaled = numerator.checked_mul(10_i128.checked_pow(digits)?)?;
        let whole = scaled.checked_div(denominator)?;
        let rest = scaled.checked_rem(denominator)?.unsigned_abs();
        // The rest is below the denominator, so this neither wraps nor doubles beyond 128 bits.
        let other_half = denominator.unsigned_abs().checked_sub(rest)?;
        if !rounding.goes_away(rest != 0, rest.cmp(&other_half), whole.checked_rem(2)? == 0) {
            return Some(whole);
        }
        whole.checked_add(scaled.signum())
    }
}

impl From<Decimal> for Exact {
    fn from(value: Decimal) -> Self {
        Self::scaled(value.mantissa(), value.scale())
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match self.common(other) {
            Some((left, right, _)) => left.cmp(&right),
            None => self.to_big().cmp(&other.to_big()),
        }
    }
}

impl Written for Exact {
    fn written(&self) -> String {
        print::short(self).map_or_else(|| self.to_string(), |text| text.text().to_owned())
    }
}

/// As a decimal without trailing zeros where it is one of at most 60 places, else as `numerator/denominator`.
impl fmt::Display for Exact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small { numerator, denominator: 1 } => write!(formatter, "{numerator}"),
            Repr::Small { .. } | Repr::Big(_) => match print::short(self) {
                Some(text) => text.write_to(formatter),
                None => print::fraction(self, formatter),
            },
        }
    }
}

impl fmt::Debug for Exact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

mod print;
