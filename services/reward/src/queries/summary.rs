//! Rewards counted and summed.

use crate::{
    domain::{reward::Role, state::Standing},
    store::{self, corrupt, money, reward_read::GroupRow},
};
use handsel_money::Money;
use handsel_storage::{Db, Fault};

/// Rewards alike in plan, role, tier and state.
pub(crate) struct Group {
    pub(crate) plan: String,
    pub(crate) role: Role,
    pub(crate) tier: String,
    pub(crate) standing: Standing,
    pub(crate) count: i64,
    pub(crate) reward: Money,
    pub(crate) net: Money,
}

/// Every group that has any, by plan, role, tier and state in the contract's order.
pub(crate) async fn summarize(db: &Db, plan: Option<String>) -> Result<Vec<Group>, Fault> {
    let rows = store::reward_read::groups(db, plan).await?;
    let mut groups = rows.into_iter().map(group).collect::<Result<Vec<_>, _>>()?;
    groups.sort_by(|one, other| {
        (&one.plan, one.role, &one.tier, one.standing).cmp(&(&other.plan, other.role, &other.tier, other.standing))
    });
    Ok(groups)
}

fn group(row: GroupRow) -> Result<Group, Fault> {
    let GroupRow { plan_id, role, tier, state, currency, rewards, reward_minor, net_minor } = row;
    Ok(Group {
        plan: plan_id,
        role: Role::from_code(&role).ok_or_else(|| corrupt("reward.role", &role))?,
        tier,
        standing: Standing::from_code(&state).ok_or_else(|| corrupt("reward.state", &state))?,
        count: rewards,
        reward: money(&currency, reward_minor)?,
        net: money(&currency, net_minor)?,
    })
}
