//! ISO 4217 currencies, with their minor units as the standard lists them.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

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

/// Every code of three letters, at its place in their alphabet: every amount that comes names one, and the standard's list is searched by
/// comparing texts.
static BY_CODE: LazyLock<Vec<Option<Currency>>> = LazyLock::new(|| {
    let letters = || b'A'..=b'Z';
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    codes.map(|code| std::str::from_utf8(&code).ok().and_then(Currency::listed)).collect()
});

impl Currency {
    fn listed(code: &str) -> Option<Self> {
        let code = iso_currency::Currency::from_code(code)?;
        Some(Self { code, minor_digits: code.exponent()? })
    }
}

/// The place of a code of three letters.
fn place(code: &str) -> Option<usize> {
    let [a, b, c] = *code.as_bytes() else { return None };
    [a, b, c].into_iter().try_fold(0_usize, |place, letter| {
        let letter = letter.checked_sub(b'A').filter(|letter| *letter < 26)?;
        place.checked_mul(26)?.checked_add(usize::from(letter))
    })
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        place(code).and_then(|place| BY_CODE.get(place).copied().flatten()).ok_or(MoneyError::UnknownCurrency)
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
