//! A round of the scrubber: every leaf is hashed again from its bytes, and everything that is kept beside the leaves is held to
//! them: bodies, tiles, heads, checkpoints, cosignatures, the index of sources. Pure: what was stored comes in by portions, what
//! is wrong goes out.

use super::{
    admission::Body,
    frontier::Frontier,
    kept::{self, Row},
    said::{Entry, Said},
    violation::{Kind, Violation},
};
use crate::tlog::{
    CosignerKey, Hash, TILE_WIDTH, TreeError, TreeHead, VerifierKey, body_digest, tile_root, with_lines,
};
use handsel_money::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

/// A statement may be dated so much later than it was logged: clocks differ.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);

/// A leaf as it lies in storage.
#[derive(Debug, Clone)]
pub(crate) struct StoredLeaf {
    /// The hash of its bytes.
    pub(crate) computed: Hash,
    /// The hash beside them.
    pub(crate) stored: Hash,
    /// What it says; nothing if it cannot be read.
    pub(crate) said: Option<(Timestamp, Said)>,
    /// The row that a table keeps of it, if it is the record of an act.
    pub(crate) kept: Option<Row>,
    /// Its body.
    pub(crate) body: Option<Body>,
}

/// A full tile as it lies in storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredTile {
    /// 256 hashes.
    pub(crate) hashes: Vec<Hash>,
    /// The root over them.
    pub(crate) root: Hash,
}

/// A head as it lies in storage.
#[derive(Debug, Clone)]
pub(crate) struct StoredHead {
    /// The root.
    pub(crate) root: Hash,
    /// The writer's lease.
    pub(crate) epoch: i64,
    /// Of its last leaf.
    pub(crate) logged_at: Timestamp,
}

/// A checkpoint as it lies in storage.
#[derive(Debug, Clone)]
pub(crate) struct StoredCheckpoint {
    /// The note.
    pub(crate) note: String,
    /// When it was signed.
    pub(crate) signed_at: Timestamp,
}

/// A cosignature as it lies in storage.
#[derive(Debug, Clone)]
pub(crate) struct StoredCosignature {
    /// Whose.
    pub(crate) witness: String,
    /// The signature line.
    pub(crate) line: String,
    /// When it was made, in seconds since 1970.
    pub(crate) seconds: u64,
}

/// What storage holds of a run of leaves.
#[derive(Debug, Default)]
pub(crate) struct Portion {
    /// By index.
    pub(crate) leaves: HashMap<u64, StoredLeaf>,
    /// By level and number: those that end in the run.
    pub(crate) tiles: HashMap<(u8, u64), StoredTile>,
    /// By size.
    pub(crate) heads: HashMap<u64, StoredHead>,
    /// By size.
    pub(crate) checkpoints: HashMap<u64, StoredCheckpoint>,
    /// By size.
    pub(crate) cosignatures: HashMap<u64, Vec<StoredCosignature>>,
    /// The index of places, by leaf.
    pub(crate) places: HashMap<u64, BTreeSet<Entry>>,
    /// The index of conflicts, by leaf.
    pub(crate) conflicts: HashMap<u64, BTreeSet<Entry>>,
    /// What is said to be pruned, by leaf: the type that the record of the prune names; none where it does not name this leaf.
    pub(crate) pruned: HashMap<u64, Option<String>>,
    /// What officers' acts left in tables, by the record that it points to.
    pub(crate) kept: HashMap<u64, Vec<Row>>,
}

impl Portion {
    /// Whether anything is said of the tree of this size. Cosignatures are looked at with their checkpoint.
    fn speaks_of(&self, size: u64) -> bool {
        self.heads.contains_key(&size) || self.checkpoints.contains_key(&size)
    }
}

/// What storage holds besides leaves, when the last portion has been read.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    /// The newest head's size.
    pub(crate) size: u64,
    /// Rows that point beyond it, by table.
    pub(crate) beyond: Vec<(&'static str, i64)>,
    /// The latest lease of each source.
    pub(crate) epochs: BTreeMap<String, i64>,
    /// The sequencer's lease.
    pub(crate) sequencer: i64,
    /// Bodies that each prune says it has pruned, by its name.
    pub(crate) prunes: BTreeMap<String, u64>,
}

/// Who signs.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    /// The log's keys, each that has signed a checkpoint.
    pub(crate) log: Vec<VerifierKey>,
    /// The witnesses'.
    pub(crate) witnesses: Vec<CosignerKey>,
}

/// What is known of a source's chain so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Chain {
    sequence: i64,
    digest: Digest,
    epoch: i64,
}

/// The digest of a source's last statement.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
enum Digest {
    /// It has said nothing yet.
    #[default]
    Genesis,
    /// It was read.
    Read(Hash),
    /// It could not be read: what the next one says of it is not held against that one.
    Unread,
}

