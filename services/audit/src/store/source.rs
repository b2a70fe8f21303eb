//! What each source has handed in: places, leases, conflicts.

use super::hash;
use crate::{
    domain::{admission::Source, extension::Place},
    tlog::Hash,
};
use handsel_storage::{Column, Fault, Tx, row};

row! {
    struct SourceRow {
        source: String,
        source_sequence: i64,
        statement_digest: Vec<u8>,
        epoch: i64,
    }

    struct PlacedRow {
        source_sequence: i64,
        leaf_index: i64,
        statement_digest: Vec<u8>,
        content: Vec<u8>,
    }
}

/// Where a statement was put, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Its number.
    pub(crate) sequence: i64,
    /// Its leaf.
    pub(crate) index: i64,
    /// SHA-256 of its bytes as they came.
    pub(crate) digest: Hash,
    /// The leaf, exactly as hashed.
    pub(crate) leaf: Vec<u8>,
}

/// A statement that came under a number taken before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Conflict {
    /// Whose it says it is.
    pub(crate) source: String,
    /// Its number.
    pub(crate) sequence: i64,
    /// SHA-256 of its bytes.
    pub(crate) digest: Hash,
}

/// What is known of these sources; those that never came are left out.
pub(crate) async fn known(tx: &mut Tx, sources: Vec<String>) -> Result<Vec<(String, Source)>, Fault> {
    let rows: Vec<SourceRow> = tx
        .all_by(
            "SELECT wanted.source AS source, latest.source_sequence AS source_sequence,
                    latest.statement_digest AS statement_digest,
                    (SELECT COALESCE(MAX(epoch), 0) FROM source_epoch WHERE source = wanted.source) AS epoch
             FROM unnest($1::TEXT[]) AS wanted (source)
             CROSS JOIN LATERAL (SELECT source_sequence, statement_digest FROM place
                                 WHERE place.source = wanted.source ORDER BY source_sequence DESC LIMIT 1) AS latest",
            "SELECT source, source_sequence, statement_digest,
                    (SELECT COALESCE(MAX(epoch), 0) FROM source_epoch WHERE source = place.source) AS epoch
             FROM place WHERE source = $1 ORDER BY source_sequence DESC LIMIT 1",
            Column::Text(sources),
        )
        .await?;
    let known = |row: SourceRow| {
        let last_digest = hash(&row.statement_digest)?;
        Ok((row.source, Source { epoch: row.epoch, last_sequence: row.source_sequence, last_digest }))
    };
    rows.into_iter().map(known).collect()
}

/// Where the statements of a source from `first` to `last` lie, as far as they were taken.
pub(crate) async fn placed(tx: &mut Tx, source: &str, first: i64, last: i64) -> Result<Vec<Placed>, Fault> {
    let rows: Vec<PlacedRow> = tx
        .all(
            "SELECT source_sequence, leaf_index, statement_digest, content FROM place JOIN leaf USING (leaf_index)
             WHERE source = $1 AND source_sequence BETWEEN $2 AND $3 ORDER BY source_sequence",
            (source, first, last),
        )
        .await?;
    let placed = |row: PlacedRow| {
        let digest = hash(&row.statement_digest)?;
        Ok(Placed { sequence: row.source_sequence, index: row.leaf_index, digest, leaf: row.content })
    };
    rows.into_iter().map(placed).collect()
}

/// Whether a conflict has its leaf already.
pub(crate) async fn is_recorded(tx: &mut Tx, conflict: &Conflict) -> Result<bool, Fault> {
    let sql = "SELECT leaf_index FROM conflict WHERE source = $1 AND source_sequence = $2 AND statement_digest = $3";
    let key = (conflict.source.as_str(), conflict.sequence, conflict.digest.to_vec());
    Ok(tx.opt::<(i64,)>(sql, key).await?.is_some())
}

/// Adds places.
pub(crate) async fn add_places(tx: &mut Tx, places: Vec<Place>) -> Result<(), Fault> {
    let (mut sources, mut sequences, mut indexes, mut digests) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for Place { source, sequence, index, digest } in places {
        sources.push(source);
        sequences.push(sequence);
        indexes.push(index);
        digests.push(digest.to_vec());
    }
    tx.bulk(
        "INSERT INTO place (source, source_sequence, leaf_index, statement_digest)
         SELECT * FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[])",
        "INSERT INTO place (source, source_sequence, leaf_index, statement_digest) VALUES ($1, $2, $3, $4)",
        vec![Column::Text(sources), Column::Int(sequences), Column::Int(indexes), Column::Bytes(digests)],
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// Adds leases under which sources have come for the first time.
pub(crate) async fn add_epochs(tx: &mut Tx, epochs: Vec<(String, i64)>) -> Result<(), Fault> {
    let (sources, epochs) = epochs.into_iter().unzip();
    tx.bulk(
        "INSERT INTO source_epoch (source, epoch) SELECT * FROM unnest($1::TEXT[], $2::BIGINT[])",
        "INSERT INTO source_epoch (source, epoch) VALUES ($1, $2)",
        vec![Column::Text(sources), Column::Int(epochs)],
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// Adds conflicts with the leaves that say so.
pub(crate) async fn add_conflicts(tx: &mut Tx, conflicts: Vec<(Conflict, i64)>) -> Result<(), Fault> {
    let sql = "INSERT INTO conflict (source, source_sequence, statement_digest, leaf_index) VALUES ($1, $2, $3, $4)";
    for (Conflict { source, sequence, digest }, index) in conflicts {
        tx.exec(sql, (source, sequence, digest.to_vec(), index)).await.map_err(Fault::unique_is_race)?;
    }
    Ok(())
}
