//! What was reconciled, and what came of it.

use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, text_enum};
use uuid::Uuid;

text_enum! {
    /// What came of it.
    pub(crate) enum Outcome {
        /// Both sides say the same.
        Matched = "MATCHED",
        /// They do not.
        Different = "DIFFERENT",
    }
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reconciled {
    pub(crate) id: Uuid,
    pub(crate) source: &'static str,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) outcome: Outcome,
    /// Empty: nobody asked, it was due.
    pub(crate) asked_by: String,
    pub(crate) finding: Option<i64>,
    pub(crate) at: Timestamp,
    /// The record of it.
    pub(crate) index: i64,
}

/// Adds one.
pub(crate) async fn insert(tx: &mut Tx, reconciled: &Reconciled) -> Result<(), Fault> {
    let Reconciled { id, source, from, to, outcome, asked_by, finding, at, index } = reconciled;
    tx.exec_one(
        "INSERT INTO reconciliation (id, source, from_time, to_time, outcome, asked_by, finding, reconciled_at, leaf_index)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        (*id, *source, At(*from), At(*to), *outcome, asked_by.as_str(), *finding, At(*at), *index),
    )
    .await
}

/// How far a source was reconciled because it was due; none: it never was.
pub(crate) async fn through(tx: &mut Tx, source: &str) -> Result<Option<Timestamp>, Fault> {
    let sql = "SELECT to_time FROM reconciliation WHERE source = $1 AND asked_by = '' ORDER BY to_time DESC LIMIT 1";
    let row: Option<(At,)> = tx.opt(sql, (source.to_owned(),)).await?;
    Ok(row.map(|(at,)| at.0))
}
