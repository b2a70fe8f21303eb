//! Follows a log batch by batch, and refuses to advance on anything it has not proven.

use super::{
    pruned::{self, Places},
    record::{self, Absent, RecordError, VerifiedRecord},
};
use crate::filter::RecordFilter;
use crate::tlog::{
    CheckpointError, CompactRange, Hash, TreeError, TreeHead, VerifierKey, check_consistency, hashes_from,
};
use futures::{Stream, StreamExt as _};
use handsel_proto::handsel::audit::v1::{Checkpoint, Cursor, Record, StreamRecordsResponse};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;
use tonic::Status;

/// Where a follower stands, to be kept between runs where nobody else writes: it is what the log is held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedCursor {
    /// The log's origin.
    pub origin: String,
    /// The tree of all records read so far: the next one has its size as index.
    pub read: CompactRange,
    /// Size of the last checkpoint verified; 0: none.
    pub tree_size: u64,
    /// Its root; that of the empty tree if there is none.
    pub root_hash: Hash,
    /// The key that was learnt, where the log's key has been replaced since the one that is trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated: Option<Rotated>,
    /// Bodies that were not there and that the server said were pruned, by records that are to say so and were not read yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pruned: PrunedBy,
}

/// By the index of the record of a prune, and by type of statement: the first and last of each run of places.
pub type PrunedBy = BTreeMap<i64, BTreeMap<String, Vec<[u64; 2]>>>;

/// A key that was learnt from one that is trusted: a record under a checkpoint that both signed named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotated {
    /// The one that is trusted.
    pub from: String,
    /// The one that was learnt.
    pub to: String,
}

/// Follows one log.
#[derive(Debug, Clone)]
pub struct Follower {
    /// The key that was trusted from the beginning, and the one that follows from it.
    trusted: VerifierKey,
    key: VerifierKey,
    cursor: SavedCursor,
    filter: RecordFilter,
}

/// Why a follower does not advance. What it had proven before stays; the batch is dropped whole.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The saved cursor is another log's, or says that more was read than was covered.
    #[error("the saved cursor does not fit this log")]
    Cursor,
    /// A batch without a checkpoint.
    #[error("the batch has no checkpoint")]
    NoCheckpoint,
    /// The checkpoint is not this log's, or not signed by its key.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The message's own fields say something else than the note that was signed.
    #[error("the checkpoint's fields differ from its signed note")]
    CheckpointFields,
    /// The checkpoint is older than one that was verified before.
    #[error("the log went back from {verified} records to {shown}")]
    WentBack {
        /// Covered by the last checkpoint verified.
        verified: u64,
        /// Covered by this one.
        shown: u64,
    },
    /// The checkpoint does not extend the last one: history was rewritten, or different readers are shown different logs.
    #[error("the checkpoint of {to} records does not extend the one of {from}: history was rewritten")]
    Inconsistent {
        /// Records of the last checkpoint verified.
        from: u64,
        /// Records of this one.
        to: u64,
    },
    /// A record names a new key that has not signed the checkpoint over it.
    #[error("a new key is named that has not signed the checkpoint")]
    Rotation,
    /// A record is missing, comes twice, or comes out of order.
    #[error("record {expected} was expected, {found} came")]
    Gap {
        /// The next index.
        expected: u64,
        /// The one that came.
        found: i64,
    },
    /// A record is not what the log must hold.
    #[error("record {index}: {why}")]
    Record {
        /// Which.
        index: i64,
        /// What is wrong.
        why: RecordError,
    },
    /// The records do not make the tree that was signed: one was left out, replaced or added.
    #[error("the records up to {size} are not those that the checkpoint covers")]
    Unproven {
        /// How many were read.
        size: u64,
    },
    /// The stream ended before its last checkpoint was reached.
    #[error("the stream ended at record {read} of {covered}")]
    Truncated {
        /// Records read.
        read: u64,
        /// Records that the last checkpoint covers.
        covered: u64,
    },
    /// The server ended the stream with an error.
    #[error("the server: {0}")]
    Server(String),
}

impl SavedCursor {
    fn beginning(origin: &str) -> Self {
        let (origin, read) = (origin.to_owned(), CompactRange::new());
        Self { origin, root_hash: read.root(), read, tree_size: 0, rotated: None, pruned: BTreeMap::new() }
    }

    fn fits(&self, origin: &str) -> bool {
        let covered = self.read.size() <= self.tree_size;
        let ends_there = self.read.size() < self.tree_size || self.read.root() == self.root_hash;
        self.origin == origin && covered && ends_there && i64::try_from(self.tree_size).is_ok()
    }
}

