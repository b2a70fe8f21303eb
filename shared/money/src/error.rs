//! What can be wrong with a value, and which class of refusal that is.

use crate::Currency;

/// How a caller is told: the three classes of refusal that specification §1 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// What was asked can never be right.
    InvalidArgument,
    /// The result does not fit, or a rate leaves its range.
    OutOfRange,
    /// What was asked is well formed, and cannot be done with these terms.
    FailedPrecondition,
}

impl Class {
    /// Its canonical name, as gRPC spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
        }
    }
}

/// Why a value or an operation on it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum MoneyError {
    /// Two different currencies met in one operation.
    #[error("{left} and {right} never meet in one operation")]
    CurrencyMismatch {
        /// The first of the two.
        left: Currency,
        /// The other.
        right: Currency,
    },
    /// The result is beyond what money holds, 2^63 − 1 minor units either way, or beyond the calendar.
    #[error("the result is out of range")]
    OutOfRange,
    /// Not an ISO 4217 code of a currency with minor units.
    #[error("not an ISO 4217 currency")]
    UnknownCurrency,
    /// Not an amount in major units.
    #[error("not an amount in major units, such as 12.30")]
    InvalidAmount,
    /// Finer than the currency's minor unit: refused, never rounded.
    #[error("finer than the minor unit of {0}")]
    AmountPrecision(Currency),
    /// Not a decimal, or of more digits than one holds: 28 decimals, 96 bits.
    #[error("not a decimal of at most 28 decimals and 96 bits")]
    InvalidDecimal,
    /// A rate below zero.
    #[error("a rate is not below zero")]
    NegativeRate,
    /// Not a rounding mode.
    #[error("not a rounding mode")]
    UnknownRounding,
    /// Not a day count convention.
    #[error("not a day count convention")]
    UnknownDayCount,
    /// Not an instant in the form of RFC 3339, to the microsecond.
    #[error("not an instant such as 2025-03-01T02:00:00.000000Z")]
    InvalidTimestamp,
    /// Not a name in the IANA time zone database.
    #[error("not an IANA time zone")]
    UnknownZone,
    /// Not a date of the calendar.
    #[error("not a date such as 2025-03-01")]
    InvalidDate,
    /// A period that ends before it starts.
    #[error("the period ends before it starts")]
    EndBeforeStart,
}

impl MoneyError {
    /// Which class of refusal it is.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::OutOfRange => Class::OutOfRange,
            Self::CurrencyMismatch { .. }
            | Self::UnknownCurrency
            | Self::InvalidAmount
            | Self::AmountPrecision(_)
            | Self::InvalidDecimal
            | Self::NegativeRate
            | Self::UnknownRounding
            | Self::UnknownDayCount
            | Self::InvalidTimestamp
            | Self::UnknownZone
            | Self::InvalidDate
            | Self::EndBeforeStart => Class::InvalidArgument,
        }
    }
}
