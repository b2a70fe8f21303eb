//! Withdrawals of payment files: proposals and confirmations, both added and never changed; and what they rest on and do.

use super::corrupt;
use crate::domain::{
    payment_file::PaymentFile,
    withdrawal::{Confirmation, Effect, Evidence, Withdrawal},
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct WithdrawalRow {
        pub id: Uuid,
        pub number: i64,
        pub effect: String,
        pub note: String,
        pub proposed_by: String,
        pub proposer_account: String,
        pub proposed_at: At,
        pub confirmed_by: Option<String>,
        pub confirmed_at: Option<At>,
    }
    pub(crate) struct ReleasedRow {
        pub end_to_end_id: String,
    }
    pub(crate) struct SignsRow {
        pub reports: i64,
        pub spoken_of: i64,
    }
}

impl WithdrawalRow {
    fn restore(self, file: i64) -> Result<Withdrawal, Fault> {
        let Self { id, number, effect, note, proposed_by, proposer_account, proposed_at, confirmed_by, confirmed_at } =
            self;
        Ok(Withdrawal {
            id,
            file,
            number,
            effect: Effect::from_code(&effect).ok_or_else(|| corrupt("file_withdrawal.effect", &effect))?,
            note,
            proposed_by,
            proposer_account,
            proposed_at: proposed_at.0,
            confirmation: confirmed_by.zip(confirmed_at).map(|(by, at)| Confirmation { by, at: at.0 }),
        })
    }
}

/// What was said last of withdrawing a file.
pub(crate) async fn newest(tx: &mut Tx, file: i64) -> Result<Option<Withdrawal>, Fault> {
    let row: Option<WithdrawalRow> = tx
        .opt(
            "SELECT w.id, w.number, w.effect, w.note, w.proposed_by, w.proposer_account, w.proposed_at, c.confirmed_by,
                    c.confirmed_at
             FROM file_withdrawal w LEFT JOIN file_withdrawal_confirmation c ON c.withdrawal_id = w.id
             WHERE w.file_number = $1 ORDER BY w.number DESC LIMIT 1",
            (file,),
        )
        .await?;
    row.map(|row| row.restore(file)).transpose()
}

/// What is known of where a file may have been, which is locked.
pub(crate) async fn evidence(tx: &mut Tx, file: &PaymentFile) -> Result<Evidence, Fault> {
    let row: SignsRow = tx
        .one(
            "SELECT (SELECT COUNT(*) FROM bank_file WHERE file_number = $1) AS reports,
                    (SELECT COUNT(*) FROM payment_file_entry e JOIN attempt a ON a.end_to_end_id = e.end_to_end_id
                     WHERE e.file_number = $1
                       AND (a.status <> 'UNKNOWN'
                            OR EXISTS (SELECT 1 FROM file_difference d WHERE d.end_to_end_id = e.end_to_end_id)))
                    AS spoken_of",
            (file.number,),
        )
        .await?;
    Ok(Evidence { placed: file.placed_at.is_some(), reported: row.reports > 0, spoken_of: row.spoken_of > 0 })
}

/// Adds a proposal.
pub(crate) async fn insert(tx: &mut Tx, withdrawal: &Withdrawal) -> Result<(), Fault> {
    let Withdrawal { id, file, number, effect, note, proposed_by, proposer_account, proposed_at, confirmation: _ } =
        withdrawal.clone();
    tx.exec_one(
        "INSERT INTO file_withdrawal (id, file_number, number, effect, note, proposed_by, proposer_account, proposed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        (id, file, number, effect.code(), note, proposed_by, proposer_account, At(proposed_at)),
    )
    .await
}

/// Adds the confirmation of a withdrawal that has one.
pub(crate) async fn confirm(tx: &mut Tx, withdrawal: &Withdrawal) -> Result<(), Fault> {
    let Withdrawal { id, file, effect, proposed_by, confirmation, .. } = withdrawal.clone();
    let Some(Confirmation { by, at }) = confirmation else { return Ok(()) };
    tx.exec_one(
        "INSERT INTO file_withdrawal_confirmation
             (file_number, withdrawal_id, effect, proposed_by, confirmed_by, confirmed_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        (file, id, effect.code(), proposed_by, by, At(at)),
    )
    .await
}

/// Every payout of a file that was withdrawn and never left leaves it, and waits for another. Contention where anything was said of one
/// of them since the evidence was read.
pub(crate) async fn release(tx: &mut Tx, file: &PaymentFile, now: Timestamp) -> Result<(), Fault> {
    let released = tx
        .exec(
            "UPDATE attempt SET first_sent_at = NULL, channel = ''
             WHERE end_to_end_id IN (SELECT end_to_end_id FROM payment_file_entry WHERE file_number = $1)
               AND channel = 'FILE' AND status = 'UNKNOWN'",
            (file.number,),
        )
        .await?;
    tx.exec(
        "INSERT INTO payment_file_left_out (file_number, end_to_end_id, reason, recorded_at)
         SELECT file_number, end_to_end_id, 'FILE_WITHDRAWN', $2 FROM payment_file_entry WHERE file_number = $1
         ON CONFLICT DO NOTHING",
        (file.number, At(now)),
    )
    .await?;
    let left = tx.exec("DELETE FROM payment_file_entry WHERE file_number = $1", (file.number,)).await?;
    let all = |count: u64| i64::try_from(count) == Ok(file.payouts);
    if all(released) && all(left) { Ok(()) } else { Err(Fault::Contention) }
}

/// Whether a file was withdrawn as one that never left.
pub(crate) async fn is_released(tx: &mut Tx, file: i64) -> Result<bool, Fault> {
    let found: Option<(i64,)> = tx
        .opt(
            "SELECT file_number FROM file_withdrawal_confirmation WHERE file_number = $1 AND effect = 'RELEASED'",
            (file,),
        )
        .await?;
    Ok(found.is_some())
}

/// The first of these payouts that was released from a file that two people withdrew, if any was.
pub(crate) async fn released(tx: &mut Tx, ids: Vec<String>) -> Result<Option<String>, Fault> {
    if ids.is_empty() {
        return Ok(None);
    }
    let rows: Vec<ReleasedRow> = tx
        .all_by(
            "SELECT end_to_end_id FROM payment_file_left_out WHERE end_to_end_id = ANY($1) AND reason = 'FILE_WITHDRAWN'",
            "SELECT end_to_end_id FROM payment_file_left_out WHERE end_to_end_id = $1 AND reason = 'FILE_WITHDRAWN'",
            Column::Text(ids),
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.end_to_end_id).min())
}
