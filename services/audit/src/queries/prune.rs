//! Reads of prunes.

use crate::{domain::prune::Prune, store};
use handsel_storage::{Db, Fault};

/// One prune.
pub(crate) async fn one(db: &Db, id: &str) -> Result<Option<Prune>, Fault> {
    store::prune::load(&mut db.read().await?, id).await
}

/// Those that are under way.
pub(crate) async fn under_way(db: &Db) -> Result<Vec<String>, Fault> {
    store::prune::under_way(&mut db.read().await?).await
}
