//! Reads of erasures, and of whom they are about.

use crate::{
    domain::erasure::{Erasure, Stage, Standing},
    store,
};
use handsel_storage::{Db, Fault};
use uuid::Uuid;

/// An erasure as it is answered.
#[derive(Debug, Clone)]
pub(crate) struct ErasureView {
    /// It.
    pub(crate) erasure: Erasure,
    /// Where the person's referrals stand: those whom it was decided about, or would be.
    pub(crate) standings: Vec<Standing>,
}

/// One erasure.
pub(crate) async fn get(db: &Db, id: Uuid) -> Result<Option<ErasureView>, Fault> {
    let mut tx = db.read().await?;
    let Some(erasure) = store::erasure::get(&mut tx, id).await? else { return Ok(None) };
    let standings = match erasure.stage {
        Stage::Proposed => store::erasure::standings(&mut tx, erasure.referral).await?,
        _ => store::erasure::standings_of(&mut tx, id).await?,
    };
    Ok(Some(ErasureView { erasure, standings }))
}

/// Those that go by themselves, the longest decided first.
pub(crate) async fn under_way(db: &Db, limit: i64) -> Result<Vec<Uuid>, Fault> {
    store::erasure::under_way(&mut db.read().await?, limit).await
}

/// Those whose keys are destroyed, from behind an id on, each with whom it is about.
pub(crate) async fn destroyed(db: &Db, behind: Uuid, limit: i64) -> Result<Vec<ErasureView>, Fault> {
    let mut tx = db.read().await?;
    let mut views = Vec::new();
    for erasure in store::erasure::destroyed(&mut tx, behind, limit).await? {
        let standings = store::erasure::standings_of(&mut tx, erasure.id).await?;
        views.push(ErasureView { erasure, standings });
    }
    Ok(views)
}
