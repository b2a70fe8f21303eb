//! What two people decide by hand, and the contradictions that wait for it.

use crate::{
    domain::resolution::{Resolution, Standing},
    store,
};
use handsel_money::Timestamp;
use handsel_storage::{Db, Fault};
use uuid::Uuid;

pub(crate) use crate::store::conflict::Conflict;

/// One resolution.
pub(crate) async fn get(db: &Db, id: Uuid) -> Result<Option<Resolution>, Fault> {
    store::resolution::one(&mut db.read().await?, id).await
}

/// The reward that it is about, and that one's plan.
pub(crate) async fn place(db: &Db, id: Uuid) -> Result<Option<(Uuid, String)>, Fault> {
    store::resolution::place(db, id).await
}

/// The reward that an attempt is to pay.
pub(crate) async fn reward_of(db: &Db, end_to_end_id: &str) -> Result<Option<Uuid>, Fault> {
    let found = store::attempt::by_end_to_end_id(&mut db.read().await?, vec![end_to_end_id.to_owned()]).await?;
    Ok(found.into_iter().next().map(|attempt| attempt.reward))
}

/// A page of resolutions, newest first, after the one proposed at this instant under this id.
pub(crate) async fn list(
    db: &Db,
    reward: Option<Uuid>,
    state: Option<Standing>,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Resolution>, Fault> {
    store::resolution::page(db, reward, state, after, limit).await
}

/// A page of open contradictions, oldest first, after the one recorded at this instant under this id.
pub(crate) async fn conflicts(db: &Db, after: Option<(Timestamp, Uuid)>, limit: i64) -> Result<Vec<Conflict>, Fault> {
    store::conflict::open(db, after, limit).await
}
