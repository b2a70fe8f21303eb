//! What the bank said that cannot be true beside what it said before.

use crate::domain::outcome::{Attempt, Outcome};
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx};
use uuid::Uuid;

/// Keeps a contradiction for people to resolve; false if it was kept before.
pub(crate) async fn keep(
    tx: &mut Tx,
    id: Uuid,
    known: &Attempt,
    said: &Outcome,
    now: Timestamp,
) -> Result<bool, Fault> {
    let kept = tx
        .exec(
            "INSERT INTO outcome_conflict (id, end_to_end_id, reward_id, known_status, status, reason_code, bank_reference,
                                           occurred_at, recorded_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (end_to_end_id, status, bank_reference) DO NOTHING",
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
    Ok(kept == 1)
}
