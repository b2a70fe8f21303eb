//! Rewards as they are read: one with its trace, pages, summaries.

use super::reward::{RewardRow, restore_all, reward_where};
use crate::domain::{reward::Reward, state::Standing};
use handsel_storage::{At, Column, Db, Fault, Tx, row};
use uuid::Uuid;

/// One reward.
pub(crate) async fn one(tx: &mut Tx, id: Uuid) -> Result<Option<Reward>, Fault> {
    let row: Option<RewardRow> = tx.opt(reward_where!("WHERE id = $1"), (id,)).await?;
    row.map(RewardRow::restore).transpose()
}

/// These rewards, in no order; those that do not exist are absent.
pub(crate) async fn many(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<Reward>, Fault> {
    let rows =
        tx.all_by(reward_where!("WHERE id = ANY($1)"), reward_where!("WHERE id = $1"), Column::Uuid(ids)).await?;
    restore_all(rows)
}

row! {
    pub(crate) struct PlanOfRewardRow {
        pub plan_id: String,
    }
}

/// The plan of a reward, which never changes: it names the budget row to lock before the reward.
pub(crate) async fn plan_of(db: &Db, id: Uuid) -> Result<Option<String>, Fault> {
    let row: Option<PlanOfRewardRow> = db.opt("SELECT plan_id FROM reward WHERE id = $1", (id,)).await?;
    Ok(row.map(|row| row.plan_id))
}

/// The plans of these rewards, in no order.
pub(crate) async fn plans_of(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<String>, Fault> {
    let rows: Vec<PlanOfRewardRow> = tx
        .all_by(
            "SELECT plan_id FROM reward WHERE id = ANY($1)",
            "SELECT plan_id FROM reward WHERE id = $1",
            Column::Uuid(ids),
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.plan_id).collect())
}

row! {
    pub(crate) struct WaitingRow {
        pub id: Uuid,
        pub plan_id: String,
        pub plan_version: i64,
        pub due_at: At,
    }
}

/// Rewards that are due by `now`, never left, and that nobody holds, the longest due first, after a position.
pub(crate) async fn waiting(
    tx: &mut Tx,
    now: At,
    after: Option<(At, Uuid)>,
    limit: i64,
) -> Result<Vec<WaitingRow>, Fault> {
    let (after_at, after_id) = after.unzip();
    tx.all(
        "SELECT id, plan_id, plan_version, due_at FROM reward
         WHERE state IN ('DUE', 'PENDING_APPROVAL', 'APPROVED') AND attempts = 0 AND due_at <= $1
           AND ($2 IS NULL OR (due_at, id) > ($2, $3))
           AND NOT EXISTS (SELECT 1 FROM hold h
                           WHERE h.state <> 'RELEASED'
                             AND (h.reward_id = reward.id OR h.referral = reward.referral
                                  OR h.beneficiary = reward.beneficiary OR h.plan_id = reward.plan_id))
         ORDER BY due_at, id LIMIT $4",
        (now, after_at, after_id, limit),
    )
    .await
}

row! {
    pub(crate) struct TraceRow {
        pub trace: Vec<u8>,
    }
}

/// The trace of a reward's calculation.
pub(crate) async fn trace(tx: &mut Tx, id: Uuid) -> Result<Option<Vec<u8>>, Fault> {
    let row: Option<TraceRow> = tx.opt("SELECT trace FROM reward WHERE id = $1", (id,)).await?;
    Ok(row.map(|row| row.trace))
}

/// What a page of rewards is filtered by; what is absent filters nothing.
pub(crate) struct Filter {
    pub(crate) referral: Option<Uuid>,
    pub(crate) beneficiary: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) branch: Option<String>,
    pub(crate) state: Option<Standing>,
}

/// A page of rewards, newest first, after a position.
pub(crate) async fn page(
    tx: &mut Tx,
    filter: Filter,
    after: Option<(At, Uuid)>,
    limit: i64,
) -> Result<Vec<Reward>, Fault> {
    let Filter { referral, beneficiary, plan, branch, state } = filter;
    let (after_at, after_id) = after.unzip();
    let rows = tx
        .all(
            reward_where!(
                "WHERE ($1 IS NULL OR referral = $1)
               AND ($2 IS NULL OR beneficiary = $2)
               AND ($3 IS NULL OR plan_id = $3)
               AND ($4 IS NULL OR branch = $4)
               AND ($5 IS NULL OR state = $5)
               AND ($6 IS NULL OR (created_at, id) < ($6, $7))
             ORDER BY created_at DESC, id DESC LIMIT $8"
            ),
            (
                referral,
                beneficiary,
                plan,
                branch,
                state.map(|state| state.code().to_owned()),
                after_at,
                after_id,
                limit,
            ),
        )
        .await?;
    restore_all(rows)
}

row! {
    pub(crate) struct GroupRow {
        pub plan_id: String,
        pub role: String,
        pub tier: String,
        pub state: String,
        pub currency: String,
        pub rewards: i64,
        pub reward_minor: i64,
        pub net_minor: i64,
    }
}

/// Rewards counted and summed by plan, role, tier and state.
pub(crate) async fn groups(db: &Db, plan: Option<String>) -> Result<Vec<GroupRow>, Fault> {
    db.all(
        "SELECT plan_id, role, tier, state, currency, COUNT(*) AS rewards,
                CAST(SUM(reward_minor) AS BIGINT) AS reward_minor, CAST(SUM(net_minor) AS BIGINT) AS net_minor
         FROM reward
         WHERE $1 IS NULL OR plan_id = $1
         GROUP BY plan_id, role, tier, state, currency
         ORDER BY plan_id, role, tier, state, currency",
        (plan,),
    )
    .await
}
