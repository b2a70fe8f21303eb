//! Plans, with what each has granted.

use crate::{domain::plan::Plan, store};
use handsel_money::Timestamp;
use handsel_storage::{At, Db, Fault};

/// A plan and how many minor units it has granted.
pub(crate) type PlanAndGranted = (Plan, i64);

/// The newest version of a plan.
pub(crate) async fn get(db: &Db, id: &str) -> Result<Option<PlanAndGranted>, Fault> {
    store::plan::newest(db, id).await
}

/// A page of plans, newest first, after the one made at this instant under this id.
pub(crate) async fn list(
    db: &Db,
    after: Option<(Timestamp, String)>,
    limit: i64,
) -> Result<Vec<PlanAndGranted>, Fault> {
    store::plan::page(db, after.map(|(at, id)| (At(at), id)), limit).await
}
