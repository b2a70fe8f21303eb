//! Claims: one, pages of them.

use crate::{domain::claim::Claim, store};
use handsel_money::Timestamp;
use handsel_storage::{At, Db, Fault};
use uuid::Uuid;

/// One claim.
pub(crate) async fn get(db: &Db, id: Uuid) -> Result<Option<Claim>, Fault> {
    store::claim::one(&mut db.read().await?, id).await
}

/// A page of claims, newest first, after the one made at this instant under this id.
pub(crate) async fn list(
    db: &Db,
    beneficiary: Option<String>,
    reward: Option<Uuid>,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Claim>, Fault> {
    store::claim::page(db, beneficiary, reward, after.map(|(at, id)| (At(at), id)), limit).await
}
