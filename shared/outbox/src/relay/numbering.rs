//! How what is owed gets its number: written into a message, or into a statement together with the chain.

use crate::{
    message,
    statement::{GENESIS, complete, statement_digest},
};
use handsel_storage::Fault;

/// What a destination is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbering {
    /// Messages of an inbox: each carries its number.
    Messages,
    /// Statements for the log: each carries its number, the lease, and the digest of the one before.
    Statements,
}

/// Gives numbers, one after the other.
pub(super) struct Place {
    pub(super) epoch: i64,
    pub(super) next_sequence: i64,
    /// Digest of the statement before; empty at the beginning, and for messages always.
    pub(super) prev: Vec<u8>,
}

impl Place {
    /// The bytes of the next one, and its number.
    pub(super) fn number(
        &mut self,
        numbering: Numbering,
        content: &[u8],
        traceparent: &str,
    ) -> Result<(i64, Vec<u8>), Fault> {
        let sequence = self.next_sequence;
        let bytes = match numbering {
            Numbering::Messages => message::numbered(content, sequence, traceparent),
            Numbering::Statements => {
                let prev = self.prev.as_slice().try_into().unwrap_or(GENESIS);
                let bytes = complete(content, self.epoch, sequence, &prev)
                    .map_err(|malformed| Fault::Invalid(format!("what is owed to the log: {malformed}")))?;
                self.prev = statement_digest(&bytes).to_vec();
                bytes
            }
        };
        self.next_sequence = sequence.checked_add(1).ok_or_else(|| Fault::Invalid("no number is left".into()))?;
        Ok((sequence, bytes))
    }
}
