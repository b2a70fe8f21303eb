//! The index of what statements say, by runs of 256 leaves.

use super::column;
use handsel_storage::{Column, Fault, Tx};

/// The first leaf that has not been looked through, its row locked against another indexer.
pub(crate) async fn position(tx: &mut Tx) -> Result<u64, Fault> {
    let sql = tx.pick(
        "SELECT next_index FROM record_term_position WHERE id = 1 FOR UPDATE",
        "SELECT next_index FROM record_term_position WHERE id = 1",
    );
    let (next,): (i64,) = tx.one(sql, ()).await?;
    Ok(next.cast_unsigned())
}

/// The same, for a reader.
pub(crate) async fn indexed(tx: &mut Tx) -> Result<u64, Fault> {
    let (next,): (i64,) = tx.one("SELECT next_index FROM record_term_position WHERE id = 1", ()).await?;
    Ok(next.cast_unsigned())
}

/// Adds terms with their bundles, and says how far the leaves have been looked through.
pub(crate) async fn add(tx: &mut Tx, found: Vec<(i64, u64)>, next: u64) -> Result<(), Fault> {
    let terms = found.iter().map(|(term, _)| *term).collect();
    let bundles = found.iter().map(|(_, bundle)| column(*bundle)).collect::<Result<_, _>>()?;
    tx.bulk(
        "INSERT INTO record_term (term, bundle) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[]) ON CONFLICT DO NOTHING",
        "INSERT INTO record_term (term, bundle) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        vec![Column::Int(terms), Column::Int(bundles)],
    )
    .await?;
    tx.exec("UPDATE record_term_position SET next_index = $1 WHERE id = 1", (column(next)?,)).await.map(drop)
}

/// The last bundles, at most `limit`, up to `last` in which a term is said.
pub(crate) async fn bundles(tx: &mut Tx, term: i64, last: u64, limit: i64) -> Result<Vec<u64>, Fault> {
    let sql = "SELECT bundle FROM record_term WHERE term = $1 AND bundle <= $2 ORDER BY bundle DESC LIMIT $3";
    let rows: Vec<(i64,)> = tx.all(sql, (term, column(last)?, limit)).await?;
    Ok(rows.into_iter().map(|(bundle,)| bundle.cast_unsigned()).collect())
}
