//! Folds what waits into the log, in order of arrival: no SQL, so that one call and a batch of calls come to the same.

use super::{Notice, sequence::Entry};
use crate::{
    domain::{
        admission::{Body, Call, OWN_SOURCE, Presented, Refusal, Source, Unfit},
        extension::{Extension, Located, Sealed},
    },
    said,
    store::source::Conflict,
    tlog::Hash,
};
use handsel_money::Timestamp;
use handsel_outbox::{
    Pseudonyms,
    statement::{self, GENESIS},
};
use handsel_storage::Fault;
use std::collections::{HashMap, HashSet};

/// Where a statement lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// Its number.
    pub(crate) sequence: i64,
    /// Its leaf.
    pub(crate) index: i64,
    /// The leaf, exactly as hashed.
    pub(crate) leaf: Vec<u8>,
}

/// A statement that was taken before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    /// Its number.
    pub(super) sequence: i64,
    /// Its leaf.
    pub(super) index: i64,
    /// SHA-256 of its bytes as they came.
    pub(super) digest: Hash,
    /// The leaf, exactly as hashed.
    pub(super) leaf: Vec<u8>,
}

impl Placed {
    /// What was taken under a number: its leaf holds the bytes, or says their digest where they were quarantined.
    ///
    /// # Errors
    /// The leaf says nothing of it.
    pub(super) fn read(source: &str, located: Located) -> Result<Self, Fault> {
        let Located { sequence, index, leaf } = located;
        let digest = said::of_leaf(&leaf).and_then(|(_, said)| said.digest_of(source, sequence));
        let digest = digest.ok_or_else(|| {
            Fault::Invalid(format!("leaf {index} does not say that it holds statement {sequence} of {source}"))
        })?;
        Ok(Self { sequence, index, digest, leaf })
    }
}

/// What became of an entry.
pub(crate) type Taken = Result<Vec<Receipt>, Refusal>;

/// What was known before.
pub(super) struct Known {
    pub(super) sources: HashMap<String, Source>,
    /// Statements that come again, by source and number.
    pub(super) placed: HashMap<(String, i64), Placed>,
    /// Conflicts that have their leaf.
    pub(super) conflicts: HashSet<Conflict>,
}

/// The log as it grows in one transaction.
pub(super) struct Fold<'a> {
    known: Known,
    /// The writer's lease.
    epoch: i64,
    pseudonyms: &'a Pseudonyms,
    pub(super) extension: Extension,
    pub(super) epochs: Vec<(String, i64)>,
    pub(super) conflicts: Vec<(Conflict, i64)>,
}

impl<'a> Fold<'a> {
    pub(super) fn begin(known: Known, extension: Extension, epoch: i64, pseudonyms: &'a Pseudonyms) -> Self {
        Self { known, epoch, pseudonyms, extension, epochs: Vec::new(), conflicts: Vec::new() }
    }

    /// Takes an entry, or says why not.
    pub(super) fn take(&mut self, entry: &Entry, now: Timestamp) -> Result<Taken, Fault> {
        match entry {
            Entry::Statements(call) => self.statements(call, now),
            Entry::Notice(sealed) => Ok(Ok(vec![self.notice(sealed, now)?])),
        }
    }

    /// The ladder of a call: what it is, its lease, its first number, what was taken before; then each new statement.
    fn statements(&mut self, call: &Call, now: Timestamp) -> Result<Taken, Fault> {
        let mut source = self.source(&call.source);
        if let Err(refusal) = call.check().and_then(|()| call.admit(&source)) {
            return Ok(Err(refusal));
        }
        if let Some(refusal) = self.conflict(call, &source, now)? {
            return Ok(Err(refusal));
        }
        if call.epoch > source.epoch {
            source.epoch = call.epoch;
            self.epochs.push((call.source.clone(), call.epoch));
        }
        let mut receipts = Vec::with_capacity(call.statements.len());
        for given in &call.statements {
            if given.sequence <= source.last_sequence {
                receipts.push(self.again(&call.source, given.sequence)?);
                continue;
            }
            let Sealed { index, leaf } = match given.fit(call, &source) {
                Ok(()) => self.seal(now, &given.bytes, given.body.clone())?,
                Err(unfit) => self.quarantine(&call.source, given, unfit, now)?,
            };
            source = Source { last_sequence: given.sequence, last_digest: given.digest, ..source };
            self.extension.place(&call.source, given.sequence, index, given.digest);
            receipts.push(Receipt { sequence: given.sequence, index, leaf });
        }
        self.known.sources.insert(call.source.clone(), source);
        Ok(Ok(receipts))
    }

