//! The log's right edge: what must be known of it to append, to give the root, and to write each tile once, when it is full.

use crate::tlog::{CompactRange, Hash, TILE_WIDTH, TileSpan, TreeError, tile_root};

/// Levels of one tile.
const TILE_LEVELS: u32 = 8;
/// Tiles of 2^8 at level 7 cover 2^64 leaves: there is no level 8.
const MAX_LEVEL: u8 = 7;

/// The tiles that are not full yet, one a level, and the root over everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frontier {
    range: CompactRange,
    /// Fewer than 256 hashes each, the leaves' first.
    partial: Vec<Vec<Hash>>,
}

/// A tile that an append has filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FullTile {
    /// 0 holds leaf hashes.
    pub(crate) level: u8,
    /// Counts tiles of the level from 0.
    pub(crate) number: u64,
    /// 256 of them.
    pub(crate) hashes: Vec<Hash>,
    /// The root over them.
    pub(crate) root: Hash,
}

impl Frontier {
    /// Of the log without leaves.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self { range: CompactRange::new(), partial: Vec::new() }
    }

    /// Which hashes the frontier of a log of `size` leaves is made of, level by level.
    #[must_use]
    pub(crate) fn spans(size: u64) -> Vec<TileSpan> {
        let mut spans = Vec::new();
        let mut hashes = size;
        for level in 0..=MAX_LEVEL {
            if hashes == 0 {
                break;
            }
            spans.push(TileSpan { level, number: hashes / TILE_WIDTH, width: hashes % TILE_WIDTH });
            hashes /= TILE_WIDTH;
        }
        spans
    }

    /// From the hashes of each of [`Frontier::spans`].
    ///
    /// # Errors
    /// `ShortTile` if there are more or fewer than a span is wide.
    pub(crate) fn restore(size: u64, partial: Vec<Vec<Hash>>) -> Result<Self, TreeError> {
        let spans = Self::spans(size);
        if spans.len() != partial.len() {
            return Err(TreeError::Misaligned);
        }
        let short = spans.iter().zip(&partial).find(|(span, hashes)| u64::try_from(hashes.len()) != Ok(span.width));
        if let Some((span, _)) = short {
            return Err(TreeError::ShortTile { level: span.level, number: span.number });
        }
        let mut range = CompactRange::new();
        for (span, hashes) in spans.iter().zip(&partial).rev() {
            for hash in hashes {
                range.push_subtree(u32::from(span.level).saturating_mul(TILE_LEVELS), *hash)?;
            }
        }
        if range.size() == size { Ok(Self { range, partial }) } else { Err(TreeError::Misaligned) }
    }

    /// Leaves in the log.
    #[must_use]
    pub(crate) fn size(&self) -> u64 {
        self.range.size()
    }

    /// The root over them.
    #[must_use]
    pub(crate) fn root(&self) -> Hash {
        self.range.root()
    }

    /// The tiles that are not full yet, level by level: what [`Frontier::restore`] takes.
    #[must_use]
    pub(crate) fn partial(&self) -> &[Vec<Hash>] {
        &self.partial
    }

    /// Appends a leaf, by its hash; the tiles that it fills, lowest first.
    pub(crate) fn push(&mut self, leaf: Hash) -> Vec<FullTile> {
        self.range.push(leaf);
        let (mut filled, mut hash) = (Vec::new(), leaf);
        let mut number = self.size() / TILE_WIDTH;
        for level in 0..=MAX_LEVEL {
            let hashes = self.partial_at(level);
            hashes.push(hash);
            if u64::try_from(hashes.len()) != Ok(TILE_WIDTH) {
                break;
            }
            let hashes = std::mem::take(hashes);
            hash = tile_root(&hashes);
            filled.push(FullTile { level, number: number.saturating_sub(1), hashes, root: hash });
            number /= TILE_WIDTH;
        }
        filled
    }

    fn partial_at(&mut self, level: u8) -> &mut Vec<Hash> {
        let level = usize::from(level);
        if self.partial.len() <= level {
            self.partial.resize_with(level.saturating_add(1), Vec::new);
        }
        &mut self.partial[level]
    }
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn leaf(index: u64) -> Hash {
        Hash::of_leaf(&index.to_be_bytes())
    }

    #[test]
    fn tiles_fill_once_and_in_order_and_a_restored_frontier_goes_on_as_if_nothing_had_been() {
        let (mut frontier, mut plain) = (Frontier::new(), CompactRange::new());
        let mut tiles: HashMap<(u8, u64), FullTile> = HashMap::new();
        for index in 0..66_000 {
            for tile in frontier.push(leaf(index)) {
                assert!(tiles.insert((tile.level, tile.number), tile).is_none(), "a tile is written once");
            }
            plain.push(leaf(index));
            let size = index + 1;
            if size % 4_001 == 0 || [255, 256, 257, 511, 512, 65_535, 65_536, 65_537].contains(&size) {
                assert_eq!(frontier.root(), plain.root(), "at {size}");
                assert_eq!(Frontier::restore(size, partial(size, &tiles)), Ok(frontier.clone()), "at {size}");
            }
        }
        assert_eq!(tiles.len(), 257 + 1);
        assert_eq!(tiles[&(1, 0)].hashes[255], tiles[&(0, 255)].root);
    }

    /// As the store reads it: leaf hashes at level 0, roots of full tiles above.
    fn partial(size: u64, tiles: &HashMap<(u8, u64), FullTile>) -> Vec<Vec<Hash>> {
        let read = |span: TileSpan| {
            let first = span.number * TILE_WIDTH;
            (first..first + span.width).map(move |n| match span.level {
                0 => leaf(n),
                level => tiles[&(level - 1, n)].root,
            })
        };
        Frontier::spans(size).into_iter().map(|span| read(span).collect()).collect()
    }

    #[test]
    fn a_frontier_with_too_few_hashes_is_refused() {
        let short = vec![vec![leaf(0); 9]];
        assert_eq!(Frontier::restore(10, short), Err(TreeError::ShortTile { level: 0, number: 0 }));
        assert_eq!(Frontier::restore(0, Vec::new()), Ok(Frontier::new()));
    }
}
