//! Reads of programs.

use crate::{domain::program::Program, store};
use handsel_money::Timestamp;
use handsel_storage::{Db, Fault};

/// One program.
pub(crate) async fn get(db: &Db, id: &str) -> Result<Option<Program>, Fault> {
    store::program::get(&mut db.read().await?, id).await
}

/// A page of programs, newest first, from behind (`created_at`, `id`).
pub(crate) async fn page(db: &Db, behind: Option<(Timestamp, String)>, limit: i64) -> Result<Vec<Program>, Fault> {
    store::program::page(&mut db.read().await?, behind, limit).await
}
