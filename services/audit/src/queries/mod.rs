//! The log's reads: checkpoints, records, proofs, findings, the check at the start and the rounds after it.

pub(crate) mod batch;
pub(crate) mod case;
pub(crate) mod checkpoint;
pub(crate) mod finding;
pub(crate) mod hold;
pub(crate) mod index;
mod kept;
pub(crate) mod payouts;
pub(crate) mod proof;
pub(crate) mod prune;
pub(crate) mod record;
pub(crate) mod recovery;
pub(crate) mod scrub;
pub(crate) mod search;
pub(crate) mod source;
pub(crate) mod witnessed;
