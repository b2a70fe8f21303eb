//! What a plan's rate grants have taken of its limits. Whoever changes it holds the plan's budget row.

use crate::domain::rate_grant::{Freed, Taken};
use handsel_storage::{Column, Fault, Tx, row};
use std::collections::BTreeMap;

row! {
    pub(crate) struct TakenRow {
        pub plan_id: String,
        pub grant_count: i64,
        pub benefit_minor: i64,
    }
}

/// What these plans' rate grants have taken; a plan that never offered one is absent.
pub(crate) async fn taken(tx: &mut Tx, plans: Vec<String>) -> Result<BTreeMap<String, Taken>, Fault> {
    let rows: Vec<TakenRow> = tx
        .all_by(
            "SELECT plan_id, grant_count, benefit_minor FROM plan_rate WHERE plan_id = ANY($1)",
            "SELECT plan_id, grant_count, benefit_minor FROM plan_rate WHERE plan_id = $1",
            Column::Text(plans),
        )
        .await?;
    let taken = |row: TakenRow| (row.plan_id, Taken { count: row.grant_count, benefit_minor: row.benefit_minor });
    Ok(rows.into_iter().map(taken).collect())
}

/// Saves what plans' rate grants have taken.
pub(crate) async fn save(tx: &mut Tx, taken: &BTreeMap<String, Taken>) -> Result<(), Fault> {
    if taken.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "INSERT INTO plan_rate (plan_id, grant_count, benefit_minor)
         SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::bigint[])
         ON CONFLICT (plan_id) DO UPDATE SET grant_count = excluded.grant_count, benefit_minor = excluded.benefit_minor",
        "INSERT INTO plan_rate (plan_id, grant_count, benefit_minor) VALUES ($1, $2, $3)
         ON CONFLICT (plan_id) DO UPDATE SET grant_count = excluded.grant_count, benefit_minor = excluded.benefit_minor",
        vec![
            Column::Text(taken.keys().cloned().collect()),
            Column::Int(taken.values().map(|one| one.count).collect()),
            Column::Int(taken.values().map(|one| one.benefit_minor).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// Gives back what a grant no longer takes of its plan's limits on rates.
pub(crate) async fn give_back(tx: &mut Tx, plan: &str, freed: Freed) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE plan_rate SET grant_count = grant_count - $2, benefit_minor = benefit_minor - $3 WHERE plan_id = $1",
        (plan.to_owned(), freed.count, freed.benefit_minor),
    )
    .await
}

/// Locks the counters of these plans, in order.
pub(crate) async fn lock(tx: &mut Tx, plans: Vec<String>) -> Result<(), Fault> {
    if plans.is_empty() {
        return Ok(());
    }
    let _: Vec<(String,)> = tx
        .all_by(
            "SELECT plan_id FROM plan_budget WHERE plan_id = ANY($1) ORDER BY plan_id FOR UPDATE",
            "SELECT plan_id FROM plan_budget WHERE plan_id = $1",
            Column::Text(plans),
        )
        .await?;
    Ok(())
}