    /// Whether a number taken before comes with other bytes: then nothing of the call is taken, and one leaf says so.
    fn conflict(&mut self, call: &Call, source: &Source, now: Timestamp) -> Result<Option<Refusal>, Fault> {
        for given in call.statements.iter().take_while(|given| given.sequence <= source.last_sequence) {
            let placed = self.placed(&call.source, given.sequence)?;
            if placed.digest == given.digest {
                continue;
            }
            let notice = Notice::conflict(&call.source, given, placed.index);
            let conflict = Conflict { source: call.source.clone(), sequence: given.sequence, digest: given.digest };
            if self.known.conflicts.insert(conflict.clone()) {
                let sealed = notice.seal_bare(now, self.pseudonyms)?;
                let index = self.notice(&sealed, now)?.index;
                self.conflicts.push((conflict, index));
            }
            return Ok(Some(Refusal::StatementConflict { sequence: given.sequence }));
        }
        Ok(None)
    }

    fn quarantine(&mut self, source: &str, given: &Presented, unfit: Unfit, now: Timestamp) -> Result<Sealed, Fault> {
        let sealed = Notice::quarantined(source, given, unfit).seal_bare(now, self.pseudonyms)?;
        let Receipt { sequence: _, index, leaf } = self.notice(&sealed, now)?;
        Ok(Sealed { index, leaf })
    }

    /// Gives one of our own statements its place in our own chain.
    pub(super) fn notice(&mut self, sealed: &statement::Sealed, now: Timestamp) -> Result<Receipt, Fault> {
        let mut own = self.source(OWN_SOURCE);
        let sequence = own.last_sequence.saturating_add(1);
        let bytes = statement::complete(&sealed.content, self.epoch, sequence, own.last_digest.as_bytes())
            .map_err(|error| Fault::Invalid(error.to_string()))?;
        let body = if sealed.body.is_empty() {
            None
        } else {
            Some(Body { content: sealed.body.clone(), salt: sealed.body_salt.clone() })
        };
        let Sealed { index, leaf } = self.seal(now, &bytes, body)?;
        let digest = Hash::of(&bytes);
        if self.epoch > own.epoch {
            self.epochs.push((OWN_SOURCE.to_owned(), self.epoch));
        }
        own = Source { epoch: self.epoch, last_sequence: sequence, last_digest: digest };
        self.known.sources.insert(OWN_SOURCE.to_owned(), own);
        self.extension.place(OWN_SOURCE, sequence, index, digest);
        Ok(Receipt { sequence, index, leaf })
    }

    fn seal(&mut self, now: Timestamp, statement: &[u8], body: Option<Body>) -> Result<Sealed, Fault> {
        self.extension.seal(now, statement, body).map_err(|error| Fault::Invalid(error.to_string()))
    }

    fn again(&self, source: &str, sequence: i64) -> Result<Receipt, Fault> {
        let Placed { sequence, index, digest: _, leaf } = self.placed(source, sequence)?;
        Ok(Receipt { sequence, index, leaf })
    }

    /// A statement that was taken before: known from storage, or from a call of the same batch.
    fn placed(&self, source: &str, sequence: i64) -> Result<Placed, Fault> {
        let before = self.known.placed.get(&(source.to_owned(), sequence)).cloned();
        let missing = || Fault::Invalid(format!("statement {sequence} of {source} has no place in the log"));
        match before {
            Some(placed) => Ok(placed),
            None => Placed::read(source, self.extension.located(source, sequence).ok_or_else(missing)?),
        }
    }

    fn source(&self, name: &str) -> Source {
        let new = Source { epoch: 0, last_sequence: 0, last_digest: GENESIS.into() };
        self.known.sources.get(name).copied().unwrap_or(new)
    }
}
