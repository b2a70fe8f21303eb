//! Batches of a stream: records with what proves that they are all there.

use super::proof::{ProofError, extends_in};
use crate::{
    store::{self, leaf::RecordRow},
    tlog::Hash,
};
use handsel_storage::{Db, Fault, Tx};

/// Bytes of leaves and bodies in one batch, unless a single record has more: what a reader holds in memory, and well below the
/// four megabytes at which gRPC clients stop reading.
const MOST_BYTES: u64 = 1024 * 1024;

/// What to read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The first record.
    pub(crate) first: u64,
    /// Records at most.
    pub(crate) most: u64,
    /// Size of the last tree that the reader has verified; 0: none.
    pub(crate) verified: u64,
    /// Size of the checkpoint that covers the batch.
    pub(crate) covered: u64,
}

/// Records and their proofs.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Consecutive; none if the checkpoint covers no more.
    pub(crate) records: Vec<RecordRow>,
    /// That the checkpoint extends the tree verified before.
    pub(crate) consistency: Vec<Hash>,
    /// That the checkpoint extends the tree of all records up to the batch's end.
    pub(crate) prefix: Vec<Hash>,
}

/// Reads a batch, from one snapshot that ends with it.
pub(crate) async fn read(db: &Db, wanted: Wanted) -> Result<Batch, ProofError> {
    let Wanted { first, most, verified, covered } = wanted;
    let mut tx = db.read().await?;
    let end = end_of(&mut tx, first, covered.min(first.saturating_add(most))).await?;
    let records = store::leaf::records(&mut tx, first, end).await?;
    let consistency = extends_in(&mut tx, verified, covered).await?;
    let prefix = extends_in(&mut tx, end, covered).await?;
    Ok(Batch { records, consistency, prefix })
}

/// Where the batch ends, so that it does not weigh too much.
async fn end_of(tx: &mut Tx, first: u64, end: u64) -> Result<u64, Fault> {
    let (mut at, mut bytes) = (first, 0_u64);
    for weight in store::leaf::weights(tx, first, end).await? {
        bytes = bytes.saturating_add(weight);
        if bytes > MOST_BYTES && at > first {
            break;
        }
        at = at.saturating_add(1);
    }
    Ok(at)
}
