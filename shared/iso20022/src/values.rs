//! Fields as they are read: each refused with what would be right.

use crate::{Account, ControlSum, Fault, FieldError, Iban, xml::Leaf};
use handsel_money::{Currency, Date, Money, Timestamp, Zone};

/// As much of a value as a person needs to find it.
const SHOWN: usize = 60;

pub(crate) fn wrong(value: &str, wrong: FieldError) -> Fault {
    let mut shown: String = value.chars().take(SHOWN).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    Fault::Value { value: shown, wrong }
}

/// Takes an element that may stand once.
pub(crate) fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Fault> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Fault::Repeated),
    }
}

/// ISO 20022 `Max35Text`: what a bank calls things; it need not keep to our scheme's set.
pub(crate) fn reference(text: &str) -> Result<String, Fault> {
    let long = text.chars().count();
    let plain = !text.chars().any(char::is_control);
    if (1..=35).contains(&long) && plain { Ok(text.to_owned()) } else { Err(wrong(text, FieldError::Text(35))) }
}

/// An account as an IBAN.
pub(crate) fn iban(text: &str) -> Result<Iban, Fault> {
    text.parse().map_err(|error| wrong(text, error))
}

/// An account without one.
pub(crate) fn other_account(text: &str) -> Result<Account, Fault> {
    Account::other(text).map_err(|error| wrong(text, error))
}

/// An external code: 1 to 4 capital letters and digits.
pub(crate) fn code(text: &str) -> Result<String, Fault> {
    let plain = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if (1..=4).contains(&text.len()) && plain { Ok(text.to_owned()) } else { Err(wrong(text, FieldError::Code)) }
}

/// ISO 20022 `Max15NumericText`.
pub(crate) fn count(text: &str) -> Result<u64, Fault> {
    let digits = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = if digits { text.parse().ok() } else { None };
    value.ok_or_else(|| wrong(text, FieldError::Count))
}

pub(crate) fn sum(text: &str) -> Result<ControlSum, Fault> {
    ControlSum::parse(text).map_err(|error| wrong(text, error))
}

/// An amount with its currency, exact to the currency's decimals.
pub(crate) fn amount(leaf: &Leaf) -> Result<Money, Fault> {
    let code = leaf.currency.as_deref().unwrap_or_default();
    let currency: Currency = code.parse().map_err(|_| wrong(code, FieldError::Currency))?;
    let text = leaf.text.as_str();
    let value = ControlSum::parse(text).ok().filter(|value| *value >= ControlSum::ZERO);
    let value = value.ok_or_else(|| wrong(text, FieldError::Amount))?;
    let digits = currency.minor_digits();
    let minor = value.minor(digits).ok_or_else(|| wrong(text, FieldError::Precision { currency, digits }))?;
    Money::checked_new(currency, minor).map_err(|_| wrong(text, FieldError::Amount))
}

pub(crate) fn date(text: &str) -> Result<Date, Fault> {
    // A date may carry an offset in XML Schema, which says nothing about a booking.
    let day = text.get(..10).unwrap_or(text);
    let offset = text.get(10..).unwrap_or_default();
    let plain = offset.is_empty() || offset == "Z" || (offset.len() == 6 && offset.starts_with(['+', '-']));
    if plain { day.parse().map_err(|_| wrong(text, FieldError::Date)) } else { Err(wrong(text, FieldError::Date)) }
}

pub(crate) fn instant(text: &str, zone: &Zone) -> Result<Timestamp, Fault> {
    Timestamp::read_local(text, zone).map_err(|_| wrong(text, FieldError::Instant))
}

pub(crate) fn truth(text: &str) -> Result<bool, Fault> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(wrong(text, FieldError::OneOf("true, false, 1, 0"))),
    }
}
