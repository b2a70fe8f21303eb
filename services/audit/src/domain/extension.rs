//! What one transaction adds to the log: leaves in order, the tiles they fill, the head they lead to.

use super::{
    admission::Body,
    frontier::{Frontier, FullTile},
    leaf::{self, LeafTooLong},
};
use crate::tlog::Hash;
use handsel_money::Timestamp;

/// A growing log, and what it has grown by.
#[derive(Debug)]
pub(crate) struct Extension {
    frontier: Frontier,
    logged_at: Timestamp,
    /// In order of index.
    pub(crate) leaves: Vec<Leaf>,
    /// Full tiles, each before the one above it.
    pub(crate) tiles: Vec<FullTile>,
    /// Which statement lies where.
    pub(crate) places: Vec<Place>,
}

/// A new leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// Counts from 0.
    pub(crate) index: i64,
    /// Exactly as hashed.
    pub(crate) content: Vec<u8>,
    /// Its leaf hash.
    pub(crate) hash: Hash,
    /// The body beside it.
    pub(crate) body: Option<Body>,
}

/// Where a source's statement lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Whose it is.
    pub(crate) source: String,
    /// Its number.
    pub(crate) sequence: i64,
    /// The leaf that holds it, or that quarantines it.
    pub(crate) index: i64,
    /// SHA-256 of its bytes as they came.
    pub(crate) digest: Hash,
}

/// Where something was sealed, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// The leaf's index.
    pub(crate) index: i64,
    /// The leaf, exactly as hashed.
    pub(crate) leaf: Vec<u8>,
}

impl Extension {
    /// Of a log whose last leaf was dated `last_logged_at`.
    #[must_use]
    pub(crate) fn of(frontier: Frontier, last_logged_at: Timestamp) -> Self {
        Self { frontier, logged_at: last_logged_at, leaves: Vec::new(), tiles: Vec::new(), places: Vec::new() }
    }

    /// Seals a statement as the next leaf. Leaves are dated in the order of their indexes: a clock that was set back does not
    /// show in the log.
    ///
    /// # Errors
    /// [`LeafTooLong`].
    pub(crate) fn seal(&mut self, now: Timestamp, statement: &[u8], body: Option<Body>) -> Result<Sealed, LeafTooLong> {
        let logged_at = self.logged_at.max(now);
        let content = leaf::compose(logged_at, statement)?;
        let index = self.frontier.size().cast_signed();
        let hash = Hash::of_leaf(&content);
        self.logged_at = logged_at;
        self.tiles.extend(self.frontier.push(hash));
        self.leaves.push(Leaf { index, content: content.clone(), hash, body });
        Ok(Sealed { index, leaf: content })
    }

    /// The log's edge after it.
    #[must_use]
    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The instant of the last leaf.
    #[must_use]
    pub(crate) fn logged_at(&self) -> Timestamp {
        self.logged_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_dense_and_dated_in_their_order() {
        let at = Timestamp::from_micros;
        let mut extension = Extension::of(Frontier::new(), at(10));
        for (now, statement) in [(20, b"{}".as_slice()), (15, b"[]"), (30, b"0")] {
            extension.seal(at(now), statement, None).unwrap();
        }
        let dated: Vec<_> =
            extension.leaves.iter().map(|leaf| String::from_utf8_lossy(&leaf.content).into_owned()).collect();
        expect_test::expect![[r#"
            [
                "{\"logged_at\":\"1970-01-01T00:00:00.000020Z\",\"statement\":{}}",
                "{\"logged_at\":\"1970-01-01T00:00:00.000020Z\",\"statement\":[]}",
                "{\"logged_at\":\"1970-01-01T00:00:00.000030Z\",\"statement\":0}",
            ]
        "#]]
        .assert_debug_eq(&dated);
        assert_eq!(extension.leaves.iter().map(|leaf| leaf.index).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!((extension.frontier().size(), extension.logged_at()), (3, at(30)));
    }
}
