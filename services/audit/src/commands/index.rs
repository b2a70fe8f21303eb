//! Looks leaves through for what their statements say, so that a search need not.

use crate::{client::leaf, domain::term, store, tlog::TILE_WIDTH};
use handsel_storage::{Command, Fault, Tx};
use std::collections::BTreeSet;

/// Leaves of one transaction.
const LEAVES: u64 = 1_024;

/// Looks the next leaves through; true if there may be more.
pub(crate) struct Index;

impl Command for Index {
    const NAME: &'static str = "audit.index";
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let first = store::term::position(tx).await?;
        let rows = store::leaf::contents(tx, first, first.saturating_add(LEAVES)).await?;
        let Some(last) = rows.last() else { return Ok(false) };
        let next = last.leaf_index.cast_unsigned().saturating_add(1);
        let mut found = BTreeSet::new();
        for row in &rows {
            // One that cannot be read has been tampered with: whoever follows the log, and the scrubber, find it.
            let Ok((_, statement)) = leaf(&row.content) else { continue };
            let bundle = row.leaf_index.cast_unsigned() / TILE_WIDTH;
            found.extend(term::of_statement(&statement).into_iter().map(|term| (term, bundle)));
        }
        store::term::add(tx, found.into_iter().collect(), next).await?;
        Ok(u64::try_from(rows.len()) == Ok(LEAVES))
    }
}
