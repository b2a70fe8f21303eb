//! The log's reads: checkpoints, records, proofs, and the check at the start.

pub(crate) mod batch;
pub(crate) mod checkpoint;
pub(crate) mod proof;
pub(crate) mod record;
pub(crate) mod recovery;
pub(crate) mod source;
pub(crate) mod search;
