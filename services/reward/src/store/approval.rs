//! People's words for rewards. A voided one stays on record.

use super::corrupt;
use crate::domain::{approval::Approval, terms::Approver};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct ApprovalRow {
        pub reward_id: Uuid,
        pub person: String,
        pub account: String,
        pub role: String,
        pub given_at: At,
    }
}

impl ApprovalRow {
    fn restore(self) -> Result<(Uuid, Approval), Fault> {
        let Self { reward_id, person, account, role, given_at } = self;
        let role = Approver::from_code(&role).ok_or_else(|| corrupt("approval.role", &role))?;
        Ok((reward_id, Approval { person, account, role, given_at: given_at.0 }))
    }
}

/// The words that count for these rewards, by reward, in no order.
pub(crate) async fn of_rewards(tx: &mut Tx, rewards: Vec<Uuid>) -> Result<Vec<(Uuid, Approval)>, Fault> {
    if rewards.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<ApprovalRow> = tx
        .all_by(
            "SELECT reward_id, person, account, role, given_at FROM approval
             WHERE voided_at IS NULL AND reward_id = ANY($1)",
            "SELECT reward_id, person, account, role, given_at FROM approval
             WHERE voided_at IS NULL AND reward_id = $1",
            Column::Uuid(rewards),
        )
        .await?;
    rows.into_iter().map(ApprovalRow::restore).collect()
}

/// A word that is given now.
pub(crate) struct NewApproval {
    pub(crate) id: Uuid,
    pub(crate) reward: Uuid,
    pub(crate) approval: Approval,
}

/// Adds words for rewards that are locked.
pub(crate) async fn insert(tx: &mut Tx, given: &[NewApproval]) -> Result<(), Fault> {
    if given.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&Approval) -> &str| Column::Text(given.iter().map(|one| of(&one.approval).to_owned()).collect());
    tx.bulk(
        "INSERT INTO approval (id, reward_id, person, account, role, given_at)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])",
        "INSERT INTO approval (id, reward_id, person, account, role, given_at) VALUES ($1, $2, $3, $4, $5, $6)",
        vec![
            Column::Uuid(given.iter().map(|one| one.id).collect()),
            Column::Uuid(given.iter().map(|one| one.reward).collect()),
            text(|one| &one.person),
            text(|one| &one.account),
            text(|one| one.role.code()),
            Column::At(given.iter().map(|one| At(one.approval.given_at)).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// Voids what was said for a reward that is locked.
pub(crate) async fn void(tx: &mut Tx, reward: Uuid, now: Timestamp) -> Result<u64, Fault> {
    tx.exec("UPDATE approval SET voided_at = $2 WHERE reward_id = $1 AND voided_at IS NULL", (reward, At(now))).await
}
