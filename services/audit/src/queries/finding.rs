//! Findings, as people ask for them.

use crate::{domain::decision::Finding, store};
use handsel_storage::{Db, Fault};

/// A page of findings below a number, the newest first, and whether the log is frozen.
pub(crate) async fn page(db: &Db, below: i64, open_only: bool, most: i64) -> Result<(Vec<Finding>, bool), Fault> {
    let mut tx = db.read().await?;
    Ok((store::finding::below(&mut tx, below, open_only, most).await?, store::finding::frozen(&mut tx).await?))
}

/// The findings of these numbers, in their order.
pub(crate) async fn of_numbers(db: &Db, numbers: &[i64]) -> Result<Vec<Finding>, Fault> {
    let mut tx = db.read().await?;
    let mut findings = Vec::with_capacity(numbers.len());
    for number in numbers {
        findings.extend(store::finding::load(&mut tx, *number).await?);
    }
    Ok(findings)
}

/// Whether the log is frozen.
pub(crate) async fn frozen(db: &Db) -> Result<bool, Fault> {
    store::finding::frozen(&mut db.read().await?).await
}
