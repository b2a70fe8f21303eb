//! Recomputations of every reward and every valuation of a rate, how far they have come, and what they found.

use super::reward::{RewardRow, restore_all, reward_where};
use crate::domain::reward::Reward;
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct Recomputation {
        pub id: Uuid,
        pub recomputed: i64,
        pub different: i64,
        pub after_created_at: Option<At>,
        pub after_id: Option<Uuid>,
        pub started_at: At,
        pub updated_at: At,
        pub done: bool,
        /// Whether it has come to the rates.
        pub rewards_done: bool,
        pub rate_after_id: Option<Uuid>,
        pub rate_after_event: Option<String>,
    }
}

/// The one under way, locked.
pub(crate) async fn under_way(tx: &mut Tx) -> Result<Option<Recomputation>, Fault> {
    let sql = tx.pick(
        "SELECT id, recomputed, different, after_created_at, after_id, started_at, updated_at, done,
                rewards_done, rate_after_id, rate_after_event
         FROM recomputation WHERE NOT done AND one = 1 FOR UPDATE",
        "SELECT id, recomputed, different, after_created_at, after_id, started_at, updated_at, done,
                rewards_done, rate_after_id, rate_after_event
         FROM recomputation WHERE NOT done AND one = 1",
    );
    tx.opt(sql, ()).await
}

/// One.
pub(crate) async fn one(tx: &mut Tx, id: Uuid) -> Result<Option<Recomputation>, Fault> {
    tx.opt(
        "SELECT id, recomputed, different, after_created_at, after_id, started_at, updated_at, done,
                rewards_done, rate_after_id, rate_after_event
         FROM recomputation WHERE id = $1",
        (id,),
    )
    .await
}

/// Begins one. Another that was begun a moment ago is a lost race.
pub(crate) async fn begin(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<(), Fault> {
    tx.exec("INSERT INTO recomputation (id, started_at, updated_at) VALUES ($1, $2, $2)", (id, At(now)))
        .await
        .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// Saves how far one has come, while it is locked.
pub(crate) async fn save(tx: &mut Tx, run: &Recomputation) -> Result<(), Fault> {
    let Recomputation {
        id, recomputed, different, after_created_at, after_id, started_at: _, updated_at, done, ..
    } = run;
    let Recomputation { rewards_done, rate_after_id, rate_after_event, .. } = run;
    tx.exec_one(
        "UPDATE recomputation SET recomputed = $2, different = $3, after_created_at = $4, after_id = $5, updated_at = $6,
                                  done = $7, rewards_done = $8, rate_after_id = $9, rate_after_event = $10
         WHERE id = $1 AND NOT done",
        (
            *id,
            *recomputed,
            *different,
            *after_created_at,
            *after_id,
            *updated_at,
            *done,
            *rewards_done,
            *rate_after_id,
            rate_after_event.clone(),
        ),
    )
    .await
}

/// The next rewards in the order of grants, none granted after an instant.
pub(crate) async fn rewards(
    tx: &mut Tx,
    after: Option<(At, Uuid)>,
    until: At,
    limit: i64,
) -> Result<Vec<Reward>, Fault> {
    let (after_at, after_id) = after.unzip();
    let rows: Vec<RewardRow> = tx
        .all(
            reward_where!(
                "WHERE created_at <= $1 AND ($2 IS NULL OR (created_at, id) > ($2, $3))
                 ORDER BY created_at, id LIMIT $4"
            ),
            (until, after_at, after_id, limit),
        )
        .await?;
    restore_all(rows)
}

row! {
    pub(crate) struct TraceOf {
        pub id: Uuid,
        pub trace: Vec<u8>,
    }
}

/// The traces of these rewards, in no order.
pub(crate) async fn traces(tx: &mut Tx, rewards: Vec<Uuid>) -> Result<Vec<TraceOf>, Fault> {
    tx.all_by(
        "SELECT id, trace FROM reward WHERE id = ANY($1)",
        "SELECT id, trace FROM reward WHERE id = $1",
        Column::Uuid(rewards),
    )
    .await
}

/// What was found, numbered from one on within its recomputation.
pub(crate) struct Finding {
    pub(crate) number: i64,
    pub(crate) reward: Uuid,
    pub(crate) detail: String,
}

/// Keeps findings.
pub(crate) async fn keep(tx: &mut Tx, run: Uuid, findings: &[Finding], now: Timestamp) -> Result<(), Fault> {
    if findings.is_empty() {
        return Ok(());
    }
    tx.bulk(
        "INSERT INTO recompute_finding (recomputation_id, number, reward_id, detail, found_at)
         SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[])",
        "INSERT INTO recompute_finding (recomputation_id, number, reward_id, detail, found_at) VALUES ($1, $2, $3, $4, $5)",
        vec![
            Column::Uuid(findings.iter().map(|_| run).collect()),
            Column::Int(findings.iter().map(|one| one.number).collect()),
            Column::Uuid(findings.iter().map(|one| one.reward).collect()),
            Column::Text(findings.iter().map(|one| one.detail.clone()).collect()),
            Column::At(findings.iter().map(|_| At(now)).collect()),
        ],
    )
    .await?;
    Ok(())
}

row! {
    pub(crate) struct FindingRow {
        pub number: i64,
        /// Of a reward; else of a rate.
        pub reward_id: Option<Uuid>,
        pub grant_id: Option<Uuid>,
        /// Which valuation of the rate; empty: of a reward.
        pub event: String,
        pub detail: String,
        pub found_at: At,
    }
}

/// A page of findings after a number, those of rewards and of rates in the order found.
pub(crate) async fn findings(tx: &mut Tx, run: Uuid, after: i64, limit: i64) -> Result<Vec<FindingRow>, Fault> {
    tx.all(
        "SELECT number, reward_id, NULL AS grant_id, '' AS event, detail, found_at FROM recompute_finding
         WHERE recomputation_id = $1 AND number > $2
         UNION ALL
         SELECT number, NULL, grant_id, event, detail, found_at FROM recompute_rate_finding
         WHERE recomputation_id = $1 AND number > $2
         ORDER BY number LIMIT $3",
        (run, after, limit),
    )
    .await
}
