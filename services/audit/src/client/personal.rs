//! Personal data in records: fields that a body carries sealed, and openings of them, each held to what its statement commits to.

use super::VerifiedRecord;
use handsel_outbox::statement::{BLIND_BYTES, personal_fields, pii_commitment};
use serde_json::Value;
use thiserror::Error;

pub use handsel_outbox::statement::PersonalField;

/// The opening of one field: whoever has it can check it against the log, and nobody can without.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// 32 random bytes, so that what could be guessed cannot be tried out.
    pub blind: [u8; BLIND_BYTES],
    /// The plain text.
    pub plain: String,
}

/// Why a field of personal data is not what the log holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PersonalError {
    /// The body's personal fields cannot be read, or the statement commits to others.
    #[error("the body's personal fields are not those that the statement commits to")]
    NotCommitted,
    /// The opening is not of what the statement commits to.
    #[error("the opening is not of what the statement commits to")]
    OtherContent,
    /// Nobody can open it: its key is destroyed, or out of reach.
    #[error("the field's key is gone, or out of reach")]
    Closed,
}

/// The personal fields of a record's body, each of which its statement commits to; none where the body is not there.
///
/// # Errors
/// `NotCommitted`.
pub fn fields(record: &VerifiedRecord) -> Result<Vec<PersonalField>, PersonalError> {
    if record.body.is_empty() {
        return Ok(Vec::new());
    }
    let body: Value = serde_json::from_slice(&record.body).map_err(|_| PersonalError::NotCommitted)?;
    let fields = personal_fields(&body).map_err(|_| PersonalError::NotCommitted)?;
    let carried: Vec<&str> = fields.iter().map(|field| field.c.as_str()).collect();
    if carried == commitments(&record.statement) { Ok(fields) } else { Err(PersonalError::NotCommitted) }
}

/// Opens a field with whatever `access` there is to its key, and holds what comes to the commitment.
///
/// # Errors
/// `Closed`, `OtherContent`.
pub fn open(
    field: &PersonalField,
    access: impl FnOnce(&PersonalField) -> Option<Opening>,
) -> Result<Opening, PersonalError> {
    let opening = access(field).ok_or(PersonalError::Closed)?;
    if opens(&field.c, &opening) { Ok(opening) } else { Err(PersonalError::OtherContent) }
}

/// Whether an opening is of what `c` commits to.
pub(super) fn opens(c: &str, opening: &Opening) -> bool {
    hex::encode(pii_commitment(&opening.blind, opening.plain.as_bytes())) == c
}

/// What a statement commits to, in order.
pub(super) fn commitments(statement: &Value) -> Vec<&str> {
    let entries = statement.get("pii").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry.get("c")?.as_str()).collect()
}
