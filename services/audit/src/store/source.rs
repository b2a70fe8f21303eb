//! What each source has handed in: places, leases, conflicts.

use super::hash;
use crate::{
    domain::{
        admission::Source,
        extension::{Located, PLACE_STATEMENTS, Place},
    },
    store,
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

    struct RunRow {
        first_sequence: i64,
        statements: i64,
        first_leaf: i64,
    }
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
             CROSS JOIN LATERAL (SELECT first_sequence + statements - 1 AS source_sequence, last_digest AS statement_digest
                                 FROM place WHERE place.source = wanted.source
                                 ORDER BY first_sequence DESC LIMIT 1) AS latest",
            "SELECT source, first_sequence + statements - 1 AS source_sequence, last_digest AS statement_digest,
                    (SELECT COALESCE(MAX(epoch), 0) FROM source_epoch WHERE source = place.source) AS epoch
             FROM place WHERE source = $1 ORDER BY first_sequence DESC LIMIT 1",
            Column::Text(sources),
        )
        .await?;
    let known = |row: SourceRow| {
        let last_digest = hash(&row.statement_digest)?;
        Ok((row.source, Source { epoch: row.epoch, last_sequence: row.source_sequence, last_digest }))
    };
    rows.into_iter().map(known).collect()
}

/// The statements of a source from `first` to `last` with their leaves, as far as they were taken.
pub(crate) async fn located(tx: &mut Tx, source: &str, first: i64, last: i64) -> Result<Vec<Located>, Fault> {
    let earliest = first.saturating_sub(PLACE_STATEMENTS);
    let runs: Vec<RunRow> = tx
        .all(
            "SELECT first_sequence, statements, first_leaf FROM place
             WHERE source = $1 AND first_sequence > $2 AND first_sequence <= $3 ORDER BY first_sequence",
            (source, earliest, last),
        )
        .await?;
    let mut located = Vec::new();
    for RunRow { first_sequence, statements, first_leaf } in runs {
        // The number of a statement and the index of its leaf differ by the same throughout a run.
        let leaf_of =
            |sequence: i64| first_leaf.saturating_add(sequence.saturating_sub(first_sequence)).cast_unsigned();
        let (from, end) =
            (first.max(first_sequence), last.saturating_add(1).min(first_sequence.saturating_add(statements)));
        if from < end {
            let leaves = store::leaf::contents(tx, leaf_of(from), leaf_of(end)).await?;
            located.extend(leaves.into_iter().map(|row| {
                let sequence = first_sequence.saturating_add(row.leaf_index.saturating_sub(first_leaf));
                Located { sequence, index: row.leaf_index, leaf: row.content.into() }
            }));
        }
    }
    Ok(located)
}

/// Whether a conflict has its leaf already.
pub(crate) async fn is_recorded(tx: &mut Tx, conflict: &Conflict) -> Result<bool, Fault> {
    let sql = "SELECT leaf_index FROM conflict WHERE source = $1 AND source_sequence = $2 AND statement_digest = $3";
    let key = (conflict.source.as_str(), conflict.sequence, conflict.digest.to_vec());
    Ok(tx.opt::<(i64,)>(sql, key).await?.is_some())
}

/// Adds places.
pub(crate) async fn add_places(tx: &mut Tx, places: Vec<Place>) -> Result<(), Fault> {
    let (mut sources, mut sequences, mut statements) = (Vec::new(), Vec::new(), Vec::new());
    let (mut leaves, mut digests) = (Vec::new(), Vec::new());
    for place in places {
        sources.push(place.source);
        sequences.push(place.first_sequence);
        statements.push(place.statements);
        leaves.push(place.first_leaf);
        digests.push(place.last_digest.to_vec());
    }
    tx.bulk(
        "INSERT INTO place (source, first_sequence, statements, first_leaf, last_digest)
         SELECT * FROM unnest($1::TEXT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BYTEA[])",
        "INSERT INTO place (source, first_sequence, statements, first_leaf, last_digest) VALUES ($1, $2, $3, $4, $5)",
        vec![
            Column::Text(sources),
            Column::Int(sequences),
            Column::Int(statements),
            Column::Int(leaves),
            Column::Bytes(digests),
        ],
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
