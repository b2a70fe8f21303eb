//! Every SQL statement of the service, one file an entity, and the rows they read. No decision is made here.

pub(crate) mod code;
pub(crate) mod customer;
pub(crate) mod erasure;
pub(crate) mod evidence;
pub(crate) mod program;
pub(crate) mod referral;
pub(crate) mod standing;
pub(crate) mod subject;
pub(crate) mod suppression;
pub(crate) mod tier;
pub(crate) mod unmatched;

use handsel_money::{Currency, Money};
use handsel_storage::{Fault, Migration};
use std::str::FromStr;

/// The schema of the service's own database.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 100,
        name: "referral",
        postgres: include_str!("../../migrations/postgres/100_referral.sql"),
        sqlite: include_str!("../../migrations/sqlite/100_referral.sql"),
    },
    Migration {
        version: 110,
        name: "erasure",
        postgres: include_str!("../../migrations/postgres/110_erasure.sql"),
        sqlite: include_str!("../../migrations/sqlite/110_erasure.sql"),
    },
];

/// Reads a column's word.
fn word<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|error: T::Err| Fault::Invalid(error.to_string()))
}

/// Reads a number that is never below 0 and never above what 32 bits hold.
fn count(number: i64) -> Result<u32, Fault> {
    u32::try_from(number).map_err(|_| Fault::Invalid(format!("{number} is no count")))
}

/// Reads an amount from its two columns.
fn money(minor: Option<i64>, currency: Option<&str>) -> Result<Option<Money>, Fault> {
    let (Some(minor), Some(currency)) = (minor, currency) else {
        return Ok(None);
    };
    Ok(Some(Money::new(word::<Currency>(currency)?, minor)))
}

/// Reads a digest of 32 bytes.
fn digest(bytes: &[u8]) -> Result<[u8; 32], Fault> {
    bytes.try_into().map_err(|_| Fault::Invalid(format!("a digest of {} bytes", bytes.len())))
}

/// Reads a column of JSON.
fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Invalid(error.to_string()))
}

/// Writes a column of JSON.
fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Invalid(error.to_string()))
}
