//! The four modes of specification §2, and the only places where a value is rounded.

use std::cmp::Ordering;

use num_traits::ToPrimitive;
use rust_decimal::Decimal;

use crate::{Currency, Exact, Money, MoneyError};

/// How `round(…)` goes. A plan or product names one mode for everything it computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// To the nearest, ties away from zero.
    #[default]
    HalfUp,
    /// To the nearest, ties to the even neighbour.
    HalfEven,
    /// Toward zero.
    Down,
    /// Away from zero.
    Up,
}

words!(Rounding, MoneyError::UnknownRounding, {
    "HALF_UP" => Self::HalfUp,
    "HALF_EVEN" => Self::HalfEven,
    "DOWN" => Self::Down,
    "UP" => Self::Up,
});

impl Rounding {
    /// Whether a truncated quotient moves one step away from zero.
    ///
    /// `inexact`: something was cut off; `half`: how what was cut compares with one half; `even`: the quotient is.
    pub(crate) fn goes_away(self, inexact: bool, half: Ordering, even: bool) -> bool {
        match self {
            Self::Down => false,
            Self::Up => inexact,
            Self::HalfUp => half.is_ge(),
            Self::HalfEven => half.is_gt() || (half.is_eq() && !even),
        }
    }
}

/// `round(value)` to the currency's minor unit, `value` in major units.
///
/// # Errors
/// `OutOfRange` where the result is beyond what money holds.
pub fn round_to_minor(value: &Exact, currency: Currency, rounding: Rounding) -> Result<Money, MoneyError> {
    let minor = value.round(currency.minor_digits(), rounding).ok_or(MoneyError::OutOfRange)?;
    Money::checked_new(currency, minor)
}

/// `round(value)` to a whole number: exponent 0 of specification §3.
///
/// # Errors
/// `OutOfRange` beyond 2^63 − 1 either way.
pub fn round_to_whole(value: &Exact, rounding: Rounding) -> Result<i64, MoneyError> {
    let whole = value.round(0, rounding).and_then(|whole| whole.to_i64());
    whole.filter(|whole| *whole != i64::MIN).ok_or(MoneyError::OutOfRange)
}

/// `value` rounded to so many decimals, at most 28, for a rate that is shown.
///
/// # Errors
/// `OutOfRange` where a decimal does not hold it.
pub fn round_to_decimal(value: &Exact, digits: u32, rounding: Rounding) -> Result<Decimal, MoneyError> {
    let scaled = value.round(digits, rounding).ok_or(MoneyError::OutOfRange)?;
    Decimal::try_from_i128_with_scale(scaled, digits).map_err(|_| MoneyError::OutOfRange)
}
