//! The right edge of a tree: what must be kept of it to append to it and to know its root.

use crate::{Hash, TreeError};
use serde::{Deserialize, Serialize};

/// A tree of some size, as the roots of the perfect subtrees it falls into: one for each bit of the size, largest first. Takes
/// leaves one by one and knows the root at any moment; at most 64 hashes, however many leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct CompactRange {
    size: u64,
    subtrees: Vec<Hash>,
}

/// A [`CompactRange`] as it is saved.
#[derive(Serialize, Deserialize)]
struct Parts {
    size: u64,
    subtrees: Vec<Hash>,
}

impl CompactRange {
    /// The tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self { size: 0, subtrees: Vec::new() }
    }

    /// Leaves in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends one leaf, by its hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_at(0, leaf);
    }

    /// Appends a perfect subtree of 2^`level` leaves, by its root.
    ///
    /// # Errors
    /// `Misaligned` unless the size is a multiple of 2^`level`.
    pub fn push_subtree(&mut self, level: u32, root: Hash) -> Result<(), TreeError> {
        if level >= 63 || !self.size.is_multiple_of(1 << level) {
            return Err(TreeError::Misaligned);
        }
        self.push_at(level, root);
        Ok(())
    }

    /// The root: the perfect subtrees joined from the right, as RFC 9162, section 2.1.1 splits them.
    #[must_use]
    pub fn root(&self) -> Hash {
        let joined = self.subtrees.iter().rev().copied().reduce(|right, left| Hash::of_node(left, right));
        joined.unwrap_or_else(Hash::of_nothing)
    }

    /// Every set bit of `size >> level` from the lowest on is a finished neighbour on the left: it is joined, as when carrying.
    fn push_at(&mut self, level: u32, root: Hash) {
        let mut root = root;
        let mut neighbours = self.size >> level;
        while neighbours & 1 == 1 {
            let Some(left) = self.subtrees.pop() else { break };
            root = Hash::of_node(left, root);
            neighbours >>= 1;
        }
        self.subtrees.push(root);
        self.size = self.size.saturating_add(1 << level);
    }
}

impl Default for CompactRange {
    fn default() -> Self {
        Self::new()
    }
}

impl TryFrom<Parts> for CompactRange {
    type Error = TreeError;

    fn try_from(parts: Parts) -> Result<Self, TreeError> {
        let Parts { size, subtrees } = parts;
        let fits = usize::try_from(size.count_ones()).is_ok_and(|subtrees_wanted| subtrees_wanted == subtrees.len());
        if !fits || i64::try_from(size).is_err() {
            return Err(TreeError::Misaligned);
        }
        Ok(Self { size, subtrees })
    }
}

impl From<CompactRange> for Parts {
    fn from(range: CompactRange) -> Self {
        let CompactRange { size, subtrees } = range;
        Self { size, subtrees }
    }
}

/// The root over a tile's hashes: its one entry in the tile above.
#[must_use]
pub fn tile_root(hashes: &[Hash]) -> Hash {
    let mut range = CompactRange::new();
    for hash in hashes {
        range.push(*hash);
    }
    range.root()
}
