//! Proofs: which tiles one needs, how it is made from them, how it is checked.

use crate::{HASH_BYTES, Hash};
use std::{cell::RefCell, collections::HashMap};
use thiserror::Error;
use tlog_tiles::{HashReader, Tile, check_record, check_tree, prove_record, prove_tree, tree_hash};

/// Hashes in a full tile (C2SP tlog-tiles).
pub const TILE_WIDTH: u64 = 256;
/// Levels of the tree in one tile: 2^8 = 256.
const TILE_HEIGHT: u8 = 8;
/// A path from leaf to root is never longer; a consistency proof has at most one hash more.
const MAX_PROOF: usize = 65;

/// Something asked of a tree that [`Tiles`] can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// The root of the tree of this size.
    Root {
        /// Leaves in the tree.
        size: u64,
    },
    /// The path from a leaf to the root (RFC 9162, section 2.1.3).
    Inclusion {
        /// The leaf, counted from 0; less than `size`.
        index: u64,
        /// Leaves in the tree.
        size: u64,
    },
    /// That the tree of `from` leaves is the beginning of the tree of `to` (RFC 9162, section 2.1.4).
    Consistency {
        /// Leaves in the smaller tree, at least 1.
        from: u64,
        /// Leaves in the larger tree.
        to: u64,
    },
}

/// The first `width` hashes of a tile: what a question needs of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileSpan {
    /// 0 holds leaf hashes; each tile of a level is one hash of the next.
    pub level: u8,
    /// Counts tiles of the level from 0.
    pub number: u64,
    /// 1 to 256.
    pub width: u64,
}

/// Tiles that were loaded to answer a question.
#[derive(Debug, Default)]
pub struct Tiles(HashMap<(u8, u64), Vec<u8>>);

/// Why a tree could not answer, or an answer does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TreeError {
    /// An index or size that the tree does not have.
    #[error("the tree has no such index or size")]
    OutOfRange,
    /// A subtree was put where none of its size can stand.
    #[error("a subtree does not stand on its own boundary")]
    Misaligned,
    /// Storage returned fewer hashes than it holds if it is whole.
    #[error("tile {level}/{number} is missing or short")]
    ShortTile {
        /// The tile's level.
        level: u8,
        /// The tile's number.
        number: u64,
    },
    /// A proof does not prove what it should.
    #[error("the proof does not hold")]
    Unproven,
}

impl Question {
    /// The tiles that the answer is made of, each once.
    ///
    /// # Errors
    /// `OutOfRange` if the question is about a leaf or a tree that cannot be.
    pub fn needs(&self) -> Result<Vec<TileSpan>, TreeError> {
        self.check()?;
        let asking = Asking::default();
        self.put(&asking)?;
        Ok(asking.spans())
    }

    /// The answer, from the tiles that [`Question::needs`] named. A root is one hash.
    ///
    /// # Errors
    /// `OutOfRange` as above; `ShortTile` if a tile is missing or holds less than was asked for.
    pub fn answer(&self, tiles: &Tiles) -> Result<Vec<Hash>, TreeError> {
        self.check()?;
        for span in self.needs()? {
            tiles.check(span)?;
        }
        self.put(&Answering(tiles))
    }

    fn check(&self) -> Result<(), TreeError> {
        let (smaller, larger) = match *self {
            Self::Root { size } => (0, size),
            Self::Inclusion { index, size } => (index.saturating_add(1), size),
            Self::Consistency { from: 0, .. } => return Err(TreeError::OutOfRange),
            Self::Consistency { from, to } => (from, to),
        };
        // Beyond 2^63 the arithmetic of stored indexes wraps; no column holds such a size either.
        if smaller > larger || i64::try_from(larger).is_err() { Err(TreeError::OutOfRange) } else { Ok(()) }
    }

    fn put(&self, reader: &impl HashReader) -> Result<Vec<Hash>, TreeError> {
        let hashes = match *self {
            Self::Root { size } => tree_hash(size, reader).map(|root| vec![root]),
            Self::Inclusion { index, size } => prove_record(size, index, reader),
            Self::Consistency { from, to } => prove_tree(to, from, reader),
        };
        let hashes = hashes.map_err(|_| TreeError::OutOfRange)?;
        Ok(hashes.into_iter().map(Hash::from).collect())
    }
}

