//! What a plan has granted against its budget, and what each beneficiary has in each window.
//!
//! Whoever reads a counter to change it holds the plan's budget row, see [`BUDGET`].

use super::corrupt;
use crate::domain::{
    grant::{Budget, Pot, Tally, WindowKey},
    terms::Terms,
};
use handsel_money::Money;
use handsel_storage::{At, Column, Fault, LockTable, Tx, row};

/// The row under which every counter of a plan changes; windows, seasons and milestones need no lock of their own.
pub(crate) static BUDGET: LockTable = LockTable {
    table: "plan_budget",
    sql: "SELECT 1 FROM plan_budget WHERE plan_id = ANY($1) ORDER BY plan_id FOR UPDATE",
};

row! {
    pub(crate) struct BudgetRow {
        pub plan_id: String,
        pub granted_minor: i64,
        pub warned_80_at: Option<At>,
        pub warned_100_at: Option<At>,
        pub cost_minor: i64,
        pub cost_warned_80_at: Option<At>,
        pub cost_warned_100_at: Option<At>,
        pub suspended: String,
    }
}

impl BudgetRow {
    fn restore(self) -> Result<(String, Budget), Fault> {
        let Self {
            plan_id,
            granted_minor,
            warned_80_at,
            warned_100_at,
            cost_minor,
            cost_warned_80_at,
            cost_warned_100_at,
            suspended,
        } = self;
        let version = |text: &str| text.parse().map_err(|_| corrupt("plan_budget.suspended", text));
        let budget = Budget {
            rewards: pot(granted_minor, warned_80_at, warned_100_at),
            cost: pot(cost_minor, cost_warned_80_at, cost_warned_100_at),
            suspended: suspended.split_whitespace().map(version).collect::<Result<_, _>>()?,
        };
        Ok((plan_id, budget))
    }
}

pub(super) fn pot(granted_minor: i64, warned_80_at: Option<At>, warned_100_at: Option<At>) -> Pot {
    Pot { granted_minor, warned_80_at: warned_80_at.map(|at| at.0), warned_100_at: warned_100_at.map(|at| at.0) }
}

/// Opens the counter of a plan that comes into force, or goes on with it: referrals stay pinned to earlier versions, so the
/// highest limit of them all holds for it, and none where one of them has none.
pub(crate) async fn open(tx: &mut Tx, plan: &str, terms: &Terms) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO plan_budget (plan_id, limit_minor, cost_limit_minor) VALUES ($1, $2, $3)
         ON CONFLICT (plan_id) DO UPDATE SET
             limit_minor = CASE WHEN plan_budget.limit_minor IS NULL OR excluded.limit_minor IS NULL THEN NULL
                                WHEN plan_budget.limit_minor > excluded.limit_minor THEN plan_budget.limit_minor
                                ELSE excluded.limit_minor END,
             cost_limit_minor = CASE
                                WHEN plan_budget.cost_limit_minor IS NULL OR excluded.cost_limit_minor IS NULL THEN NULL
                                WHEN plan_budget.cost_limit_minor > excluded.cost_limit_minor
                                THEN plan_budget.cost_limit_minor
                                ELSE excluded.cost_limit_minor END",
        (plan.to_owned(), terms.limits.budget.map(Money::minor), terms.budgets.cost.map(Money::minor)),
    )
    .await?;
    Ok(())
}

/// Notes that two people have stopped a version of a plan, whose row is locked.
pub(crate) async fn suspend(tx: &mut Tx, plan: &str, version: i64) -> Result<(), Fault> {
    tx.exec(
        "UPDATE plan_budget SET suspended = CASE WHEN suspended = '' THEN $2 ELSE suspended || ' ' || $2 END
         WHERE plan_id = $1",
        (plan.to_owned(), version.to_string()),
    )
    .await?;
    Ok(())
}

/// What each of these plans has granted; those that were never in force are absent.
pub(crate) async fn budgets(tx: &mut Tx, plans: Vec<String>) -> Result<Vec<(String, Budget)>, Fault> {
    let rows: Vec<BudgetRow> = tx
        .all_by(
            "SELECT plan_id, granted_minor, warned_80_at, warned_100_at, cost_minor, cost_warned_80_at, cost_warned_100_at,
                    suspended
             FROM plan_budget WHERE plan_id = ANY($1)",
            "SELECT plan_id, granted_minor, warned_80_at, warned_100_at, cost_minor, cost_warned_80_at, cost_warned_100_at,
                    suspended
             FROM plan_budget WHERE plan_id = $1",
            Column::Text(plans),
        )
        .await?;
    rows.into_iter().map(BudgetRow::restore).collect()
}

