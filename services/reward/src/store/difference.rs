//! What people say of differences: proposals and confirmations, both added and never changed.

use super::corrupt;
use crate::domain::difference::{Code, Confirmation, Place, Resolution};
use handsel_storage::{At, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct ResolutionRow {
        pub id: Uuid,
        pub number: i64,
        pub code: String,
        pub note: String,
        pub proposed_by: String,
        pub proposer_account: String,
        pub proposed_at: At,
        pub confirmed_by: Option<String>,
        pub confirmed_at: Option<At>,
    }
}

impl ResolutionRow {
    /// The resolution of the difference at `place`.
    pub(super) fn restore(self, place: Place) -> Result<Resolution, Fault> {
        let Self { id, number, code, note, proposed_by, proposer_account, proposed_at, confirmed_by, confirmed_at } =
            self;
        Ok(Resolution {
            id,
            place,
            number,
            code: Code::from_code(&code).ok_or_else(|| corrupt("difference_resolution.code", &code))?,
            note,
            proposed_by,
            proposer_account,
            proposed_at: proposed_at.0,
            confirmation: confirmed_by.zip(confirmed_at).map(|(by, at)| Confirmation { by, at: at.0 }),
        })
    }
}

/// Locks a difference, so that one person at a time says anything of it; false where there is none.
pub(crate) async fn lock(tx: &mut Tx, place: Place) -> Result<bool, Fault> {
    let sql = tx.pick(
        "SELECT position FROM file_difference WHERE bank_file_id = $1 AND position = $2 FOR UPDATE",
        "SELECT position FROM file_difference WHERE bank_file_id = $1 AND position = $2",
    );
    let found: Option<(i64,)> = tx.opt(sql, (place.file, place.position)).await?;
    Ok(found.is_some())
}

/// Whether the bank's files say something of this attempt that we do not, and no two people have closed that.
pub(crate) async fn is_open_of_attempt(tx: &mut Tx, end_to_end_id: &str) -> Result<bool, Fault> {
    let found: Option<(i64,)> = tx
        .opt(
            "SELECT d.position FROM file_difference d
             WHERE d.end_to_end_id = $1
               AND NOT EXISTS (SELECT 1 FROM difference_confirmation c
                               WHERE c.bank_file_id = d.bank_file_id AND c.position = d.position)
             LIMIT 1",
            (end_to_end_id.to_owned(),),
        )
        .await?;
    Ok(found.is_some())
}

/// What was said last of a difference.
pub(crate) async fn newest(tx: &mut Tx, place: Place) -> Result<Option<Resolution>, Fault> {
    let row: Option<ResolutionRow> = tx
        .opt(
            "SELECT r.id, r.number, r.code, r.note, r.proposed_by, r.proposer_account, r.proposed_at, c.confirmed_by,
                    c.confirmed_at
             FROM difference_resolution r LEFT JOIN difference_confirmation c ON c.resolution_id = r.id
             WHERE r.bank_file_id = $1 AND r.position = $2 ORDER BY r.number DESC LIMIT 1",
            (place.file, place.position),
        )
        .await?;
    row.map(|row| row.restore(place)).transpose()
}

/// Adds a proposal.
pub(crate) async fn insert(tx: &mut Tx, resolution: &Resolution) -> Result<(), Fault> {
    let Resolution { id, place, number, code, note, proposed_by, proposer_account, proposed_at, confirmation: _ } =
        resolution.clone();
    tx.exec_one(
        "INSERT INTO difference_resolution
             (id, bank_file_id, position, number, code, note, proposed_by, proposer_account, proposed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        (id, place.file, place.position, number, code.code(), note, proposed_by, proposer_account, At(proposed_at)),
    )
    .await
}

/// Adds the confirmation of a resolution that has one.
pub(crate) async fn confirm(tx: &mut Tx, resolution: &Resolution) -> Result<(), Fault> {
    let Resolution { id, place, proposed_by, confirmation, .. } = resolution.clone();
    let Some(Confirmation { by, at }) = confirmation else { return Ok(()) };
    tx.exec_one(
        "INSERT INTO difference_confirmation
             (bank_file_id, position, resolution_id, proposed_by, confirmed_by, confirmed_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        (place.file, place.position, id, proposed_by, by, At(at)),
    )
    .await
}
