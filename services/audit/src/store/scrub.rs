//! What the scrubber reads, and how far it is.

use super::{
    column, hash,
    unpacked::{BodyBytes, LeafBytes},
};
use crate::{
    domain::{extension::PLACE_STATEMENTS, said::Entry},
    store::tile::TileRow,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row};

row! {
    /// A leaf with its hash and its body.
    pub(crate) struct WholeRow {
        pub(crate) leaf_index: i64,
        pub(crate) content: LeafBytes,
        pub(crate) hash: Vec<u8>,
        pub(crate) body: Option<BodyBytes>,
        pub(crate) salt: Option<Vec<u8>>,
    }

    /// A head.
    pub(crate) struct HeadRow {
        pub(crate) size: i64,
        pub(crate) root: Vec<u8>,
        pub(crate) epoch: i64,
        pub(crate) logged_at: At,
    }

    /// A checkpoint.
    pub(crate) struct NoteRow {
        pub(crate) size: i64,
        pub(crate) note: String,
        pub(crate) signed_at: At,
    }

    struct PlaceRow {
        source: String,
        first_sequence: i64,
        statements: i64,
        first_leaf: i64,
        last_digest: Vec<u8>,
    }

    struct ConflictRow {
        leaf_index: i64,
        source: String,
        source_sequence: i64,
        statement_digest: Vec<u8>,
    }

    /// How far the scrubber is.
    pub(crate) struct ScrubRow {
        pub(crate) round: String,
        pub(crate) began_at: At,
        pub(crate) ended_at: At,
        pub(crate) checked: i64,
    }
}

