//! What a plan has granted, and what each beneficiary has in each window.
//!
//! Whoever reads a counter to change it holds the plan's budget row, see [`BUDGET`].

use crate::domain::grant::{Tally, WindowKey};
use handsel_storage::{Column, Fault, LockTable, Tx, row};

/// The row under which every counter of a plan changes; windows need no lock of their own.
pub(crate) static BUDGET: LockTable = LockTable {
    table: "plan_budget",
    sql: "SELECT 1 FROM plan_budget WHERE plan_id = ANY($1) ORDER BY plan_id FOR UPDATE",
};

row! {
    pub(crate) struct BudgetRow {
        pub plan_id: String,
        pub granted_minor: i64,
    }
}

/// Opens the counter of a plan that comes into force.
pub(crate) async fn open(tx: &mut Tx, plan: &str, limit_minor: Option<i64>) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO plan_budget (plan_id, limit_minor) VALUES ($1, $2)
         ON CONFLICT (plan_id) DO UPDATE SET limit_minor = excluded.limit_minor",
        (plan.to_owned(), limit_minor),
    )
    .await?;
    Ok(())
}

/// What each of these plans has granted; those that were never in force are absent.
pub(crate) async fn budgets(tx: &mut Tx, plans: Vec<String>) -> Result<Vec<BudgetRow>, Fault> {
    tx.all_by(
        "SELECT plan_id, granted_minor FROM plan_budget WHERE plan_id = ANY($1)",
        "SELECT plan_id, granted_minor FROM plan_budget WHERE plan_id = $1",
        Column::Text(plans),
    )
    .await
}

/// Saves what plans have granted.
pub(crate) async fn save_budgets(tx: &mut Tx, granted: &[(String, i64)]) -> Result<(), Fault> {
    if granted.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "UPDATE plan_budget SET granted_minor = saved.granted_minor
         FROM UNNEST($1::text[], $2::bigint[]) AS saved (plan_id, granted_minor)
         WHERE plan_budget.plan_id = saved.plan_id",
        "UPDATE plan_budget SET granted_minor = $2 WHERE plan_id = $1",
        vec![
            Column::Text(granted.iter().map(|(plan, _)| plan.clone()).collect()),
            Column::Int(granted.iter().map(|(_, minor)| *minor).collect()),
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

/// None of the three parts holds a '/'.
fn id(key: &WindowKey) -> String {
    format!("{}/{}/{}", key.plan, key.window, key.beneficiary)
}