impl Digest {
    fn of(digest: Option<Hash>) -> Self {
        digest.map_or(Self::Unread, Self::Read)
    }

    /// What the next statement must carry as `prev`; none if that cannot be told.
    fn expected(self) -> Option<Hash> {
        match self {
            Self::Genesis => Some(Hash::from([0; 32])),
            Self::Read(digest) => Some(digest),
            Self::Unread => None,
        }
    }
}

/// How far a round has come. It is kept between portions, and goes on from there.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Leaves read.
    size: u64,
    /// The frontier over them, level by level.
    partial: Vec<Vec<Hash>>,
    chains: BTreeMap<String, Chain>,
    logged_at: i64,
    epoch: i64,
    /// Bodies that records say were pruned, by prune: two people have agreed to each of them, so they are few.
    prunes: BTreeMap<String, u64>,
}

impl Round {
    /// Leaves read so far.
    #[must_use]
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Reads on to before `end`, and says what is wrong.
    ///
    /// # Errors
    /// The round itself is not one that was kept: begin anew.
    pub(crate) fn advance(&mut self, end: u64, portion: &Portion, keys: &Keys) -> Result<Vec<Violation>, TreeError> {
        let mut frontier = Frontier::restore(self.size, self.partial.clone())?;
        let mut found = Vec::new();
        let sound = sound_tiles(portion);
        for index in self.size..end {
            let from_tile = sound.get(&(index / TILE_WIDTH)).and_then(|tile| tile.get(slot(index)).copied());
            let hash = self.leaf(index, portion, from_tile, &mut found);
            for tile in frontier.push(hash) {
                let made = StoredTile { hashes: tile.hashes, root: tile.root };
                let stored = portion.tiles.get(&(tile.level, tile.number));
                if stored != Some(&made) {
                    let actual = stored.map_or_else(|| "absent".to_owned(), |stored| digest_of(stored).to_string());
                    let place = format!("tile {}/{}", tile.level, tile.number);
                    found.push(Violation::new(Kind::TileTampered, place, digest_of(&made), actual));
                }
            }
            let size = index.saturating_add(1);
            // A root takes as many hashes as the tree is high: it is computed where something is said of it.
            if portion.speaks_of(size) {
                self.tree(size, frontier.root(), portion, keys, &mut found);
            }
        }
        (self.size, self.partial) = (frontier.size(), frontier.partial().to_vec());
        Ok(found)
    }

    /// Ends the round, and says what is wrong with what belongs to no leaf.
    #[must_use]
    pub(crate) fn close(&self, closing: &Closing) -> Vec<Violation> {
        let mut found = Vec::new();
        for (table, rows) in closing.beyond.iter().filter(|(_, rows)| *rows > 0) {
            let place = format!("{table} beyond the newest head of {}", closing.size);
            found.push(Violation::new(Kind::LeafBeyond, place, 0, rows));
        }
        for (source, chain) in &self.chains {
            let latest = closing.epochs.get(source).copied().unwrap_or(0);
            if latest < chain.epoch {
                let place = format!("lease of {source}");
                found.push(Violation::new(Kind::IndexTampered, place, chain.epoch, latest));
            }
        }
        for prune in self.prunes.keys().chain(closing.prunes.keys()).collect::<BTreeSet<_>>() {
            let count = |of: &BTreeMap<String, u64>| of.get(prune).copied().unwrap_or(0);
            let (said, stored) = (count(&self.prunes), count(&closing.prunes));
            if said != stored {
                found.push(Violation::new(Kind::IndexTampered, format!("progress of {prune}"), said, stored));
            }
        }
        if closing.sequencer < self.epoch {
            found.push(Violation::new(
                Kind::HeadTampered,
                "the sequencer's lease".to_owned(),
                self.epoch,
                closing.sequencer,
            ));
        }
        found
    }

