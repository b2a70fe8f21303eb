//! What a leaf's statement says of itself, and what must therefore stand in the index of sources.

use super::admission::OWN_SOURCE;
use crate::tlog::Hash;
use handsel_money::Timestamp;
use std::collections::BTreeSet;

/// A record of a place that could not be taken, and one of bytes that came under a number taken before.
pub(crate) const QUARANTINED: &str = "source.quarantined";
/// See [`QUARANTINED`].
pub(crate) const CONFLICT: &str = "audit.conflict";

/// What a statement in a leaf says, as far as the log depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Its type.
    pub(crate) kind: String,
    /// Whose it is.
    pub(crate) source: String,
    /// The lease under which it was numbered.
    pub(crate) epoch: i64,
    /// Its number.
    pub(crate) sequence: i64,
    /// Digest of the statement before it.
    pub(crate) prev: Hash,
    /// Digest of its own bytes.
    pub(crate) digest: Hash,
    /// When it says that it happened.
    pub(crate) time: Timestamp,
    /// What it is about; the first names what was quarantined, or in conflict.
    pub(crate) subject: String,
    /// What it belongs to; of the same records, the digest of what came.
    pub(crate) correlation: String,
    /// What it commits to, if it has a body.
    pub(crate) body: Option<Hash>,
}

/// A number of a source, and the bytes that came under it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// The source.
    pub(crate) source: String,
    /// The number.
    pub(crate) sequence: i64,
    /// SHA-256 of the bytes; none where the index does not say it: of a run of places it says the last one's.
    pub(crate) digest: Option<Hash>,
}

impl Entry {
    /// Whether the index says this of what a leaf says.
    #[must_use]
    pub(crate) fn is_said_by(&self, indexed: &Self) -> bool {
        let Self { source, sequence, digest } = self;
        *source == indexed.source
            && *sequence == indexed.sequence
            && (indexed.digest.is_none() || indexed.digest == *digest)
    }
}

impl Said {
    /// What the index of places must say of this leaf: the statement's own place, and that of what it quarantines.
    #[must_use]
    pub(crate) fn places(&self) -> BTreeSet<Entry> {
        let own = Entry { source: self.source.clone(), sequence: self.sequence, digest: Some(self.digest) };
        [own].into_iter().chain(self.about(QUARANTINED)).collect()
    }

    /// Digest of the bytes that came under this number of a source, if they lie here.
    #[must_use]
    pub(crate) fn digest_of(&self, source: &str, sequence: i64) -> Option<Hash> {
        let entry = self.places().into_iter().find(|entry| entry.source == source && entry.sequence == sequence);
        entry.and_then(|entry| entry.digest)
    }

    /// What the index of conflicts must say of this leaf.
    #[must_use]
    pub(crate) fn conflicts(&self) -> BTreeSet<Entry> {
        self.about(CONFLICT).into_iter().collect()
    }

    /// Another source's statement that this one, a record of ours of that kind, is about.
    fn about(&self, kind: &str) -> Option<Entry> {
        if self.source != OWN_SOURCE || self.kind != kind {
            return None;
        }
        let (source, sequence) = self.subject.strip_prefix("sources/")?.rsplit_once("/statements/")?;
        let digest = self.correlation.strip_prefix("sha256:")?.parse().ok()?;
        Some(Entry { source: source.to_owned(), sequence: sequence.parse().ok()?, digest: Some(digest) })
    }
}
