//! The check at the start: what is stored must give the root that was stored, and the checkpoints that were signed.
//!
//! It covers everything that the next append builds on: the leaves of the last tile by their bytes, the tiles that roots of
//! higher levels are taken from, the root, and the newest checkpoint. It does not read every leaf again; whoever follows the
//! log does.

use super::proof::{self, ProofError};
use crate::{
    domain::frontier::Frontier,
    store::{self, checkpoint::Signed, head::Head},
    tlog::{CheckpointError, Hash, TILE_WIDTH, TileSpan, TreeError, TreeHead, VerifierKey, tile_root},
};
use handsel_storage::{Db, Fault, Tx};
use thiserror::Error;

/// Why the log does not start. Nothing is appended to a log that is not what it was.
#[derive(Debug, Error)]
pub(crate) enum Damaged {
    /// A leaf or tile is missing, or there is one too many.
    #[error("{0} is not there, or there is more than the head says")]
    Missing(String),
    /// A leaf's bytes are not those that were hashed.
    #[error("leaf {0} is not what was hashed")]
    Leaf(i64),
    /// A tile's hashes are not those that its root was made of.
    #[error("tile {level}/{number} is not what its root was made of")]
    Tile {
        /// The tile's level.
        level: i64,
        /// The tile's number.
        number: i64,
    },
    /// Everything gives another root than the head's.
    #[error("{size} leaves give root {computed}, the head says {stored}")]
    Root {
        /// Leaves of the head.
        size: u64,
        /// What they give.
        computed: Hash,
        /// What the head says.
        stored: Hash,
    },
    /// The tree does not answer.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The newest checkpoint is not one that our key signed.
    #[error("the checkpoint of {size} leaves: {why}")]
    Checkpoint {
        /// Leaves covered.
        size: u64,
        /// Why not.
        why: CheckpointError,
    },
    /// A checkpoint was signed that this log does not extend: it was rewritten, or restored from before.
    #[error("a checkpoint of {signed} leaves with root {root} was signed, and this log is not its continuation")]
    Rewritten {
        /// Leaves covered.
        signed: u64,
        /// The root that was signed.
        root: Hash,
    },
    /// Storage does not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<ProofError> for Damaged {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Tree(error) => Self::Tree(error),
            ProofError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// Checks the log. The newest checkpoint, if one was signed.
///
/// # Errors
/// [`Damaged`]: the first thing found.
pub(crate) async fn check(db: &Db, keys: &[VerifierKey]) -> Result<Option<Signed>, Damaged> {
    let mut tx = db.read().await?;
    let head = store::head::newest(&mut tx).await?;
    check_tree(&mut tx, head.as_ref()).await?;
    let signed = store::checkpoint::newest(&mut tx).await?;
    if let Some(signed) = &signed {
        check_signed(&mut tx, signed, keys).await?;
    }
    Ok(signed)
}

async fn check_tree(tx: &mut Tx, head: Option<&Head>) -> Result<(), Damaged> {
    let size = head.map_or(0, |head| head.size);
    for span in Frontier::spans(size) {
        match span.level.checked_sub(1) {
            None => check_leaves(tx, span).await?,
            Some(below) => check_tiles(tx, below, span).await?,
        }
    }
    if head.is_none() {
        check_leaves(tx, TileSpan { level: 0, number: 0, width: 0 }).await?;
    }
    let frontier = Frontier::restore(size, store::tile::frontier(tx, size).await?)?;
    let stored = head.map_or_else(Hash::of_nothing, |head| head.root);
    let computed = frontier.root();
    if computed == stored { Ok(()) } else { Err(Damaged::Root { size, computed, stored }) }
}

/// The leaves of the last tile: as many as the head says, and each what its hash was made of.
async fn check_leaves(tx: &mut Tx, span: TileSpan) -> Result<(), Damaged> {
    let first = span.number.saturating_mul(TILE_WIDTH);
    let rows = store::leaf::hashed_from(tx, first).await?;
    if u64::try_from(rows.len()) != Ok(span.width) {
        return Err(Damaged::Missing(format!("a leaf from {first} on")));
    }
    let bad = rows.iter().find(|row| row.hash != Hash::of_leaf(&row.content).as_bytes());
    bad.map_or(Ok(()), |row| Err(Damaged::Leaf(row.leaf_index)))
}

/// The full tiles whose roots stand in the last tile of the level above: as many, and each what its root was made of.
async fn check_tiles(tx: &mut Tx, level: u8, above: TileSpan) -> Result<(), Damaged> {
    let first = above.number.saturating_mul(TILE_WIDTH);
    let rows = store::tile::full_from(tx, level, first).await?;
    if u64::try_from(rows.len()) != Ok(above.width) {
        return Err(Damaged::Missing(format!("a tile of level {level} from {first} on")));
    }
    let whole = |hashes: &[u8], root: &[u8]| {
        let hashes: Result<Vec<Hash>, _> = hashes.chunks(32).map(Hash::try_from).collect();
        hashes.is_ok_and(|hashes| root == tile_root(&hashes).as_bytes())
    };
    let bad = rows.iter().find(|row| !whole(&row.hashes, &row.root));
    bad.map_or(Ok(()), |row| Err(Damaged::Tile { level: row.level, number: row.number }))
}

async fn check_signed(tx: &mut Tx, signed: &Signed, keys: &[VerifierKey]) -> Result<(), Damaged> {
    let size = signed.size;
    let said = opened(&signed.note, keys).map_err(|why| Damaged::Checkpoint { size, why })?;
    let rewritten = Damaged::Rewritten { signed: said.size, root: said.root };
    if said.size != size || said.root != signed.root {
        return Err(rewritten);
    }
    match proof::root_in(tx, size).await {
        Ok(root) if root == said.root => Ok(()),
        Ok(_) | Err(ProofError::Tree(_)) => Err(rewritten),
        Err(ProofError::Fault(fault)) => Err(fault.into()),
    }
}

/// What a note says, if one of the keys signed it; otherwise why the first of them does not open it.
pub(super) fn opened(note: &str, keys: &[VerifierKey]) -> Result<TreeHead, CheckpointError> {
    let mut refused = None;
    for key in keys {
        match TreeHead::open(note, key) {
            Ok(head) => return Ok(head),
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    Err(refused.unwrap_or(CheckpointError::Malformed))
}
