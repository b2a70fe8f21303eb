//! What a round of the scrubber reads: portions of the log, each of one moment.

use super::kept;
use crate::{
    client::{
        leaf,
        pruned::{self, PruneSaid},
    },
    domain::{
        admission::{Body, OWN_SOURCE},
        round::{
            Closing, Keys, Portion, Round, StoredCheckpoint, StoredCosignature, StoredHead, StoredLeaf, StoredTile,
        },
        violation::{Kind, Violation},
    },
    said,
    store::{self, prune::RecordOfPrune, scrub::WholeRow, tile::TileRow},
    tlog::{Hash, TILE_WIDTH},
};
use handsel_outbox::Pseudonyms;
use handsel_storage::{Db, Fault, Tx};
use std::collections::{
    HashMap,
    hash_map::Entry::{Occupied, Vacant},
};

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
pub(crate) async fn portion(
    db: &Db,
    round: &mut Round,
    most: u64,
    (keys, pseudonyms): (&Keys, &Pseudonyms),
) -> Result<Read, Fault> {
    let mut tx = db.read().await?;
    let size = store::head::newest(&mut tx).await?.map_or(0, |head| head.size);
    // Where the leaves themselves end: a head that claims more is no reason to look for each leaf that is not there.
    let leaves = store::scrub::leaves_end(&mut tx).await?.min(size);
    let end = leaves.min(round.size().saturating_add(most)).max(round.size());
    let portion = load(&mut tx, (round.size(), end), pseudonyms).await?;
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

async fn load(tx: &mut Tx, (first, end): (u64, u64), pseudonyms: &Pseudonyms) -> Result<Portion, Fault> {
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
    portion.pruned = prunes(tx, first, end).await?;
    portion.kept = kept::rows(tx, (first, end), pseudonyms).await?;
    Ok(portion)
}

/// What is said to be pruned: with the type that the record of the prune names, where it names the leaf. Each record is read once.
async fn prunes(tx: &mut Tx, first: u64, end: u64) -> Result<HashMap<u64, Option<String>>, Fault> {
    let (mut prunes, mut found) = (HashMap::new(), HashMap::new());
    for (index, record) in store::prune::pruned(tx, first, end).await? {
        let said = match prunes.entry(record) {
            Occupied(known) => known.into_mut(),
            Vacant(unread) => {
                let row = store::prune::record(tx, record).await?;
                unread.insert(row.and_then(|row| prune_said(record, &row)))
            }
        };
        found.insert(index.cast_unsigned(), named(said.as_ref(), index.cast_unsigned()));
    }
    Ok(found)
}

fn prune_said(index: i64, RecordOfPrune { content, body, salt }: &RecordOfPrune) -> Option<PruneSaid> {
    let (_, statement) = leaf(content).ok()?;
    pruned::read(index.cast_unsigned(), &statement, salt.as_deref()?, body.as_deref()?)
}

fn named(said: Option<&PruneSaid>, index: u64) -> Option<String> {
    let PruneSaid { kind, runs } = said?;
    runs.iter().any(|[first, last]| (*first..=*last).contains(&index)).then(|| kind.clone())
}

async fn closing(tx: &mut Tx, size: u64) -> Result<Closing, Fault> {
    let beyond = store::scrub::beyond(tx, size).await?;
    let (epochs, sequencer) = store::scrub::epochs(tx).await?;
    let prunes = store::prune::counts(tx).await?.into_iter();
    let prunes = prunes.map(|(id, pruned)| (format!("prunes/{id}"), pruned.cast_unsigned())).collect();
    Ok(Closing { size, beyond, epochs: epochs.into_iter().collect(), sequencer, prunes })
}

fn stored_leaf(row: WholeRow) -> Result<StoredLeaf, Fault> {
    let WholeRow { leaf_index, content, hash, body, salt } = row;
    let stored = Hash::try_from(hash.as_slice()).map_err(|error| Fault::Invalid(error.to_string()))?;
    let body = body.map(|content| Body { content: content.into(), salt: salt.unwrap_or_default() });
    let said = said::of_leaf(&content);
    let ours = said.as_ref().is_some_and(|(_, said)| said.source == OWN_SOURCE);
    let kept = if ours { kept::owed(leaf_index.cast_unsigned(), &content, body.as_ref()) } else { None };
    Ok(StoredLeaf { computed: Hash::of_leaf(&content), stored, said, kept, body })
}

fn stored_tile(row: &TileRow) -> Result<StoredTile, Fault> {
    let invalid = |_| Fault::Invalid(format!("tile {}/{} holds no hashes", row.level, row.number));
    let hashes = row.hashes.chunks(32).map(Hash::try_from).collect::<Result<_, _>>().map_err(invalid)?;
    Ok(StoredTile { hashes, root: Hash::try_from(row.root.as_slice()).map_err(invalid)? })
}
