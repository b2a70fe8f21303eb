//! Reads a statement as far as it can be read without the log, before it waits for the sequencer.

use crate::{
    domain::admission::{Body, Claim, Presented},
    tlog::Hash,
};
use handsel_outbox::statement::{self, ParsedStatement};

/// A statement as it was handed in. What cannot be read has no claim, and will be quarantined in its place.
pub(crate) fn present(sequence: i64, bytes: Vec<u8>, body: Vec<u8>, salt: Vec<u8>) -> Presented {
    let claim = statement::parse(&bytes).ok().map(claim);
    let body = if body.is_empty() && salt.is_empty() { None } else { Some(Body { content: body, salt }) };
    Presented { sequence, digest: Hash::of(&bytes), bytes, claim, body }
}

fn claim(parsed: ParsedStatement) -> Claim {
    Claim {
        source: parsed.source,
        epoch: parsed.epoch,
        sequence: parsed.source_seq,
        prev: parsed.prev.into(),
        body_digest: parsed.body.map(|body| body.digest.into()),
    }
}
