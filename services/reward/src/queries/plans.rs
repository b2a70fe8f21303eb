//! Plans, with what stands against their budgets.

use crate::{domain::plan::Plan, store};

pub(crate) use crate::store::budget_read::Uses;
use handsel_money::Timestamp;
use handsel_storage::{At, Db, Fault, Tx};

/// A plan and what stands against its budgets.
pub(crate) type PlanAndUses = (Plan, Uses);

/// A version of a plan; 0: the one in force or paused, else the newest.
pub(crate) async fn get(db: &Db, id: &str, version: i64) -> Result<Option<PlanAndUses>, Fault> {
    let mut tx = db.read().await?;
    match store::plan::read(&mut tx, id, version).await? {
        Some(plan) => Ok(Some(with_uses(&mut tx, plan).await?)),
        None => Ok(None),
    }
}

/// A page of plan versions, newest first, after the one made at this instant under this id and version.
pub(crate) async fn list(
    db: &Db,
    after: Option<(Timestamp, String, i64)>,
    limit: i64,
) -> Result<Vec<PlanAndUses>, Fault> {
    let mut tx = db.read().await?;
    let after = after.map(|(at, id, version)| (At(at), id, version));
    let mut plans = Vec::new();
    for plan in store::plan::page(&mut tx, after, limit).await? {
        plans.push(with_uses(&mut tx, plan).await?);
    }
    Ok(plans)
}

async fn with_uses(tx: &mut Tx, plan: Plan) -> Result<PlanAndUses, Fault> {
    let uses = store::budget_read::uses(tx, &plan.id).await?;
    Ok((plan, uses))
}
