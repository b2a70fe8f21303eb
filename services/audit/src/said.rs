//! Reads what a leaf says, as its writer composed it: the statement's bytes are hashed as they stand in it.

use crate::{domain::said::Said, tlog::Hash};
use handsel_money::Timestamp;
use handsel_outbox::statement::{self, ParsedStatement};

/// When the leaf was logged, and what its statement says; nothing if it cannot be read.
pub(crate) fn of_leaf(leaf: &[u8]) -> Option<(Timestamp, Said)> {
    let rest = leaf.strip_prefix(b"{\"logged_at\":\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let logged_at = std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?;
    let statement = rest.get(end..)?.strip_prefix(b"\",\"statement\":")?.strip_suffix(b"}")?;
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
