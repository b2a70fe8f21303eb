//! What a statement must look like. The producer holds itself to these rules before it commits, the log before it appends:
//! one ladder for both.

use super::wire::{BODY_NONE, BODY_SHA256, VERSION, Wire, WireBody};
use handsel_money::{Currency, Timestamp};
use serde_json::Value;
use uuid::Uuid;

/// Most bytes of a statement: the contract's limit, which leaves room for the leaf around it.
pub const MAX_STATEMENT_BYTES: usize = 61_440;
/// Most bytes of a body: the contract's limit.
pub const MAX_BODY_BYTES: usize = 262_144;

const MAX_WORD: usize = 128;
const MAX_NAME: usize = 512;
const MAX_SUBJECTS: usize = 256;
const MAX_ROLES: usize = 32;
/// Integers that every JSON reader keeps exact (RFC 8785 §3.2.2.3, I-JSON).
const MAX_EXACT: u64 = 9_007_199_254_740_991;

/// Why bytes are no statement, or a statement cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than the contract allows.
    #[error("{what} has {bytes} bytes, at most {limit} are allowed")]
    TooLong {
        /// `statement` or `body`.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// No JSON, another field, a field missing, twice, or of another type.
    #[error("not a statement: {0}")]
    Layout(String),
    /// The right fields, but not the bytes that RFC 8785 gives them.
    #[error("not in canonical form (RFC 8785)")]
    NotCanonical,
    /// A field that breaks its rule.
    #[error("{field}: {rule}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What is asked of it.
        rule: &'static str,
    },
}

/// Everything that must hold whatever the place in the chain. `epoch`, `source_seq` and `prev` are checked where they are read.
pub(super) fn check(wire: &Wire) -> Result<(), Malformed> {
    require(wire.v == VERSION, "v", "must be 1")?;
    require(dotted(&wire.kind), "type", "lower-case words with dots between them")?;
    require(Uuid::parse_str(&wire.id).is_ok_and(|id| id.to_string() == wire.id), "id", "a UUID in lower case")?;
    require(source(&wire.source), "source", "<service>/<destination>")?;
    require(exact_time(&wire.time), "time", "YYYY-MM-DDTHH:MM:SS.ffffffZ")?;
    require(filled(&wire.actor.staff, MAX_NAME), "actor.staff", "not empty, at most 512 bytes")?;
    require(wire.actor.roles.len() <= MAX_ROLES, "actor.roles", "at most 32")?;
    require(wire.actor.roles.iter().all(|role| filled(role, MAX_WORD)), "actor.roles", "none empty or over 128 bytes")?;
    require(wire.actor.branch.len() <= MAX_WORD, "actor.branch", "at most 128 bytes")?;
    require(wire.actor.on_behalf_of.len() <= MAX_NAME, "actor.on_behalf_of", "at most 512 bytes")?;
    require(wire.subjects.len() <= MAX_SUBJECTS, "subjects", "at most 256")?;
    require(wire.subjects.iter().all(|name| filled(name, MAX_NAME)), "subjects", "none empty or over 512 bytes")?;
    require(filled(&wire.action, MAX_WORD), "action", "not empty, at most 128 bytes")?;
    require(filled(&wire.outcome, MAX_WORD), "outcome", "not empty, at most 128 bytes")?;
    require(wire.reason.as_deref().is_none_or(code), "reason", "a code, UPPER_SNAKE; prose belongs into the body")?;
    require(filled(&wire.correlation, MAX_NAME), "correlation", "not empty, at most 512 bytes")?;
    require(wire.trace.is_empty() || hex(&wire.trace, 32), "trace", "empty or 32 lower-case hex digits")?;
    require(wire.policy.len() <= MAX_NAME, "policy", "at most 512 bytes")?;
    require(wire.amount_minor.is_some() == wire.currency.is_some(), "currency", "beside amount_minor, never alone")?;
    require(wire.amount_minor.as_deref().is_none_or(integer), "amount_minor", "a decimal integer")?;
    require(
        wire.currency.as_deref().is_none_or(|code| code.parse::<Currency>().is_ok()),
        "currency",
        "an ISO 4217 code",
    )?;
    body_commitment(&wire.body)?;
    require(wire.pii.iter().all(|one| hex(&one.c, 64)), "pii", "64 lower-case hex digits each")
}

/// A body keeps its meaning in every JSON reader: no nulls, no fractions, no integer that a reader could round.
pub(super) fn body(value: &Value) -> Result<(), Malformed> {
    match value {
        Value::Null => field("body", "no nulls"),
        Value::Bool(_) | Value::String(_) => Ok(()),
        Value::Number(number) => {
            let exact = number.as_i64().is_some_and(|n| n.unsigned_abs() <= MAX_EXACT);
            require(exact, "body", "integers within 2^53 only; write others, and amounts, as decimal strings")
        }
        Value::Array(items) => items.iter().try_for_each(body),
        Value::Object(fields) => fields.values().try_for_each(body),
    }
}

/// A decimal integer in its one form: no sign but a minus, no leading zero.
pub(super) fn integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|value| value.to_string() == text)
}

/// Exactly `digits` lower-case hex digits.
pub(super) fn hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

pub(super) fn require(holds: bool, name: &'static str, rule: &'static str) -> Result<(), Malformed> {
    if holds { Ok(()) } else { field(name, rule) }
}

fn field(field: &'static str, rule: &'static str) -> Result<(), Malformed> {
    Err(Malformed::Field { field, rule })
}

fn body_commitment(body: &WireBody) -> Result<(), Malformed> {
    let sound = match body.alg.as_str() {
        BODY_SHA256 => hex(&body.digest, 64),
        BODY_NONE => body.digest.is_empty(),
        _ => false,
    };
    require(sound, "body", "handsel/body/v1 with 64 hex digits, or none with no digest")
}

fn filled(text: &str, limit: usize) -> bool {
    !text.is_empty() && text.len() <= limit
}

fn dotted(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    filled(text, MAX_WORD) && text.contains('.') && text.split('.').all(word)
}

fn source(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    text.len() <= 64 && text.split_once('/').is_some_and(|(service, destination)| word(service) && word(destination))
}

fn code(text: &str) -> bool {
    filled(text, MAX_WORD)
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

fn exact_time(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok_and(|time| time.to_string() == text)
}
