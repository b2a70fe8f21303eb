//! Reads quickly what a filter asks for, and proves little: that the checkpoints continue each other, and that each record is
//! well-formed, asked for, and has the body that its statement commits to. Not that none was left out, nor that one is in the log.

use super::{
    VerifiedRecord, VerifyError,
    follower::{check_history, open},
    record,
};
use crate::{
    filter::RecordFilter,
    tlog::{Hash, VerifierKey},
};
use handsel_proto::handsel::audit::v1::{Cursor, Record, StreamRecordsResponse};

/// Reads one log in mode `FAST`.
#[derive(Debug, Clone)]
pub struct Glance {
    key: VerifierKey,
    filter: RecordFilter,
    next: i64,
    tree_size: u64,
    root: Hash,
}

/// A record that nobody has proven to be in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct UnprovenRecord(pub VerifiedRecord);

impl Glance {
    /// From the beginning of the log that this key signs.
    #[must_use]
    pub fn new(key: VerifierKey, filter: RecordFilter) -> Self {
        Self { key, filter, next: 0, tree_size: 0, root: Hash::of_nothing() }
    }

    /// Where to go on, for `StreamRecords`.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor {
            origin: self.key.name().to_owned(),
            next_index: self.next,
            tree_size: self.tree_size.cast_signed(),
            root_hash: if self.tree_size == 0 { Vec::new() } else { self.root.to_vec() },
        }
    }

    /// Takes a batch. Refused, it leaves the reader where it was.
    ///
    /// # Errors
    /// [`VerifyError`] for a checkpoint that does not continue the last one; `Gap` for records out of order or beyond it; `Record` for
    /// one that is malformed, was not asked for, or has another body.
    pub fn accept(&mut self, batch: StreamRecordsResponse) -> Result<Vec<UnprovenRecord>, VerifyError> {
        let StreamRecordsResponse { records, checkpoint, consistency_hashes, cursor, prefix_hashes: _ } = batch;
        let head = open(&self.key, checkpoint.ok_or(VerifyError::NoCheckpoint)?)?;
        check_history((self.tree_size, self.root), &head, &consistency_hashes)?;
        let end = cursor.map_or(self.next, |cursor| cursor.next_index).min(head.size.cast_signed());
        let (mut next, mut seen) = (self.next, Vec::with_capacity(records.len()));
        for record in records {
            let index = record.index;
            if index < next || index >= end {
                return Err(VerifyError::Gap { expected: next.cast_unsigned(), found: index });
            }
            seen.push(UnprovenRecord(asked_for(&self.filter, record)?));
            next = index.saturating_add(1);
        }
        (self.next, self.tree_size, self.root) = (end.max(next), head.size, head.root);
        Ok(seen)
    }
}

/// Reads a record that a filter asked for. Whether it is in the log is proven apart.
///
/// # Errors
/// `Record` if it is malformed, was not asked for, or has another body.
pub fn asked_for(filter: &RecordFilter, record: Record) -> Result<VerifiedRecord, VerifyError> {
    let index = record.index;
    let record = record::check(record).map_err(|why| VerifyError::Record { index, why })?;
    if filter.asks_for(&record.logged_at, &record.statement) {
        Ok(record)
    } else {
        Err(VerifyError::Record { index, why: record::RecordError::Unasked })
    }
}
