//! Values between the wire and the services: amounts, rates, instants and names, each refused rather than bent where it does
//! not fit (specification of the calculation, section 1).
//!
//! A field is named by anything that can be written, `format_args!` above all: its path is only made where it is at fault.

use crate::status::{AMOUNT_PRECISION, OUT_OF_RANGE, Violation};
use handsel_money::{Class, Currency, Date, Decimal, Money, MoneyError, Rate, Timestamp, parse_decimal};
use handsel_proto::google::r#type as proto;
use std::fmt::Display;
use uuid::Uuid;

/// Nanos of a whole major unit, and of a second.
const NANOS: i32 = 1_000_000_000;
const MICROS_PER_SECOND: i64 = 1_000_000;
const NANOS_PER_MICRO: i32 = 1000;

/// The violation that a value's own error is, at a field.
#[must_use]
pub fn violation(error: MoneyError, field: &str) -> Violation {
    let violation = Violation::new(field, error.to_string());
    match (error, error.class()) {
        (MoneyError::AmountPrecision(_), _) => violation.because(AMOUNT_PRECISION),
        (_, Class::OutOfRange) => violation.because(OUT_OF_RANGE),
        (_, Class::InvalidArgument | Class::FailedPrecondition) => violation,
    }
}

/// An amount. It may be negative: whether it may be *here* is for the domain to say.
///
/// # Errors
/// Absent; no such currency; `units` and `nanos` of different signs; `nanos` finer than the minor unit ([`AMOUNT_PRECISION`]);
/// more than 63 bits of minor units ([`OUT_OF_RANGE`]).
pub fn money_from(money: Option<&proto::Money>, field: impl Display + Copy) -> Result<Money, Violation> {
    let proto::Money { currency_code, units, nanos } = money.ok_or_else(|| required(field))?;
    let currency: Currency =
        currency_code.parse().map_err(|error| violation(error, &format!("{field}.currency_code")))?;
    if nanos.unsigned_abs() >= NANOS.unsigned_abs() {
        return Err(Violation::new(format!("{field}.nanos"), "a whole unit or more: it belongs in `units`"));
    }
    if units.signum() * i64::from(nanos.signum()) < 0 {
        return Err(Violation::new(format!("{field}.nanos"), "`units` and `nanos` have different signs"));
    }
    let per_major = i128::from(currency.minor_per_major());
    let part = i128::from(*nanos) * per_major;
    if part % i128::from(NANOS) != 0 {
        return Err(violation(MoneyError::AmountPrecision(currency), &field.to_string()));
    }
    Money::checked_new(currency, i128::from(*units) * per_major + part / i128::from(NANOS))
        .map_err(|error| violation(error, &field.to_string()))
}

/// An amount for the wire.
#[must_use]
pub fn to_money(money: Money) -> proto::Money {
    let per_major = money.currency().minor_per_major();
    let nanos = (money.minor() % per_major) * (i64::from(NANOS) / per_major);
    proto::Money {
        currency_code: money.currency().code().to_owned(),
        units: money.minor() / per_major,
        // Below 10⁹ either way: a remainder of `per_major` times 10⁹ / `per_major`.
        nanos: i32::try_from(nanos).unwrap_or_default(),
    }
}

/// An instant, to the microsecond: what is finer is cut off, towards the past. (Times order and date; they are not added up.)
///
/// # Errors
/// Absent; `nanos` not of a second; outside the calendar.
pub fn timestamp_from(timestamp: Option<&prost_types::Timestamp>, field: &str) -> Result<Timestamp, Violation> {
    let prost_types::Timestamp { seconds, nanos } = timestamp.ok_or_else(|| required(field))?;
    if !(0..NANOS).contains(nanos) {
        return Err(Violation::new(format!("{field}.nanos"), "not from 0 to 999,999,999"));
    }
    seconds
        .checked_mul(MICROS_PER_SECOND)
        .and_then(|micros| micros.checked_add(i64::from(nanos / NANOS_PER_MICRO)))
        .and_then(Timestamp::checked_from_micros)
        .ok_or_else(|| Violation::new(field, "outside the years 1 to 9999").because(OUT_OF_RANGE))
}

