//! What a round of the scrubber reads: portions of the log, each of one moment.

use crate::{
    client::{
        leaf,
        pruned::{self, PruneSaid},
    },
    domain::{
        admission::Body,
        round::{
            Closing, Keys, Portion, Round, StoredCheckpoint, StoredCosignature, StoredHead, StoredLeaf, StoredTile,
        },
        violation::{Kind, Violation},
    },
    said,
    store::{self, prune::PrunedRow, scrub::WholeRow, tile::TileRow},
    tlog::{Hash, TILE_WIDTH},
};
use handsel_storage::{Db, Fault, Tx};

pub(crate) use crate::store::scrub::ScrubRow as Progress;

/// Levels whose tiles end within a portion: beyond them lie more leaves than a log of ours will have.
const LEVELS: u8 = 5;

/// How one portion came out.
pub(crate) struct Read {
    /// What is wrong in it.
    pub(crate) found: Vec<Violation>,
    /// Leaves of the newest head.
    pub(crate) size: u64,
    /// Whether the round is over.
    pub(crate) over: bool,
}

/// How far the scrubber is.
pub(crate) async fn progress(db: &Db) -> Result<Option<Progress>, Fault> {
    store::scrub::progress(&mut db.read().await?).await
}

/// Reads at most `most` leaves on, and closes the round where the log ends.
pub(crate) async fn portion(db: &Db, round: &mut Round, most: u64, keys: &Keys) -> Result<Read, Fault> {
    let mut tx = db.read().await?;
    let size = store::head::newest(&mut tx).await?.map_or(0, |head| head.size);
    // Where the leaves themselves end: a head that claims more is no reason to look for each leaf that is not there.
    let leaves = store::scrub::leaves_end(&mut tx).await?.min(size);
    let end = leaves.min(round.size().saturating_add(most)).max(round.size());
    let portion = load(&mut tx, round.size(), end).await?;
    let mut found = round.advance(end, &portion, keys).map_err(|error| Fault::Invalid(error.to_string()))?;
    let over = end >= leaves;
    if over {
        if leaves < size {
            found.push(Violation::new(Kind::LeafMissing, "the end of the log".to_owned(), size, leaves));
        }
        found.extend(round.close(&closing(&mut tx, size).await?));
    }
    Ok(Read { found, size, over })
}

async fn load(tx: &mut Tx, first: u64, end: u64) -> Result<Portion, Fault> {
    let mut portion = Portion::default();
    for row in store::scrub::leaves(tx, first, end).await? {
        portion.leaves.insert(row.leaf_index.cast_unsigned(), stored_leaf(row)?);
    }
    let mut width = TILE_WIDTH;
    for level in 0..LEVELS {
        for row in store::scrub::tiles(tx, level, first / width, end.div_ceil(width)).await? {
            portion.tiles.insert((level, row.number.cast_unsigned()), stored_tile(&row)?);
        }
        width = width.saturating_mul(TILE_WIDTH);
    }
    let (first_size, end_size) = (first.saturating_add(1), end.saturating_add(1));
    for row in store::scrub::heads(tx, first_size, end_size).await? {
        let root = Hash::try_from(row.root.as_slice()).map_err(|error| Fault::Invalid(error.to_string()))?;
        let head = StoredHead { root, epoch: row.epoch, logged_at: row.logged_at.0 };
        portion.heads.insert(row.size.cast_unsigned(), head);
    }
    for row in store::scrub::checkpoints(tx, first_size, end_size).await? {
        let checkpoint = StoredCheckpoint { note: row.note, signed_at: row.signed_at.0 };
        portion.checkpoints.insert(row.size.cast_unsigned(), checkpoint);
    }
    for row in store::cosignature::between(tx, first_size, end_size).await? {
        let seconds = row.cosigned_seconds.cast_unsigned();
        let cosignature = StoredCosignature { witness: row.witness, line: row.line, seconds };
        portion.cosignatures.entry(row.size.cast_unsigned()).or_default().push(cosignature);
    }
    for (index, entry) in store::scrub::places(tx, first, end).await? {
        portion.places.entry(index).or_default().insert(entry);
    }
    for (index, entry) in store::scrub::conflicts(tx, first, end).await? {
        portion.conflicts.entry(index).or_default().insert(entry);
    }
    for row in store::prune::pruned(tx, first, end).await? {
        portion.pruned.insert(row.leaf_index.cast_unsigned(), named(&row));
    }
    Ok(portion)
}

/// The type that a record of a prune names, where it names the leaf that is said to be pruned by it.
fn named(row: &PrunedRow) -> Option<String> {
    let (_, statement) = leaf(&row.content).ok()?;
    let body = Body { content: row.body.as_deref()?.to_vec(), salt: row.salt.clone()? };
    let PruneSaid { kind, runs } = pruned::read(row.record.cast_unsigned(), &statement, &body.salt, &body.content)?;
    runs.iter().any(|[first, last]| (*first..=*last).contains(&row.leaf_index.cast_unsigned())).then_some(kind)
}

async fn closing(tx: &mut Tx, size: u64) -> Result<Closing, Fault> {
    let beyond = store::scrub::beyond(tx, size).await?;
    let (epochs, sequencer) = store::scrub::epochs(tx).await?;
    Ok(Closing { size, beyond, epochs: epochs.into_iter().collect(), sequencer })
}

fn stored_leaf(row: WholeRow) -> Result<StoredLeaf, Fault> {
    let WholeRow { leaf_index: _, content, hash, body, salt } = row;
    let stored = Hash::try_from(hash.as_slice()).map_err(|error| Fault::Invalid(error.to_string()))?;
    let body = body.map(|content| Body { content: content.into(), salt: salt.unwrap_or_default() });
    Ok(StoredLeaf { computed: Hash::of_leaf(&content), stored, said: said::of_leaf(&content), body })
}

fn stored_tile(row: &TileRow) -> Result<StoredTile, Fault> {
    let invalid = |_| Fault::Invalid(format!("tile {}/{} holds no hashes", row.level, row.number));
    let hashes = row.hashes.chunks(32).map(Hash::try_from).collect::<Result<_, _>>().map_err(invalid)?;
    Ok(StoredTile { hashes, root: Hash::try_from(row.root.as_slice()).map_err(invalid)? })
}