/// The leaves from `first` to before `end`, whole.
pub(crate) async fn leaves(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<WholeRow>, Fault> {
    tx.all(
        "SELECT leaf.leaf_index AS leaf_index, leaf.content AS content, leaf.hash AS hash, body.content AS body,
                body.salt AS salt
         FROM leaf LEFT JOIN body ON body.leaf_index = leaf.leaf_index AND body.leaf_index >= $1 AND body.leaf_index < $2
         WHERE leaf.leaf_index >= $1 AND leaf.leaf_index < $2",
        (column(first)?, column(end)?),
    )
    .await
}

/// One more than the last leaf's index.
pub(crate) async fn leaves_end(tx: &mut Tx) -> Result<u64, Fault> {
    let (last,): (i64,) = tx.one("SELECT COALESCE(MAX(leaf_index), -1) FROM leaf", ()).await?;
    Ok(last.saturating_add(1).cast_unsigned())
}

/// The full tiles of a level from one number to before another.
pub(crate) async fn tiles(tx: &mut Tx, level: u8, first: u64, end: u64) -> Result<Vec<TileRow>, Fault> {
    let sql = "SELECT level, number, hashes, root FROM tile WHERE level = $1 AND number >= $2 AND number < $3";
    tx.all(sql, (i64::from(level), column(first)?, column(end)?)).await
}

/// The heads from one size to before another.
pub(crate) async fn heads(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<HeadRow>, Fault> {
    let sql = "SELECT size, root, epoch, logged_at FROM head WHERE size >= $1 AND size < $2";
    tx.all(sql, (column(first)?, column(end)?)).await
}

/// The checkpoints from one size to before another.
pub(crate) async fn checkpoints(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<NoteRow>, Fault> {
    let sql = "SELECT size, note, signed_at FROM checkpoint WHERE size >= $1 AND size < $2";
    tx.all(sql, (column(first)?, column(end)?)).await
}

/// What the index of places says of the leaves from `first` to before `end`.
pub(crate) async fn places(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<(u64, Entry)>, Fault> {
    let sql = "SELECT source, first_sequence, statements, first_leaf, last_digest FROM place
               WHERE first_leaf > $1 AND first_leaf < $2";
    let earliest = column(first)?.saturating_sub(PLACE_STATEMENTS);
    let mut places = Vec::new();
    for row in tx.all::<PlaceRow>(sql, (earliest, column(end)?)).await? {
        let PlaceRow { source, first_sequence, statements, first_leaf, last_digest } = row;
        let last_digest = hash(&last_digest)?;
        for place in 0..statements.min(PLACE_STATEMENTS) {
            let index = first_leaf.saturating_add(place).cast_unsigned();
            if (first..end).contains(&index) {
                let digest = (place.saturating_add(1) == statements).then_some(last_digest);
                let sequence = first_sequence.saturating_add(place);
                places.push((index, Entry { source: source.clone(), sequence, digest }));
            }
        }
    }
    Ok(places)
}

/// What the index of conflicts says of the leaves from `first` to before `end`.
pub(crate) async fn conflicts(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<(u64, Entry)>, Fault> {
    let sql = "SELECT leaf_index, source, source_sequence, statement_digest FROM conflict
               WHERE leaf_index >= $1 AND leaf_index < $2";
    let conflict = |row: ConflictRow| {
        let ConflictRow { leaf_index, source, source_sequence, statement_digest } = row;
        let digest = Some(hash(&statement_digest)?);
        Ok((leaf_index.cast_unsigned(), Entry { source, sequence: source_sequence, digest }))
    };
    tx.all(sql, (column(first)?, column(end)?)).await?.into_iter().map(conflict).collect()
}

/// Rows of each table that point beyond a log of this size.
pub(crate) async fn beyond(tx: &mut Tx, size: u64) -> Result<Vec<(&'static str, i64)>, Fault> {
    let tables = [
        ("leaf", "SELECT COUNT(*) FROM leaf WHERE leaf_index >= $1"),
        (
            "body",
            "SELECT COUNT(*) FROM body WHERE leaf_index >= $1 OR NOT EXISTS (SELECT 1 FROM leaf WHERE leaf.leaf_index = body.leaf_index)",
        ),
        (
            "tile",
            "SELECT COUNT(*) FROM tile WHERE (level = 0 AND number >= $1 / 256) OR (level = 1 AND number >= $1 / 65536)
                  OR (level = 2 AND number >= $1 / 16777216) OR (level >= 3 AND $1 < 4294967296)",
        ),
        (
            "checkpoint",
            "SELECT COUNT(*) FROM checkpoint WHERE size > $1 OR NOT EXISTS (SELECT 1 FROM head WHERE head.size = checkpoint.size)",
        ),
        ("place", "SELECT COUNT(*) FROM place WHERE first_leaf > $1 - 256 AND first_leaf + statements > $1"),
        ("conflict", "SELECT COUNT(*) FROM conflict WHERE leaf_index >= $1"),
    ];
    let size = column(size)?;
    let mut found = Vec::with_capacity(tables.len());
    for (table, sql) in tables {
        let (rows,): (i64,) = tx.one(sql, (size,)).await?;
        found.push((table, rows));
    }
    found.extend(super::kept::beyond(tx, size.cast_unsigned()).await?);
    Ok(found)
}

/// The latest lease of each source, and of the sequencer.
pub(crate) async fn epochs(tx: &mut Tx) -> Result<(Vec<(String, i64)>, i64), Fault> {
    let sources = tx.all("SELECT source, MAX(epoch) FROM source_epoch GROUP BY source", ()).await?;
    let sequencer: Option<(i64,)> = tx.opt("SELECT epoch FROM sequencer WHERE id = 1", ()).await?;
    Ok((sources, sequencer.map_or(0, |(epoch,)| epoch)))
}

/// How far the scrubber is; nothing: it has never run.
pub(crate) async fn progress(tx: &mut Tx) -> Result<Option<ScrubRow>, Fault> {
    tx.opt("SELECT round, began_at, ended_at, checked FROM scrub WHERE id = 1", ()).await
}

/// Writes down how far it is.
pub(crate) async fn keep(
    tx: &mut Tx,
    round: &str,
    began_at: Timestamp,
    ended_at: Timestamp,
    checked: u64,
) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO scrub (id, round, began_at, ended_at, checked) VALUES (1, $1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET round = $1, began_at = $2, ended_at = $3, checked = $4",
        (round, At(began_at), At(ended_at), column(checked)?),
    )
    .await?;
    Ok(())
}