impl Tiles {
    /// Adds a tile: its hashes, one after the other, as many as there are.
    pub fn insert(&mut self, level: u8, number: u64, hashes: Vec<u8>) {
        self.0.insert((level, number), hashes);
    }

    /// Whether a span was loaded whole.
    ///
    /// # Errors
    /// `ShortTile` if not.
    pub fn check(&self, span: TileSpan) -> Result<(), TreeError> {
        let TileSpan { level, number, width } = span;
        let short = TreeError::ShortTile { level, number };
        let hashes = self.0.get(&(level, number)).ok_or_else(|| short.clone())?;
        let held = u64::try_from(hashes.len() / HASH_BYTES).unwrap_or(0);
        if held < width || hashes.len() % HASH_BYTES != 0 || held > TILE_WIDTH { Err(short) } else { Ok(()) }
    }
}

/// Checks that a leaf is in a tree.
///
/// # Errors
/// `OutOfRange`, or `Unproven` if the proof does not lead from the leaf to the root.
pub fn check_inclusion(proof: &[Hash], size: u64, root: Hash, index: u64, leaf: Hash) -> Result<(), TreeError> {
    Question::Inclusion { index, size }.check()?;
    let proof = bounded(proof)?;
    check_record(&proof, size, root.into(), index, leaf.into()).map_err(|_| TreeError::Unproven)
}

/// Checks that the tree of `from` leaves and root `from_root` is the beginning of the tree of `to` and `to_root`. Every tree
/// begins with the empty one, for which the proof is empty (RFC 9162 defines none).
///
/// # Errors
/// `OutOfRange` if the second is smaller; `Unproven` if the proof does not lead to both roots.
pub fn check_consistency(proof: &[Hash], from: u64, from_root: Hash, to: u64, to_root: Hash) -> Result<(), TreeError> {
    if from == 0 {
        let empty = proof.is_empty() && from_root == Hash::of_nothing() && (to > 0 || to_root == from_root);
        return if empty { Ok(()) } else { Err(TreeError::Unproven) };
    }
    Question::Consistency { from, to }.check()?;
    let proof = bounded(proof)?;
    check_tree(&proof, to, to_root.into(), from, from_root.into()).map_err(|_| TreeError::Unproven)
}

/// Hashes of a message, 32 bytes each.
///
/// # Errors
/// `Unproven` if one has another length.
pub fn hashes_from(messages: &[Vec<u8>]) -> Result<Vec<Hash>, TreeError> {
    messages.iter().map(|bytes| Hash::try_from(bytes.as_slice()).map_err(|_| TreeError::Unproven)).collect()
}

fn bounded(proof: &[Hash]) -> Result<Vec<tlog_tiles::Hash>, TreeError> {
    if proof.len() > MAX_PROOF {
        return Err(TreeError::Unproven);
    }
    Ok(proof.iter().copied().map(tlog_tiles::Hash::from).collect())
}

/// A reader that only listens: it notes what it is asked for and answers with zeros.
#[derive(Default)]
struct Asking(RefCell<Vec<u64>>);

impl Asking {
    fn spans(self) -> Vec<TileSpan> {
        let mut spans: Vec<TileSpan> = Vec::new();
        for index in self.0.into_inner() {
            let tile = Tile::from_index(TILE_HEIGHT, index);
            let wanted = TileSpan { level: tile.level(), number: tile.level_index(), width: u64::from(tile.width()) };
            match spans.iter_mut().find(|span| span.level == wanted.level && span.number == wanted.number) {
                Some(span) => span.width = span.width.max(wanted.width),
                None => spans.push(wanted),
            }
        }
        spans
    }
}

impl HashReader for Asking {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        self.0.borrow_mut().extend_from_slice(indexes);
        Ok(vec![tlog_tiles::Hash::default(); indexes.len()])
    }
}

/// A reader that answers from tiles.
struct Answering<'a>(&'a Tiles);

impl HashReader for Answering<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        indexes.iter().map(|index| self.hash(*index)).collect()
    }
}

impl Answering<'_> {
    fn hash(&self, index: u64) -> Result<tlog_tiles::Hash, tlog_tiles::Error> {
        let tile = Tile::from_index(TILE_HEIGHT, index);
        let data = self.0.0.get(&(tile.level(), tile.level_index())).ok_or(tlog_tiles::Error::InvalidTile)?;
        tile.hash_at_index(data, index)
    }
}
