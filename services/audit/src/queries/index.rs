//! What the search's index does not tell yet, packed for it. Read outside the transaction that adds it: leaves never change, and to look
//! them through takes longer than anybody who writes should wait.

use crate::{
    domain::{
        run::{self, Entry, Next, Page},
        term,
    },
    said, store,
    tlog::TILE_WIDTH,
};
use handsel_storage::{Db, Fault, Tx};

/// The run to add next to the index of a log of `size` leaves; none until there is enough for one.
pub(crate) async fn next(db: &Db, size: u64) -> Result<Option<(Next, Vec<Page>)>, Fault> {
    let mut tx = db.read().await?;
    let seen = store::term::seen(&mut tx).await?;
    let Some(next) = Next::after(seen, size / TILE_WIDTH) else { return Ok(None) };
    let mut entries = store::term::entries(&mut tx, next.taken_in()).await?;
    for bundle in next.fresh() {
        entries.extend(said_in(&mut tx, bundle).await?);
    }
    Ok(Some((next, run::pack(next.first, entries))))
}

/// The terms of a bundle's statements.
async fn said_in(tx: &mut Tx, bundle: u64) -> Result<Vec<Entry>, Fault> {
    let first = bundle.saturating_mul(TILE_WIDTH);
    let rows = store::leaf::contents(tx, first, first.saturating_add(TILE_WIDTH)).await?;
    // One that cannot be read has been tampered with: whoever follows the log, and the scrubber, find it.
    let statements = rows.iter().filter_map(|row| said::to_look_through(&row.content));
    Ok(statements.flat_map(|(_, statement)| term::of_statement(&statement)).map(|term| (term, bundle)).collect())
}
