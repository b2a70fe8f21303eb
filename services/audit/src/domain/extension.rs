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
    /// Which statements lie where.
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

/// Statements of a place at most: as many as one call may bring.
pub(crate) const PLACE_STATEMENTS: i64 = 256;

/// Where a run of a source's statements lies: consecutive numbers under consecutive leaves, which hold or quarantine them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Whose they are.
    pub(crate) source: String,
    /// The first one's number.
    pub(crate) first_sequence: i64,
    /// How many; [`PLACE_STATEMENTS`] at most.
    pub(crate) statements: i64,
    /// The first one's leaf.
    pub(crate) first_leaf: i64,
    /// SHA-256 of the last one's bytes as they came.
    pub(crate) last_digest: Hash,
}

impl Place {
    /// The leaf of the statement with this number, if it lies here.
    fn leaf_of(&self, sequence: i64) -> Option<i64> {
        let place = sequence.checked_sub(self.first_sequence)?;
        (0..self.statements).contains(&place).then(|| self.first_leaf.saturating_add(place))
    }

    /// Takes the statement in, if it lies behind the last one in both respects.
    fn take(&mut self, sequence: i64, leaf: i64, digest: Hash) -> bool {
        let follows = |first: i64, next: i64| first.checked_add(self.statements) == Some(next);
        let taken = self.statements < PLACE_STATEMENTS
            && follows(self.first_sequence, sequence)
            && follows(self.first_leaf, leaf);
        if taken {
            self.statements = self.statements.saturating_add(1);
            self.last_digest = digest;
        }
        taken
    }
}

/// Where a statement was put, and in which leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    /// Its number.
    pub(crate) sequence: i64,
    /// Its leaf.
    pub(crate) index: i64,
    /// The leaf, exactly as hashed.
    pub(crate) leaf: Vec<u8>,
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

    /// Notes where a source's next statement lies, and the digest of its bytes.
    pub(crate) fn place(&mut self, source: &str, sequence: i64, leaf: i64, digest: Hash) {
        let last = self.places.iter_mut().rev().find(|place| place.source == source);
        if !last.is_some_and(|place| place.take(sequence, leaf, digest)) {
            let source = source.to_owned();
            let run = Place { source, first_sequence: sequence, statements: 1, first_leaf: leaf, last_digest: digest };
            self.places.push(run);
        }
    }

    /// The leaf of a statement that was placed in this extension.
    #[must_use]
    pub(crate) fn located(&self, source: &str, sequence: i64) -> Option<Located> {
        let runs = self.places.iter().filter(|place| place.source == source);
        let index = runs.filter_map(|place| place.leaf_of(sequence)).next()?;
        let place = usize::try_from(index.checked_sub(self.leaves.first()?.index)?).ok()?;
        let leaf = self.leaves.get(place)?.content.clone();
        Some(Located { sequence, index, leaf })
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

    #[test]
    fn places_are_runs_of_consecutive_numbers_under_consecutive_leaves() {
        let mut extension = Extension::of(Frontier::new(), Timestamp::MIN);
        let digest = |sequence: i64| Hash::of(&sequence.to_be_bytes());
        // A quarantine: the log's own statement fills a place of the source's.
        let said = [
            ("a", 7, 0),
            ("a", 8, 1),
            ("a", 9, 2),
            ("log", 4, 2),
            ("a", 10, 3),
            ("b", 1, 4),
            ("a", 11, 5),
            ("a", 13, 6),
        ];
        for (source, sequence, leaf) in said {
            extension.place(source, sequence, leaf, digest(sequence));
        }
        let run = |source: &str, first_sequence: i64, statements: i64, first_leaf: i64| {
            let last_digest = digest(first_sequence + statements - 1);
            Place { source: source.to_owned(), first_sequence, statements, first_leaf, last_digest }
        };
        let runs = [run("a", 7, 4, 0), run("log", 4, 1, 2), run("b", 1, 1, 4), run("a", 11, 1, 5), run("a", 13, 1, 6)];
        assert_eq!(extension.places, runs);
    }

    #[test]
    fn a_place_holds_so_many_statements_at_most() {
        let mut extension = Extension::of(Frontier::new(), Timestamp::MIN);
        for number in 1..=PLACE_STATEMENTS + 1 {
            extension.place("a", number, number, Hash::of(b""));
        }
        assert_eq!(extension.places.iter().map(|place| place.statements).collect::<Vec<_>>(), [PLACE_STATEMENTS, 1]);
    }
}
