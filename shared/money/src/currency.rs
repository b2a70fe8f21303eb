//! ISO 4217 currencies, with their minor units as the standard lists them.

use std::fmt;
use std::str::FromStr;

use crate::MoneyError;

/// A currency with a minor unit: CNY has 2 digits, JPY 0, KWD 3. Metals, funds without one and test codes are none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: iso_currency::Currency,
    minor_digits: u16,
}

impl Currency {
    /// The alphabetic code, `CNY`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code.code()
    }

    /// How many digits its minor unit has.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        u32::from(self.minor_digits)
    }

    /// How many minor units make a major one: 100 for CNY.
    #[must_use]
    pub fn minor_per_major(self) -> i64 {
        // ISO 4217 knows at most 4 digits; a power that did not fit would be a defect of its table.
        10_i64.saturating_pow(self.minor_digits())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        let code = iso_currency::Currency::from_code(code).ok_or(MoneyError::UnknownCurrency)?;
        let minor_digits = code.exponent().ok_or(MoneyError::UnknownCurrency)?;
        Ok(Self { code, minor_digits })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

serde_as_text!(Currency);
