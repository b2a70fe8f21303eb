//! An amount of money: a currency and a whole number of its minor units.

use std::fmt;
use std::str::FromStr;

use crate::{Currency, Exact, MoneyError, Written, digits::Digits};

/// A whole number of a currency's minor units, at most 2^63 − 1 either way. Different currencies never mix.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    currency: Currency,
    minor: i64,
}

impl Money {
    /// So many minor units, from where they are known to be money's: a column, a constant. See [`Money::checked_new`].
    #[must_use]
    pub const fn new(currency: Currency, minor: i64) -> Self {
        Self { currency, minor }
    }

    /// So many minor units.
    ///
    /// # Errors
    /// `OutOfRange` beyond 2^63 − 1 either way.
    pub fn checked_new(currency: Currency, minor: i128) -> Result<Self, MoneyError> {
        match i64::try_from(minor) {
            Ok(minor) if minor != i64::MIN => Ok(Self { currency, minor }),
            _ => Err(MoneyError::OutOfRange),
        }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { currency, minor: 0 }
    }

    /// Its currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// How many minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether it is below nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// Whether it is above nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `OutOfRange`.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::checked_new(self.currency, i128::from(self.minor).saturating_add(i128::from(other.minor)))
    }

    /// The difference.
    ///
    /// # Errors
    /// `CurrencyMismatch`, `OutOfRange`.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::checked_new(self.currency, i128::from(self.minor).saturating_sub(i128::from(other.minor)))
    }

    /// So many times it.
    ///
    /// # Errors
    /// `OutOfRange`.
    pub fn checked_times(self, times: i64) -> Result<Self, MoneyError> {
        Self::checked_new(self.currency, i128::from(self.minor).saturating_mul(i128::from(times)))
    }

    /// The lesser of two.
    ///
    /// # Errors
    /// `CurrencyMismatch`.
    pub fn at_most(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(if other.minor < self.minor { other } else { self })
    }

    /// Nothing wrong, if both are of one currency.
    ///
    /// # Errors
    /// `CurrencyMismatch`.
    pub fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
    }

    /// Its value in major units, as an exact fraction.
    #[must_use]
    pub fn exact(self) -> Exact {
        Exact::scaled(i128::from(self.minor), self.currency.minor_digits())
    }

    /// In major units with exactly the currency's decimals: `12.30`.
    #[must_use]
    pub fn to_major_string(self) -> String {
        let mut text = Digits::new();
        self.prepend_to(&mut text);
        text.text().to_owned()
    }

    /// Reads an amount in major units. At most the currency's decimals; a sign only if it is a minus.
    ///
    /// # Errors
    /// `InvalidAmount`, `AmountPrecision`, `OutOfRange`.
    pub fn parse_major(currency: Currency, text: &str) -> Result<Self, MoneyError> {
        let (negative, magnitude) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = magnitude.split_once('.').map_or((magnitude, None), |(whole, part)| (whole, Some(part)));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !part.is_none_or(digits) {
            return Err(MoneyError::InvalidAmount);
        }
        let part = part.unwrap_or("");
        let places = usize::try_from(currency.minor_digits()).unwrap_or(usize::MAX);
        if part.len() > places {
            return Err(MoneyError::AmountPrecision(currency));
        }
        let mut minor: i128 = 0;
        for byte in whole.bytes().chain(part.bytes().chain(std::iter::repeat(b'0')).take(places)) {
            let digit = i128::from(byte.saturating_sub(b'0'));
            minor = minor.checked_mul(10).and_then(|m| m.checked_add(digit)).ok_or(MoneyError::OutOfRange)?;
        }
        Self::checked_new(currency, if negative { minor.saturating_neg() } else { minor })
    }

    /// Its digits, in front of what stands behind them.
    fn prepend_to(self, behind: &mut Digits) {
        behind.prepend_decimal(self.minor.unsigned_abs(), self.currency.minor_digits());
        if self.minor < 0 {
            behind.prepend("-");
        }
    }

    /// Its digits and its currency.
    fn digits(self) -> Digits {
        let mut text = Digits::new();
        text.prepend(self.currency.code());
        text.prepend(" ");
        self.prepend_to(&mut text);
        text
    }
}

impl Written for Money {
    fn written(&self) -> String {
        self.digits().text().to_owned()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits().write_to(formatter)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (amount, currency) = text.split_once(' ').ok_or(MoneyError::InvalidAmount)?;
        Self::parse_major(currency.parse()?, amount)
    }
}

serde_as_text!(Money);
