//! Searching: the index names bundles of leaves, the filter decides on each leaf, and a page looks through a bounded number of them.

use crate::{
    domain::term,
    filter::RecordFilter,
    said,
    store::{self, leaf::RecordRow},
    tlog::TILE_WIDTH,
};
use handsel_storage::{Db, Fault, Tx};
use std::collections::BTreeSet;

/// Bundles of 256 leaves that one page looks through at most.
const BUNDLES: usize = 40;

/// A page of what was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Newest first.
    pub(crate) records: Vec<RecordRow>,
    /// The page behind ends before this index; none on the last.
    pub(crate) before: Option<u64>,
}

/// Finds records in front of `before`, newest first.
pub(crate) async fn page(db: &Db, filter: &RecordFilter, before: u64, most: usize) -> Result<Found, Fault> {
    let mut tx = db.read().await?;
    let mut records = Vec::new();
    let Some(newest) = before.checked_sub(1) else { return Ok(Found { records, before: None }) };
    let bundles = candidates(&mut tx, filter, newest / TILE_WIDTH).await?;
    let (mut left, mut looked) = (before, 0);
    for bundle in &bundles {
        looked += 1;
        let first = bundle.saturating_mul(TILE_WIDTH);
        for index in asked_for(&mut tx, filter, first, left.min(first.saturating_add(TILE_WIDTH))).await? {
            records.extend(store::leaf::records(&mut tx, index, index.saturating_add(1)).await?);
            if records.len() == most {
                return Ok(Found { records, before: (index > 0).then_some(index) });
            }
        }
        left = first;
    }
    Ok(Found { records, before: (looked == BUNDLES && left > 0).then_some(left) })
}

/// The bundles to look through, the last first: those that no run of the index tells of, and those that it names.
async fn candidates(tx: &mut Tx, filter: &RecordFilter, last: u64) -> Result<Vec<u64>, Fault> {
    let terms = term::of_filter(filter);
    let seen = store::term::seen(tx).await?;
    let lowest = if terms.is_empty() { 0 } else { seen };
    let mut bundles: BTreeSet<u64> = (lowest..=last).rev().take(BUNDLES).collect();
    let left = BUNDLES.saturating_sub(bundles.len());
    if !terms.is_empty() && left > 0 {
        bundles.extend(store::term::bundles(tx, seen, &terms, last, left).await?);
    }
    Ok(bundles.into_iter().rev().collect())
}

/// The indexes of the records of a bundle that the filter asks for, the last first.
async fn asked_for(tx: &mut Tx, filter: &RecordFilter, first: u64, end: u64) -> Result<Vec<u64>, Fault> {
    let rows = store::leaf::contents(tx, first, end).await?;
    let asks_for = |content: &[u8]| {
        said::to_look_through(content).is_some_and(|(logged_at, statement)| filter.asks_for(logged_at, &statement))
    };
    let asked = rows.iter().rev().filter(|row| asks_for(&row.content));
    Ok(asked.map(|row| row.leaf_index.cast_unsigned()).collect())
}