    /// A leaf against its tile, its body, its place. The hash that the tree was made of, as far as that can be told.
    fn leaf(&mut self, index: u64, portion: &Portion, tile: Option<Hash>, found: &mut Vec<Violation>) -> Hash {
        let number = index.cast_signed();
        let Some(leaf) = portion.leaves.get(&index) else {
            let expected = tile.map_or_else(String::new, |hash| hash.to_string());
            found.push(Violation::new(Kind::LeafMissing, "leaf".to_owned(), expected, "absent").of_record(number));
            self.pass_over(index, portion);
            return tile.unwrap_or_else(Hash::of_nothing);
        };
        let truth = tile.unwrap_or(leaf.stored);
        if leaf.computed != truth {
            let violation = Violation::new(Kind::LeafTampered, "leaf.content".to_owned(), truth, leaf.computed);
            found.push(violation.of_record(number));
            self.pass_over(index, portion);
            return truth;
        }
        if leaf.stored != truth {
            let violation = Violation::new(Kind::LeafTampered, "leaf.hash".to_owned(), truth, leaf.stored);
            found.push(violation.of_record(number));
        }
        let Some((logged_at, said)) = &leaf.said else {
            let place = "leaf.content".to_owned();
            found.push(Violation::new(Kind::LeafTampered, place, "a statement", "something else").of_record(number));
            self.pass_over(index, portion);
            return truth;
        };
        self.dates(number, *logged_at, said, found);
        check_body(number, said, leaf.body.as_ref(), portion.pruned.get(&index), found);
        for (table, wanted, stored) in [
            ("place", said.places(), portion.places.get(&index)),
            ("conflict", said.conflicts(), portion.conflicts.get(&index)),
        ] {
            let none = BTreeSet::new();
            let stored = stored.unwrap_or(&none);
            // Both in the order of source and number.
            let same =
                wanted.len() == stored.len() && wanted.iter().zip(stored).all(|(said, stored)| said.is_said_by(stored));
            if !same {
                let violation = Violation::new(Kind::IndexTampered, table.to_owned(), told(&wanted), told(stored));
                found.push(violation.of_record(number));
            }
        }
        let rows = portion.kept.get(&index).map(Vec::as_slice).unwrap_or_default();
        kept::compare(number, leaf.kept.as_ref(), rows, found);
        if let Some(count) = leaf.kept.as_ref().and_then(Row::pruned) {
            let counted = self.prunes.entry(said.subject.clone()).or_default();
            *counted = counted.saturating_add(count);
        }
        self.chain(number, said, found);
        truth
    }

    /// A leaf that cannot be read breaks no chain: the index says what stood there.
    fn pass_over(&mut self, index: u64, portion: &Portion) {
        for entry in portion.places.get(&index).into_iter().flatten() {
            let chain = self.chains.entry(entry.source.clone()).or_default();
            (chain.sequence, chain.digest) = (entry.sequence, Digest::of(entry.digest));
        }
    }

    fn dates(&mut self, index: i64, logged_at: Timestamp, said: &Said, found: &mut Vec<Violation>) {
        let before = Timestamp::from_micros(self.logged_at);
        if index > 0 && logged_at < before {
            let violation = Violation::new(Kind::ClockFault, "leaf.logged_at".to_owned(), before, logged_at);
            found.push(violation.of_record(index));
        }
        self.logged_at = logged_at.max(before).as_micros();
        let latest = logged_at.checked_add(CLOCKS_DIFFER).unwrap_or(Timestamp::MAX);
        if said.time > latest {
            let violation = Violation::new(Kind::ClockFault, "statement.time".to_owned(), logged_at, said.time);
            found.push(violation.of_record(index));
        }
    }

    /// The statements of each source follow each other: by one, and each carries the digest of the one before.
    fn chain(&mut self, index: i64, said: &Said, found: &mut Vec<Violation>) {
        for entry in said.places() {
            let own = entry.source == said.source && entry.sequence == said.sequence;
            let chain = self.chains.entry(entry.source.clone()).or_default();
            let expected = chain.sequence.saturating_add(1);
            let prev = chain.digest.expected();
            if entry.sequence != expected {
                let violation = Violation::new(Kind::SequenceBroken, entry.source.clone(), expected, entry.sequence);
                found.push(violation.of_record(index));
            } else if let Some(expected) = prev.filter(|prev| own && said.prev != *prev) {
                let violation = Violation::new(Kind::SequenceBroken, entry.source.clone(), expected, said.prev);
                found.push(violation.of_record(index));
            }
            chain.sequence = entry.sequence;
            chain.digest = Digest::of(entry.digest);
            if own {
                chain.epoch = chain.epoch.max(said.epoch);
            }
        }
    }