impl Follower {
    /// Follows the log that this key signs, from where an earlier run stood or from the beginning.
    ///
    /// # Errors
    /// `Cursor` if the saved one is not of this log.
    pub fn new(key: VerifierKey, saved: Option<SavedCursor>) -> Result<Self, VerifyError> {
        let cursor = saved.unwrap_or_else(|| SavedCursor::beginning(key.name()));
        let trusted = key;
        let key = match &cursor.rotated {
            Some(Rotated { from, to }) if *from == trusted.to_string() => {
                VerifierKey::parse(to).map_err(|_| VerifyError::Cursor)?
            }
            _ => trusted.clone(),
        };
        let filter = RecordFilter::default();
        if cursor.fits(key.name()) { Ok(Self { trusted, key, cursor, filter }) } else { Err(VerifyError::Cursor) }
    }

    /// Hands out only what the filter asks for, of a stream in mode `PROVEN_FILTER`. Every leaf is hashed all the same, so a
    /// server that leaves out a record, or the body of one that was asked for, is found out.
    #[must_use]
    pub fn asking_for(self, filter: RecordFilter) -> Self {
        Self { filter, ..self }
    }

    /// Where it stands, to be kept.
    #[must_use]
    pub fn saved(&self) -> &SavedCursor {
        &self.cursor
    }

    /// Where to go on, for `StreamRecords`.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let root_hash = if self.cursor.tree_size == 0 { Vec::new() } else { self.cursor.root_hash.to_vec() };
        Cursor {
            origin: self.cursor.origin.clone(),
            next_index: self.cursor.read.size().cast_signed(),
            tree_size: self.cursor.tree_size.cast_signed(),
            root_hash,
        }
    }

    /// The key that signs the log now, as far as it was followed.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Whether every record that the last checkpoint covers has been read.
    #[must_use]
    pub fn is_at_the_end(&self) -> bool {
        self.cursor.read.size() == self.cursor.tree_size
    }

    /// Checks a batch and advances past it. Refused, it leaves the follower where it was.
    ///
    /// # Errors
    /// [`VerifyError`]: the first thing that does not hold, in the order: checkpoint, its history, each record, their tree.
    pub fn accept(&mut self, batch: StreamRecordsResponse) -> Result<Vec<VerifiedRecord>, VerifyError> {
        // The server's idea of where we stand is no evidence: ours is computed.
        let StreamRecordsResponse { records, checkpoint, consistency_hashes, cursor: _, prefix_hashes } = batch;
        let checkpoint = checkpoint.ok_or(VerifyError::NoCheckpoint)?;
        let note = checkpoint.note.clone();
        let head = open(&self.key, checkpoint)?;
        check_history((self.cursor.tree_size, self.cursor.root_hash), &head, &consistency_hashes)?;
        let named = next_key(&self.key, &records);
        let (read, verified, claimed) = self.read(records)?;
        check_prefix(&read, &head, &prefix_hashes)?;
        let rotated = match named {
            None => self.cursor.rotated.take(),
            Some(next) => {
                TreeHead::open(&note, &next).map_err(|_| VerifyError::Rotation)?;
                self.key = next;
                Some(Rotated { from: self.trusted.to_string(), to: self.key.to_string() })
            }
        };
        let origin = head.origin;
        let pruned = self.still_unproven(&read, claimed);
        self.cursor = SavedCursor { origin, read, tree_size: head.size, root_hash: head.root, rotated, pruned };
        Ok(verified)
    }

    /// Says that the stream has ended, where it should have ended at its last checkpoint.
    ///
    /// # Errors
    /// `Truncated` if records that the checkpoint covers did not come.
    pub fn finish(&self) -> Result<(), VerifyError> {
        let (read, covered) = (self.cursor.read.size(), self.cursor.tree_size);
        if read < covered { Err(VerifyError::Truncated { read, covered }) } else { Ok(()) }
    }

    /// Places whose bodies were said to be pruned by a record that has not been read: nothing but the server's word. At the end of a
    /// stream these are prunes that its last checkpoint does not cover yet; what stays here is no prune.
    pub fn unproven(&self) -> impl Iterator<Item = [u64; 2]> {
        self.cursor.pruned.values().flat_map(BTreeMap::values).flatten().copied()
    }

    fn still_unproven(&mut self, read: &CompactRange, claimed: PrunedBy) -> PrunedBy {
        let next = read.size().cast_signed();
        let mut unproven = self.cursor.pruned.split_off(&next);
        for (by, places) in claimed.into_iter().filter(|(by, _)| *by >= next) {
            let known = unproven.entry(by).or_default();
            places.into_iter().for_each(|(kind, runs)| known.entry(kind).or_default().extend(runs));
        }
        unproven
    }

    fn read(&self, records: Vec<Record>) -> Result<(CompactRange, Vec<VerifiedRecord>, PrunedBy), VerifyError> {
        let mut claimed = PrunedBy::new();
        let mut read = self.cursor.read.clone();
        let mut verified = Vec::with_capacity(records.len());
        for record in records {
            let index = record.index;
            if u64::try_from(index) != Ok(read.size()) {
                return Err(VerifyError::Gap { expected: read.size(), found: index });
            }
            read.push(Hash::of_leaf(&record.leaf));
            let refused = |why| VerifyError::Record { index, why };
            let said = record::check_leaf(record.clone()).map_err(refused)?;
            let of_it = [self.cursor.pruned.get(&index), claimed.get(&index)];
            if of_it.into_iter().flatten().any(|places| !says(&said, places)) {
                return Err(refused(RecordError::Prune));
            }
            if self.filter.asks_for(&said.logged_at, &said.statement) {
                let record = record::check(record).map_err(refused)?;
                if let Some(Absent::PrunedBy(by)) = record.absent {
                    let kind = record.statement.get("type").and_then(serde_json::Value::as_str).unwrap_or_default();
                    pruned::add(claimed.entry(by).or_default(), kind, index.cast_unsigned());
                }
                verified.push(record);
            }
        }
        Ok((read, verified, claimed))
    }
}

