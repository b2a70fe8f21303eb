//! Holds: one, pages of them.

use crate::{
    domain::hold::{Hold, Standing, Target},
    store,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Db, Fault};
use uuid::Uuid;

/// One hold.
pub(crate) async fn get(db: &Db, id: Uuid) -> Result<Option<Hold>, Fault> {
    store::hold::one(&mut db.read().await?, id).await
}

/// A page of holds, newest first, after the one placed at this instant under this id.
pub(crate) async fn list(
    db: &Db,
    target: Option<Target>,
    state: Option<Standing>,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Hold>, Fault> {
    store::hold::page(db, target, state, after.map(|(at, id)| (At(at), id)), limit).await
}