/// An instant for the wire.
#[must_use]
pub fn to_timestamp(timestamp: Timestamp) -> prost_types::Timestamp {
    let micros = timestamp.as_micros();
    let nanos = micros.rem_euclid(MICROS_PER_SECOND) * i64::from(NANOS_PER_MICRO);
    prost_types::Timestamp {
        seconds: micros.div_euclid(MICROS_PER_SECOND),
        // Below 10⁹: a remainder below 10⁶ times 10³.
        nanos: i32::try_from(nanos).unwrap_or_default(),
    }
}

/// A day of the calendar.
///
/// # Errors
/// Absent; not a whole date, or none that the calendar has.
pub fn date_from(date: Option<&proto::Date>, field: &str) -> Result<Date, Violation> {
    let proto::Date { year, month, day } = date.ok_or_else(|| required(field))?;
    let parts = (i16::try_from(*year), i8::try_from(*month), i8::try_from(*day));
    let (Ok(year), Ok(month), Ok(day)) = parts else { return Err(violation(MoneyError::InvalidDate, field)) };
    Date::new(year, month, day).map_err(|error| violation(error, field))
}

/// A day for the wire.
#[must_use]
pub fn to_date(date: Date) -> proto::Date {
    // The calendar's years end with 9999.
    let part = |value: i64| i32::try_from(value).unwrap_or_default();
    proto::Date { year: part(date.year()), month: part(date.month()), day: part(date.day()) }
}

/// A rate: a decimal fraction not below zero.
///
/// # Errors
/// Absent; not a decimal of at most 28 decimals and 96 bits; below zero.
pub fn rate_from(decimal: Option<&proto::Decimal>, field: impl Display + Copy) -> Result<Rate, Violation> {
    Rate::from_decimal(decimal_from(decimal, field)?).map_err(|error| violation(error, &field.to_string()))
}

/// A decimal of either sign: basis points, multipliers, weights.
///
/// # Errors
/// Absent; not a decimal of at most 28 decimals and 96 bits, which is refused and never rounded.
pub fn decimal_from(decimal: Option<&proto::Decimal>, field: impl Display + Copy) -> Result<Decimal, Violation> {
    let proto::Decimal { value } = decimal.ok_or_else(|| required(field))?;
    parse_decimal(value).map_err(|error| violation(error, &format!("{field}.value")))
}

/// A rate for the wire, without trailing zeros.
#[must_use]
pub fn to_decimal(rate: Rate) -> proto::Decimal {
    proto::Decimal { value: rate.to_string() }
}

/// The id in a resource name: `referrals/018f…` with the collection `referrals/`.
///
/// # Errors
/// Another collection, or an id that is not a UUID in lower case with hyphens: a resource has one name only.
pub fn id_from_name(collection: &str, name: &str, field: &str) -> Result<Uuid, Violation> {
    name.strip_prefix(collection).and_then(canonical).ok_or_else(|| {
        Violation::new(field, format!("not a name such as {collection}018f7f2a-6f7e-7c3a-9d1e-0a1b2c3d4e5f"))
    })
}

/// The id that makes a request safe to send again (AIP-155).
///
/// # Errors
/// Not a UUID in lower case with hyphens, or the nil one.
pub fn request_id_from(text: &str) -> Result<Uuid, Violation> {
    canonical(text)
        .filter(|id| !id.is_nil())
        .ok_or_else(|| Violation::new("request_id", "not a UUID in lower case with hyphens"))
}

fn canonical(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text).ok().filter(|id| id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text)
}

fn required(field: impl Display) -> Violation {
    Violation::new(field.to_string(), "is required")
}

#[cfg(test)]
mod tests;
