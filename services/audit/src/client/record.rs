//! One record: what its leaf says, and whether its body is the one it commits to.

use crate::tlog::{Hash, body_digest};
use handsel_proto::handsel::audit::v1::Record;
use serde_json::Value;
use thiserror::Error;

/// Bytes of a body's salt.
const SALT_BYTES: usize = 32;
/// `body.alg` of a statement that commits to a body, and of one that has none.
const BODY_SEALED: &str = "handsel/body/v1";
const BODY_NONE: &str = "none";

/// A record that has been proven to stand in the log where it says it does.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedRecord {
    /// Counts from 0.
    pub index: i64,
    /// When the log sealed it, by the log's clock.
    pub logged_at: String,
    /// The leaf, exactly as hashed.
    pub leaf: Vec<u8>,
    /// The statement in it.
    pub statement: Value,
    /// The body that the statement commits to; empty if it has none, or if it is absent.
    pub body: Vec<u8>,
    /// The salt in that commitment; empty with it.
    pub body_salt: Vec<u8>,
    /// Why the body that the statement commits to is not here; none: it is, there is none, or it was not asked for.
    pub absent: Option<Absent>,
}

/// Why a body is not here, as the server says. That the record stands where it stands is proven all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// A finding says that it is damaged or missing. UNPROVEN: the server's word, and no excuse.
    Withheld,
    /// It was pruned by the record at this place. UNPROVEN until that record has been read: a [`super::Follower`] that comes by it holds
    /// it to this, and [`super::Follower::unproven`] lists what is still a mere word.
    PrunedBy(i64),
}

/// Why a record is not what the log must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The leaf is not canonical JSON of an instant and a statement.
    #[error("the leaf is not canonical JSON of `logged_at` and `statement`")]
    Leaf,
    /// The statement does not say whether it has a body.
    #[error("the statement says nothing that can be understood of its body")]
    Commitment,
    /// It is not one that the filter asks for.
    #[error("it was not asked for")]
    Unasked,
    /// The body is missing, there is one too many, or it is another.
    #[error("the body is not the one that the statement commits to")]
    Body,
    /// Bodies were said to be pruned by this record, and it is none of a prune, or names others.
    #[error("bodies were said to be pruned by it, and it does not say so")]
    Prune,
}

/// Reads a record and checks its body. Where it stands is proven apart, by its hash.
pub(super) fn check(record: Record) -> Result<VerifiedRecord, RecordError> {
    // A record of a prune lies behind those that it is about.
    let pruned = record.pruned_by.filter(|by| *by > record.index).map(Absent::PrunedBy);
    let withheld = record.body_withheld.then_some(Absent::Withheld);
    let absent = pruned.or(withheld).filter(|_| record.body.is_empty() && record.body_salt.is_empty());
    let VerifiedRecord { index, logged_at, leaf, statement, body, body_salt, absent: _ } = check_leaf(record)?;
    let committed = commitment(&statement)?;
    let held = match committed {
        None => body.is_empty() && body_salt.is_empty(),
        // The server says itself that it has none to show; that the record is in its place is proven all the same. That a body was
        // pruned is proven by the record of the prune, which lies further on.
        Some(_) if absent.is_some() => true,
        Some(digest) => body_salt.len() == SALT_BYTES && body_digest(&body_salt, &body) == digest,
    };
    if held {
        let absent = absent.filter(|_| committed.is_some());
        Ok(VerifiedRecord { index, logged_at, leaf, statement, body, body_salt, absent })
    } else {
        Err(RecordError::Body)
    }
}

/// Reads a record whose body is looked at elsewhere, or not at all.
pub(super) fn check_leaf(record: Record) -> Result<VerifiedRecord, RecordError> {
    let Record { index, leaf, body, body_salt, body_withheld: _, pruned_by: _ } = record;
    let (logged_at, statement) = read(&leaf)?;
    commitment(&statement)?;
    Ok(VerifiedRecord { index, logged_at, leaf, statement, body, body_salt, absent: None })
}

pub(crate) fn read(leaf: &[u8]) -> Result<(String, Value), RecordError> {
    let value: Value = serde_json::from_slice(leaf).map_err(|_| RecordError::Leaf)?;
    let canonical = serde_json_canonicalizer::to_vec(&value).map_err(|_| RecordError::Leaf)?;
    // One spelling only: otherwise two readers could understand the same bytes differently (a key twice, for one).
    if canonical != leaf {
        return Err(RecordError::Leaf);
    }
    let Value::Object(mut fields) = value else { return Err(RecordError::Leaf) };
    match (fields.remove("logged_at"), fields.remove("statement"), fields.is_empty()) {
        (Some(Value::String(logged_at)), Some(statement @ Value::Object(_)), true) => Ok((logged_at, statement)),
        _ => Err(RecordError::Leaf),
    }
}

fn commitment(statement: &Value) -> Result<Option<Hash>, RecordError> {
    let text = |field: &str| statement.get("body").and_then(|body| body.get(field)).and_then(Value::as_str);
    match (text("alg"), text("digest")) {
        (Some(BODY_NONE), Some("")) => Ok(None),
        (Some(BODY_SEALED), Some(digest)) => digest.parse().map(Some).map_err(|_| RecordError::Commitment),
        _ => Err(RecordError::Commitment),
    }
}
