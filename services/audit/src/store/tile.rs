//! Tiles: full ones as rows, the last of each level from what it is made of.

use super::{column, hash, leaf};
use crate::{
    domain::frontier::{Frontier, FullTile},
    tlog::{Hash, TILE_WIDTH, TileSpan, Tiles},
};
use handsel_storage::{Column, Fault, Tx, row};
use std::collections::HashSet;

row! {
    /// A full tile.
    pub(crate) struct TileRow {
        pub(crate) level: i64,
        pub(crate) number: i64,
        pub(crate) hashes: Vec<u8>,
        pub(crate) root: Vec<u8>,
    }
}

/// Adds tiles that were filled.
pub(crate) async fn add(tx: &mut Tx, tiles: &[FullTile]) -> Result<(), Fault> {
    let (mut levels, mut numbers, mut hashes, mut roots) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for tile in tiles {
        levels.push(i64::from(tile.level));
        numbers.push(column(tile.number)?);
        hashes.push(joined(&tile.hashes));
        roots.push(tile.root.to_vec());
    }
    tx.bulk(
        "INSERT INTO tile (level, number, hashes, root)
         SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BYTEA[], $4::BYTEA[])",
        "INSERT INTO tile (level, number, hashes, root) VALUES ($1, $2, $3, $4)",
        vec![Column::Int(levels), Column::Int(numbers), Column::Bytes(hashes), Column::Bytes(roots)],
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// What a question needs. A tile that is full by now serves a question about the past as well, since its beginning never
/// changed; one that is not is read from the leaves or tiles under it.
pub(crate) async fn load(tx: &mut Tx, spans: &[TileSpan]) -> Result<Tiles, Fault> {
    let levels = spans.iter().map(|span| i64::from(span.level)).collect();
    let numbers = spans.iter().map(|span| column(span.number)).collect::<Result<_, _>>()?;
    let full: Vec<TileRow> = tx
        .all_by(
            "SELECT level, number, hashes, root FROM tile
             JOIN unnest($1::BIGINT[], $2::BIGINT[]) AS wanted (level, number) USING (level, number)",
            "SELECT level, number, hashes, root FROM tile WHERE level = $1 AND number = $2",
            vec![Column::Int(levels), Column::Int(numbers)],
        )
        .await?;
    let (mut tiles, mut found) = (Tiles::default(), HashSet::new());
    for row in full {
        let level = u8::try_from(row.level).map_err(|_| Fault::Invalid("a tile beyond every tree".to_owned()))?;
        found.insert((level, row.number.cast_unsigned()));
        tiles.insert(level, row.number.cast_unsigned(), row.hashes);
    }
    for span in spans.iter().filter(|span| !found.contains(&(span.level, span.number))) {
        tiles.insert(span.level, span.number, joined(&partial(tx, *span).await?));
    }
    Ok(tiles)
}

/// The frontier of a log of `size` leaves, as far as storage has it: level by level, for [`Frontier::restore`].
pub(crate) async fn frontier(tx: &mut Tx, size: u64) -> Result<Vec<Vec<Hash>>, Fault> {
    let mut levels = Vec::new();
    for span in Frontier::spans(size) {
        levels.push(partial(tx, span).await?);
    }
    Ok(levels)
}

/// The full tiles of a level from `first` on, at most 256 of them: what a start checks.
pub(crate) async fn full_from(tx: &mut Tx, level: u8, first: u64) -> Result<Vec<TileRow>, Fault> {
    let sql = "SELECT level, number, hashes, root FROM tile
               WHERE level = $1 AND number >= $2 ORDER BY number LIMIT 256";
    tx.all(sql, (i64::from(level), column(first)?)).await
}

async fn partial(tx: &mut Tx, span: TileSpan) -> Result<Vec<Hash>, Fault> {
    let first = span.number.saturating_mul(TILE_WIDTH);
    let end = first.saturating_add(span.width);
    let Some(below) = span.level.checked_sub(1) else { return leaf::hashes(tx, first, end).await };
    let sql = "SELECT root FROM tile WHERE level = $1 AND number >= $2 AND number < $3 ORDER BY number";
    let rows: Vec<(Vec<u8>,)> = tx.all(sql, (i64::from(below), column(first)?, column(end)?)).await?;
    rows.iter().map(|(root,)| hash(root)).collect()
}

fn joined(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}