/// Whether it is the record of a prune of all these places.
fn says(record: &VerifiedRecord, places: &Places) -> bool {
    let VerifiedRecord { index, statement, body, body_salt, .. } = record;
    let said = pruned::read(index.cast_unsigned(), statement, body_salt, body);
    said.is_some_and(|said| pruned::unexplained(places, Places::from([(said.kind, said.runs)])).is_none())
}

/// The key that records name to follow this one. Of several rotations in one batch the last counts, if each follows the one before.
fn next_key(key: &VerifierKey, records: &[Record]) -> Option<VerifierKey> {
    let mut next = None;
    for record in records {
        let Ok((_, statement)) = record::read(&record.leaf) else { continue };
        let said =
            |field: &str| statement.get(field).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        if said("source") != "audit/audit" || said("type") != "key.rotate" {
            continue;
        }
        let named = |at: &str| statement.pointer(at)?.as_str()?.strip_prefix("keys/").map(str::to_owned);
        let (Some(from), Some(to)) = (named("/subjects/0"), named("/subjects/1")) else { continue };
        let current = next.as_ref().unwrap_or(key);
        if from == current.to_string() {
            next = VerifierKey::parse(&to).ok().filter(|to| to.name() == key.name()).or(next);
        }
    }
    next
}

/// The tree head of a checkpoint that the key signed, and that says what its message says.
pub(super) fn open(key: &VerifierKey, checkpoint: Checkpoint) -> Result<TreeHead, VerifyError> {
    let Checkpoint { note, tree_size, root_hash, sign_time: _, witnessed_size: _ } = checkpoint;
    let head = TreeHead::open(&note, key)?;
    let same = u64::try_from(tree_size) == Ok(head.size) && root_hash == head.root.as_bytes();
    if same { Ok(head) } else { Err(VerifyError::CheckpointFields) }
}

/// That a tree head continues the tree that was verified before.
pub(super) fn check_history(
    (from, from_root): (u64, Hash),
    head: &TreeHead,
    hashes: &[Vec<u8>],
) -> Result<(), VerifyError> {
    if head.size < from {
        return Err(VerifyError::WentBack { verified: from, shown: head.size });
    }
    proven(hashes, from, from_root, head).map_err(|_| VerifyError::Inconsistent { from, to: head.size })
}

fn check_prefix(read: &CompactRange, head: &TreeHead, hashes: &[Vec<u8>]) -> Result<(), VerifyError> {
    proven(hashes, read.size(), read.root(), head).map_err(|_| VerifyError::Unproven { size: read.size() })
}

fn proven(hashes: &[Vec<u8>], from: u64, from_root: Hash, head: &TreeHead) -> Result<(), TreeError> {
    check_consistency(&hashes_from(hashes)?, from, from_root, head.size, head.root)
}

/// Checks a whole stream that should end by itself, handing each batch to `each` once it is proven.
///
/// # Errors
/// What [`Follower::accept`] refuses; `Server` if the stream fails; `Truncated` if it ends too early.
pub async fn verify_stream<S>(
    follower: &mut Follower,
    stream: S,
    mut each: impl FnMut(Vec<VerifiedRecord>),
) -> Result<(), VerifyError>
where
    S: Stream<Item = Result<StreamRecordsResponse, Status>> + Unpin,
{
    let mut stream = stream;
    while let Some(batch) = stream.next().await {
        let batch =
            batch.map_err(|status| VerifyError::Server(format!("{:?}: {}", status.code(), status.message())))?;
        each(follower.accept(batch)?);
    }
    follower.finish()
}
