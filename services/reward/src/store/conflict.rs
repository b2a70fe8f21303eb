//! What the bank said that cannot be true beside what it said before, and what people found true.

use super::corrupt;
use crate::domain::outcome::{Attempt, Outcome, Status};
use handsel_money::Timestamp;
use handsel_storage::{At, Db, Fault, Tx, row};
use uuid::Uuid;

/// Keeps a contradiction for people to resolve; false if the same one is kept and open, or was resolved as the bank has it. A bank that
/// insists against what people found opens it again. Its reward is locked.
pub(crate) async fn keep(
    tx: &mut Tx,
    id: Uuid,
    known: &Attempt,
    said: &Outcome,
    now: Timestamp,
) -> Result<bool, Fault> {
    if is_old(tx, said).await? {
        return Ok(false);
    }
    tx.exec_one(
        "INSERT INTO outcome_conflict (id, end_to_end_id, reward_id, known_status, status, reason_code, bank_reference,
                                       occurred_at, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        (
            id,
            known.end_to_end_id.clone(),
            known.reward,
            known.status.code(),
            said.status.code(),
            said.reason_code.clone(),
            said.bank_reference.clone(),
            At(said.occurred_at),
            At(now),
        ),
    )
    .await?;
    Ok(true)
}

async fn is_old(tx: &mut Tx, said: &Outcome) -> Result<bool, Fault> {
    let found: Option<(Uuid,)> = tx
        .opt(
            "SELECT c.id
             FROM outcome_conflict c
             LEFT JOIN conflict_resolved d ON d.conflict_id = c.id LEFT JOIN resolution r ON r.id = d.resolution_id
             WHERE c.end_to_end_id = $1 AND c.status = $2 AND c.bank_reference = $3
               AND (d.conflict_id IS NULL OR (r.verdict = 'SETTLED') = (c.status = 'SETTLED'))
             LIMIT 1",
            (said.end_to_end_id.clone(), said.status.code(), said.bank_reference.clone()),
        )
        .await?;
    Ok(found.is_some())
}

row! {
    pub(crate) struct ConflictRow {
        pub id: Uuid,
        pub end_to_end_id: String,
        pub is_open: bool,
    }
}

/// The contradictions of a reward, which is locked: open ones and resolved ones, in no order.
pub(crate) async fn of_reward(tx: &mut Tx, reward: Uuid) -> Result<Vec<ConflictRow>, Fault> {
    tx.all(
        "SELECT c.id, c.end_to_end_id, d.conflict_id IS NULL AS is_open
         FROM outcome_conflict c LEFT JOIN conflict_resolved d ON d.conflict_id = c.id
         WHERE c.reward_id = $1",
        (reward,),
    )
    .await
}

/// Records that two people have resolved a contradiction. Its reward is locked.
pub(crate) async fn resolve(tx: &mut Tx, conflict: Uuid, resolution: Uuid) -> Result<(), Fault> {
    tx.exec_one("INSERT INTO conflict_resolved (conflict_id, resolution_id) VALUES ($1, $2)", (conflict, resolution))
        .await
}

/// A contradiction, whole.
pub(crate) struct Conflict {
    pub(crate) id: Uuid,
    pub(crate) reward: Uuid,
    pub(crate) known: Status,
    /// What the bank said beside that.
    pub(crate) said: Outcome,
    pub(crate) recorded_at: Timestamp,
}

row! {
    pub(crate) struct WholeRow {
        pub id: Uuid,
        pub end_to_end_id: String,
        pub reward_id: Uuid,
        pub known_status: String,
        pub status: String,
        pub reason_code: String,
        pub bank_reference: String,
        pub occurred_at: At,
        pub recorded_at: At,
    }
}

impl WholeRow {
    fn restore(self) -> Result<Conflict, Fault> {
        let status = |code: &str| Status::from_code(code).ok_or_else(|| corrupt("outcome_conflict.status", code));
        Ok(Conflict {
            id: self.id,
            reward: self.reward_id,
            known: status(&self.known_status)?,
            said: Outcome {
                status: status(&self.status)?,
                end_to_end_id: self.end_to_end_id,
                reason_code: self.reason_code,
                bank_reference: self.bank_reference,
                occurred_at: self.occurred_at.0,
            },
            recorded_at: self.recorded_at.0,
        })
    }
}

/// A page of contradictions that nobody has resolved, oldest first, after a position.
pub(crate) async fn open(db: &Db, after: Option<(Timestamp, Uuid)>, limit: i64) -> Result<Vec<Conflict>, Fault> {
    let (after_at, after_id) = after.map(|(at, id)| (At(at), id)).unzip();
    let rows: Vec<WholeRow> = db
        .all(
            "SELECT id, end_to_end_id, reward_id, known_status, status, reason_code, bank_reference, occurred_at, recorded_at
             FROM outcome_conflict c
             WHERE NOT EXISTS (SELECT 1 FROM conflict_resolved d WHERE d.conflict_id = c.id)
               AND ($1 IS NULL OR (recorded_at, id) > ($1, $2))
             ORDER BY recorded_at, id LIMIT $3",
            (after_at, after_id, limit),
        )
        .await?;
    rows.into_iter().map(WholeRow::restore).collect()
}