    /// What is said of the tree of this size: its head, its checkpoint, its cosignatures.
    fn tree(&mut self, size: u64, root: Hash, portion: &Portion, keys: &Keys, found: &mut Vec<Violation>) {
        if let Some(head) = portion.heads.get(&size) {
            let place = |column: &str| format!("head {size}, {column}");
            if head.root != root {
                found.push(Violation::new(Kind::RootMismatch, place("root"), root, head.root));
            }
            let dated = Timestamp::from_micros(self.logged_at);
            if head.logged_at != dated {
                found.push(Violation::new(Kind::HeadTampered, place("logged_at"), dated, head.logged_at));
            }
            if head.epoch < self.epoch {
                found.push(Violation::new(Kind::HeadTampered, place("epoch"), self.epoch, head.epoch));
            }
            self.epoch = self.epoch.max(head.epoch);
        }
        let Some(checkpoint) = portion.checkpoints.get(&size) else { return };
        let place = format!("checkpoint {size}");
        let said = keys.log.iter().find_map(|key| TreeHead::open(&checkpoint.note, key).ok());
        match said {
            Some(said) if said.size == size && said.root == root => {}
            // Signed by us, and not of this tree: whoever holds the note can prove it.
            Some(said) => {
                let violation =
                    Violation::new(Kind::Fork, place.clone(), root, format!("{} of {}", said.root, said.size));
                found.push(violation.against(vec![checkpoint.note.clone()]));
            }
            None => {
                let violation = Violation::new(Kind::CheckpointForged, place.clone(), "signed", "not signed");
                found.push(violation.against(vec![checkpoint.note.clone()]));
            }
        }
        let dated = Timestamp::from_micros(self.logged_at);
        if checkpoint.signed_at < dated {
            found.push(Violation::new(Kind::ClockFault, format!("{place}, signed_at"), dated, checkpoint.signed_at));
        }
        for cosignature in portion.cosignatures.get(&size).into_iter().flatten() {
            check_cosignature(size, checkpoint, cosignature, keys, found);
        }
    }
}

/// A body is the one that its statement commits to, or a record says that it was pruned.
fn check_body(
    index: i64,
    said: &Said,
    body: Option<&Body>,
    pruned: Option<&Option<String>>,
    found: &mut Vec<Violation>,
) {
    let digest = |body: &Body| body_digest(&body.salt, &body.content);
    let explained = pruned.is_some_and(|kind| kind.as_deref() == Some(said.kind.as_str()));
    if pruned.is_some() && !explained {
        let (place, expected) = ("pruned_body.record".to_owned(), "a record of a prune that names it");
        found.push(Violation::new(Kind::IndexTampered, place, expected, "another record").of_record(index));
    }
    let violation = match (said.body, body) {
        (Some(_), None) if explained => None,
        (_, Some(_)) if pruned.is_some() => Some((Kind::BodyTampered, "pruned".to_owned(), "there".to_owned())),
        (None, None) => None,
        (Some(committed), Some(body)) if digest(body) == committed => None,
        (Some(committed), Some(body)) => Some((Kind::BodyTampered, committed.to_string(), digest(body).to_string())),
        (Some(committed), None) => Some((Kind::BodyMissing, committed.to_string(), "absent".to_owned())),
        (None, Some(body)) => Some((Kind::BodyTampered, "none".to_owned(), digest(body).to_string())),
    };
    if let Some((kind, expected, actual)) = violation {
        found.push(Violation::new(kind, "body".to_owned(), expected, actual).of_record(index));
    }
}

/// A witness that is no longer known is not asked about: its key may be gone.
fn check_cosignature(
    size: u64,
    checkpoint: &StoredCheckpoint,
    cosignature: &StoredCosignature,
    keys: &Keys,
    found: &mut Vec<Violation>,
) {
    let StoredCosignature { witness, line, seconds } = cosignature;
    let Some(key) = keys.witnesses.iter().find(|key| key.name() == witness) else { return };
    let held = key.find(&with_lines(&checkpoint.note, &[line]));
    if !held.is_ok_and(|held| held.seconds == *seconds) {
        let place = format!("cosignature of {witness} on {size}");
        let violation = Violation::new(Kind::CosignatureForged, place, "cosigned", line);
        found.push(violation.against(vec![checkpoint.note.clone()]));
    }
}

/// Tiles of leaf hashes that are whole in themselves: what they say is believed before a single leaf is.
fn sound_tiles(portion: &Portion) -> HashMap<u64, &Vec<Hash>> {
    let of_leaves = portion.tiles.iter().filter(|((level, _), _)| *level == 0);
    let sound = of_leaves.filter(|(_, tile)| tile_root(&tile.hashes) == tile.root);
    sound.map(|((_, number), tile)| (*number, &tile.hashes)).collect()
}

fn slot(index: u64) -> usize {
    usize::try_from(index % TILE_WIDTH).unwrap_or_default()
}

fn digest_of(tile: &StoredTile) -> Hash {
    let bytes: Vec<u8> = tile.hashes.iter().chain([&tile.root]).flat_map(|hash| *hash.as_bytes()).collect();
    Hash::of(&bytes)
}

fn told(entries: &BTreeSet<Entry>) -> String {
    let one = |Entry { source, sequence, digest }: &Entry| match digest {
        Some(digest) => format!("{source} {sequence} {digest}"),
        None => format!("{source} {sequence}"),
    };
    entries.iter().map(one).collect::<Vec<_>>().join(", ")
}
