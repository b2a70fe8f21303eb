//! Erasures that were cleared, each by one record.

use handsel_storage::{Fault, Tx};

/// The record that cleared an erasure.
pub(crate) async fn of(tx: &mut Tx, erasure: &str) -> Result<Option<i64>, Fault> {
    let row: Option<(i64,)> = tx.opt("SELECT leaf_index FROM clearance WHERE erasure = $1", (erasure,)).await?;
    Ok(row.map(|(index,)| index))
}

/// Keeps it.
pub(crate) async fn add(tx: &mut Tx, erasure: &str, index: i64) -> Result<(), Fault> {
    tx.exec_one("INSERT INTO clearance (erasure, leaf_index) VALUES ($1, $2)", (erasure, index)).await
}
