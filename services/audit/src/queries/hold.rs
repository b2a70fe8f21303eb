//! Holds, as people ask for them.

pub(crate) use crate::store::hold::{Listed, Which};

use crate::{domain::hold::Hold, store};
use handsel_money::Timestamp;
use handsel_outbox::earliest_owed;
use handsel_storage::{Db, Fault};
use uuid::Uuid;

/// One hold.
pub(crate) async fn one(db: &Db, id: Uuid) -> Result<Option<Hold>, Fault> {
    store::hold::load(&mut db.read().await?, id).await
}

/// A page of holds, the newest first.
pub(crate) async fn page(
    db: &Db,
    listed: Listed,
    before: Option<(Timestamp, Uuid)>,
    most: i64,
) -> Result<Vec<Hold>, Fault> {
    store::hold::page(&mut db.read().await?, listed, before, most).await
}

/// Holds to which an answer of the reward service is not written down.
pub(crate) async fn unanswered(db: &Db, most: i64) -> Result<Vec<Uuid>, Fault> {
    store::hold::unanswered(&mut db.read().await?, most).await
}

/// Whether something of our own waits to be taken over into the log.
pub(crate) async fn owes_statements(db: &Db) -> Result<bool, Fault> {
    Ok(earliest_owed(&mut db.read().await?, "audit").await?.is_some())
}
