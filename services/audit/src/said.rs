//! Reads what a leaf says, as its writer composed it: the statement's bytes are hashed as they stand in it.

use crate::{domain::said::Said, tlog::Hash};
use handsel_money::Timestamp;
use handsel_outbox::statement::{self, ParsedStatement};
use serde_json::Value;

/// When the leaf was logged, and what its statement says; nothing if it cannot be read.
pub(crate) fn of_leaf(leaf: &[u8]) -> Option<(Timestamp, Said)> {
    let (logged_at, statement) = parts(leaf)?;
    let logged_at = logged_at.parse().ok()?;
    let parsed = statement::parse(statement).ok()?;
    let ParsedStatement { kind, source, epoch, source_seq, prev, time, subjects, correlation, body, .. } = parsed;
    let said = Said {
        kind,
        source,
        epoch,
        sequence: source_seq,
        prev: prev.into(),
        digest: Hash::of(statement),
        time,
        subject: subjects.into_iter().next().unwrap_or_default(),
        correlation,
        body: body.map(|body| body.digest.into()),
    };
    Some((logged_at, said))
}

/// The same for those who look through many leaves: the statement as it came. Whether each is spelt in the one way that it may be is
/// asked by whoever reads what they find, and takes longer than the rest.
pub(crate) fn to_look_through(leaf: &[u8]) -> Option<(&str, Value)> {
    let (logged_at, statement) = parts(leaf)?;
    Some((logged_at, serde_json::from_slice(statement).ok()?))
}

/// When the leaf was logged, as it stands there, and the bytes of its statement.
pub(crate) fn parts(leaf: &[u8]) -> Option<(&str, &[u8])> {
    let rest = leaf.strip_prefix(b"{\"logged_at\":\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let logged_at = std::str::from_utf8(rest.get(..end)?).ok()?;
    let statement = rest.get(end..)?.strip_prefix(b"\",\"statement\":")?.strip_suffix(b"}")?;
    Some((logged_at, statement))
}
