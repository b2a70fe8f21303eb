//! Control sums: the sum of the amounts of a file as plain decimals, whatever their currencies (ISO 20022 `DecimalNumber`).

use crate::FieldError;
use handsel_money::Money;
use std::fmt;

/// ISO 20022 amounts have at most five decimals.
const SCALE: u32 = 5;
const ONE: i128 = 100_000;
/// ISO 20022 `totalDigits`.
const DIGITS: usize = 18;

/// An exact decimal sum. It counts hundred-thousandths; 2^127 of them are beyond any file that is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControlSum(i128);

impl ControlSum {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// One amount as a decimal.
    #[must_use]
    pub fn of(amount: Money) -> Self {
        Self::ZERO.plus(amount)
    }

    /// With an amount added.
    #[must_use]
    pub fn plus(self, amount: Money) -> Self {
        // ISO 4217 knows at most four decimals, so the exponent is at least one.
        let exponent = SCALE.saturating_sub(amount.currency().minor_digits());
        let scaled = i128::from(amount.minor()).saturating_mul(10_i128.saturating_pow(exponent));
        Self(self.0.saturating_add(scaled))
    }

    /// With another sum added.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// With another sum taken away.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Whether it has no more digits than the messages allow.
    #[must_use]
    pub fn fits(self) -> bool {
        self.to_string().bytes().filter(u8::is_ascii_digit).count() <= DIGITS
    }

    /// In whole minor units of so many decimals, where it comes to whole ones.
    pub(crate) fn minor(self, digits: u32) -> Option<i128> {
        let unit = 10_i128.saturating_pow(SCALE.checked_sub(digits)?);
        (self.0.checked_rem(unit)? == 0).then(|| self.0.checked_div(unit)).flatten()
    }

    /// Reads an XML Schema decimal. Zeros beyond the fifth decimal change nothing; other digits there make no amount.
    ///
    /// # Errors
    /// [`FieldError::Sum`].
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let (negative, magnitude) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..)),
            Some(b'+') => (false, text.get(1..)),
            _ => (false, Some(text)),
        };
        let magnitude = magnitude.ok_or(FieldError::Sum)?;
        let (whole, part) = magnitude.split_once('.').unwrap_or((magnitude, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let whole = if digits(whole) { whole.trim_start_matches('0') } else { return Err(FieldError::Sum) };
        let given = magnitude.bytes().any(|byte| byte.is_ascii_digit());
        let places = usize::try_from(SCALE).unwrap_or_default();
        let part = if digits(part) { part.trim_end_matches('0') } else { return Err(FieldError::Sum) };
        if !given || part.len() > places || whole.len().saturating_add(part.len()) > DIGITS {
            return Err(FieldError::Sum);
        }
        let mut value: i128 = 0;
        for byte in whole.bytes().chain(part.bytes().chain(std::iter::repeat(b'0')).take(places)) {
            value = value.saturating_mul(10).saturating_add(i128::from(byte.saturating_sub(b'0')));
        }
        Ok(Self(if negative { value.saturating_neg() } else { value }))
    }
}

/// As short as it is exact: `1234.5`, `7`.
impl fmt::Display for ControlSum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let one = ONE.unsigned_abs();
        let (whole, part) = (magnitude.checked_div(one).unwrap_or(0), magnitude.checked_rem(one).unwrap_or(0));
        let part = format!("{part:05}");
        match part.trim_end_matches('0') {
            "" => write!(formatter, "{sign}{whole}"),
            part => write!(formatter, "{sign}{whole}.{part}"),
        }
    }
}
