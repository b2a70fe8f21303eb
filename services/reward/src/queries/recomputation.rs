//! Recomputations: how far they are, what they found.

use crate::store;
use handsel_storage::{Db, Fault};
use uuid::Uuid;

pub(crate) use crate::store::{
    recomputation::{FindingRow, Recomputation},
    recompute_rate::Stored,
};

/// One.
pub(crate) async fn get(db: &Db, id: Uuid) -> Result<Option<Recomputation>, Fault> {
    store::recomputation::one(&mut db.read().await?, id).await
}

/// The valuations of a rate grant, the later first; none where there is no such grant.
pub(crate) async fn valuations(db: &Db, grant: Uuid) -> Result<Option<Vec<Stored>>, Fault> {
    let mut tx = db.read().await?;
    if store::rate_read::one(&mut tx, grant).await?.is_none() {
        return Ok(None);
    }
    store::recompute_rate::of_grant(&mut tx, grant).await.map(Some)
}

/// A page of findings after a number; none where there is no such recomputation.
pub(crate) async fn findings(db: &Db, id: Uuid, after: i64, limit: i64) -> Result<Option<Vec<FindingRow>>, Fault> {
    let mut tx = db.read().await?;
    if store::recomputation::one(&mut tx, id).await?.is_none() {
        return Ok(None);
    }
    store::recomputation::findings(&mut tx, id, after, limit).await.map(Some)
}
