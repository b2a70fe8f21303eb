//! Tiles of hashes, level by level, as leaves arrive: each is handed out once, when it is full, and the rest at the end.

use crate::tlog::{Hash, TILE_WIDTH, tile_root};
use serde::{Deserialize, Serialize};

/// The last tile of each level that is not full yet, and how many were full before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Edge {
    levels: Vec<Level>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Level {
    full: u64,
    hashes: Vec<Hash>,
}

/// A tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) level: usize,
    pub(super) number: u64,
    pub(super) hashes: Vec<Hash>,
}

impl Tile {
    /// Its file's content.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
    }

    /// Hashes in it.
    pub(super) fn width(&self) -> u64 {
        u64::try_from(self.hashes.len()).unwrap_or(TILE_WIDTH)
    }
}

impl Edge {
    /// Takes a leaf; the tiles that it fills, from the lowest up.
    pub(super) fn push(&mut self, leaf: Hash) -> Vec<Tile> {
        let (mut filled, mut hash) = (Vec::new(), leaf);
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Level::default());
            }
            let Some(edge) = self.levels.get_mut(level) else { break };
            edge.hashes.push(hash);
            if u64::try_from(edge.hashes.len()) != Ok(TILE_WIDTH) {
                break;
            }
            let tile = Tile { level, number: edge.full, hashes: std::mem::take(&mut edge.hashes) };
            edge.full = edge.full.saturating_add(1);
            hash = tile_root(&tile.hashes);
            filled.push(tile);
        }
        filled
    }

    /// The tiles that are not full.
    pub(super) fn partial(&self) -> Vec<Tile> {
        let levels = self.levels.iter().enumerate().filter(|(_, edge)| !edge.hashes.is_empty());
        levels.map(|(level, edge)| Tile { level, number: edge.full, hashes: edge.hashes.clone() }).collect()
    }

    /// Leaves in the tile of level 0 that is not full.
    pub(super) fn open_leaves(&self) -> u64 {
        self.levels.first().map_or(0, |edge| u64::try_from(edge.hashes.len()).unwrap_or(TILE_WIDTH))
    }
}
