//! Decimals as they cross the wire: bounded, and never rounded in silence.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::{Exact, MoneyError, Written, digits::Digits};

/// Reads a decimal: digits, one point at most with digits on both sides, a sign only if it is a minus; no exponent.
///
/// # Errors
/// `InvalidDecimal`, also for more than 28 decimals or 96 bits (specification §1).
pub fn parse_decimal(text: &str) -> Result<Decimal, MoneyError> {
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = magnitude.split_once('.').map_or((magnitude, None), |(whole, part)| (whole, Some(part)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !part.is_none_or(digits) {
        return Err(MoneyError::InvalidDecimal);
    }
    Decimal::from_str_exact(text).map_err(|_| MoneyError::InvalidDecimal)
}

/// A decimal fraction not below zero: `0.0325` is 3.25 percent. Compared by value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(Decimal);

impl Rate {
    /// Nothing of anything.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// All of it: the multiplier where none is named.
    pub const ONE: Self = Self(Decimal::ONE);

    /// Reads a rate; see [`parse_decimal`].
    ///
    /// # Errors
    /// `InvalidDecimal`, `NegativeRate`.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        Self::from_decimal(parse_decimal(text)?)
    }

    /// The rate of this value.
    ///
    /// # Errors
    /// `NegativeRate` below zero.
    pub fn from_decimal(value: Decimal) -> Result<Self, MoneyError> {
        if value < Decimal::ZERO {
            return Err(MoneyError::NegativeRate);
        }
        Ok(Self(value.normalize()))
    }

    /// Its value.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }

    /// Its value, as an exact fraction.
    #[must_use]
    pub fn exact(self) -> Exact {
        Exact::from(self.0)
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Rate {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::parse(text)
    }
}

impl Written for Rate {
    fn written(&self) -> String {
        match u64::try_from(self.0.mantissa()) {
            Ok(digits) => {
                let mut text = Digits::new();
                text.prepend_decimal(digits, self.0.scale());
                text.text().to_owned()
            }
            Err(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

serde_as_text!(Rate);
