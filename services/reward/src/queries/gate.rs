//! What the bank is to be asked of, before rewards are paid.

use crate::{
    commands::means::Means,
    domain::{payee::Payee, reward::Reward, terms::GateCheck},
    store,
};
use handsel_money::Timestamp;
use handsel_storage::{Db, Fault};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// One reward that is to be paid, and what its plan asks of the bank.
pub(crate) struct Question {
    pub(crate) reward: Reward,
    pub(crate) payee: Option<Payee>,
    pub(crate) checks: BTreeSet<GateCheck>,
}

/// The rewards of which the bank is to be asked now, the longest approved first.
pub(crate) async fn questions(db: &Db, means: &Means, now: Timestamp, limit: i64) -> Result<Vec<Question>, Fault> {
    let mut tx = db.read().await?;
    let mut checks: HashMap<Uuid, BTreeSet<GateCheck>> = HashMap::new();
    for row in store::gate::candidates(&mut tx, now, limit).await? {
        if let Ok(plan) = means.plans.get(&mut tx, &row.plan_id, row.plan_version).await?
            && !plan.plan.terms.payment.gate.is_empty()
        {
            checks.insert(row.id, plan.plan.terms.payment.gate.clone());
        }
    }
    if checks.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = checks.keys().copied().collect();
    let mut payees: HashMap<Uuid, Payee> =
        store::payee::of_rewards(&mut tx, ids.clone()).await?.into_iter().map(|payee| (payee.reward, payee)).collect();
    let rewards = store::reward_read::many(&mut tx, ids).await?;
    let asked = rewards.into_iter().filter_map(|reward| {
        let id = reward.entitlement.id;
        let checks = checks.remove(&id)?;
        Some(Question { reward, payee: payees.remove(&id), checks })
    });
    Ok(asked.collect())
}