/// Saves what plans have granted. Who is suspended is not changed here.
pub(crate) async fn save_budgets(tx: &mut Tx, budgets: &[(String, Budget)]) -> Result<(), Fault> {
    if budgets.is_empty() {
        return Ok(());
    }
    let int = |of: fn(&Budget) -> i64| Column::Int(budgets.iter().map(|(_, budget)| of(budget)).collect());
    let at = |of: fn(&Budget) -> Option<handsel_money::Timestamp>| {
        Column::OptAt(budgets.iter().map(|(_, budget)| of(budget).map(At)).collect())
    };
    tx.bulk(
        "UPDATE plan_budget SET granted_minor = saved.granted_minor, warned_80_at = saved.warned_80_at,
                                warned_100_at = saved.warned_100_at, cost_minor = saved.cost_minor,
                                cost_warned_80_at = saved.cost_warned_80_at, cost_warned_100_at = saved.cost_warned_100_at
         FROM UNNEST($1::text[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::timestamptz[],
                     $7::timestamptz[])
              AS saved (plan_id, granted_minor, warned_80_at, warned_100_at, cost_minor, cost_warned_80_at,
                        cost_warned_100_at)
         WHERE plan_budget.plan_id = saved.plan_id",
        "UPDATE plan_budget SET granted_minor = $2, warned_80_at = $3, warned_100_at = $4, cost_minor = $5,
                                cost_warned_80_at = $6, cost_warned_100_at = $7
         WHERE plan_id = $1",
        vec![
            Column::Text(budgets.iter().map(|(plan, _)| plan.clone()).collect()),
            int(|budget| budget.rewards.granted_minor),
            at(|budget| budget.rewards.warned_80_at),
            at(|budget| budget.rewards.warned_100_at),
            int(|budget| budget.cost.granted_minor),
            at(|budget| budget.cost.warned_80_at),
            at(|budget| budget.cost.warned_100_at),
        ],
    )
    .await?;
    Ok(())
}

row! {
    pub(crate) struct WindowRow {
        pub plan_id: String,
        pub window_key: String,
        pub beneficiary: String,
        pub reward_count: i64,
        pub granted_minor: i64,
    }
}

/// What stands in these windows; those that hold nothing yet are absent.
pub(crate) async fn windows(tx: &mut Tx, keys: &[WindowKey]) -> Result<Vec<(WindowKey, Tally)>, Fault> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<WindowRow> = tx
        .all_by(
            "SELECT plan_id, window_key, beneficiary, reward_count, granted_minor
             FROM beneficiary_window WHERE id = ANY($1)",
            "SELECT plan_id, window_key, beneficiary, reward_count, granted_minor
             FROM beneficiary_window WHERE id = $1",
            Column::Text(keys.iter().map(id).collect()),
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let key = WindowKey { plan: row.plan_id, window: row.window_key, beneficiary: row.beneficiary };
            (key, Tally { count: row.reward_count, granted_minor: row.granted_minor })
        })
        .collect())
}

/// Saves what stands in windows.
pub(crate) async fn save_windows(tx: &mut Tx, tallies: &[(WindowKey, Tally)]) -> Result<(), Fault> {
    if tallies.is_empty() {
        return Ok(());
    }
    let column =
        |text: fn(&WindowKey) -> &str| Column::Text(tallies.iter().map(|(key, _)| text(key).to_owned()).collect());
    tx.bulk(
        "INSERT INTO beneficiary_window (id, plan_id, window_key, beneficiary, reward_count, granted_minor)
         SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
         ON CONFLICT (id) DO UPDATE SET reward_count = excluded.reward_count, granted_minor = excluded.granted_minor",
        "INSERT INTO beneficiary_window (id, plan_id, window_key, beneficiary, reward_count, granted_minor)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET reward_count = excluded.reward_count, granted_minor = excluded.granted_minor",
        vec![
            Column::Text(tallies.iter().map(|(key, _)| id(key)).collect()),
            column(|key| &key.plan),
            column(|key| &key.window),
            column(|key| &key.beneficiary),
            Column::Int(tallies.iter().map(|(_, tally)| tally.count).collect()),
            Column::Int(tallies.iter().map(|(_, tally)| tally.granted_minor).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// Only the beneficiary, which comes last, holds a '/'.
pub(super) fn id(key: &WindowKey) -> String {
    format!("{}/{}/{}", key.plan, key.window, key.beneficiary)
}

row! {
    pub(crate) struct LockedRow {
        pub plan_id: String,
    }
}

/// Locks the budget rows of these plans, in order, for who looks them up only once he has begun.
pub(crate) async fn lock(tx: &mut Tx, mut plans: Vec<String>) -> Result<(), Fault> {
    plans.sort_unstable();
    plans.dedup();
    tx.all_by::<LockedRow>(
        "SELECT plan_id FROM plan_budget WHERE plan_id = ANY($1) ORDER BY plan_id FOR UPDATE",
        "SELECT plan_id FROM plan_budget WHERE plan_id = $1",
        Column::Text(plans),
    )
    .await?;
    Ok(())
}
