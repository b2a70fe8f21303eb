//! Accounts that people named for rewards: added, never changed.

use crate::domain::payee::Payee;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct PayeeRow {
        pub reward_id: Uuid,
        pub number: i64,
        pub account_reference: String,
        pub person: String,
        pub account: String,
        pub set_at: At,
    }
}

impl PayeeRow {
    fn restore(self) -> Payee {
        let Self { reward_id, number, account_reference, person, account, set_at } = self;
        Payee { reward: reward_id, number, account_reference, person, account, set_at: set_at.0 }
    }
}

/// The account that counts for each of these rewards, in no order; those for which nobody named one are absent.
pub(crate) async fn of_rewards(tx: &mut Tx, rewards: Vec<Uuid>) -> Result<Vec<Payee>, Fault> {
    if rewards.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<PayeeRow> = tx
        .all_by(
            "SELECT reward_id, number, account_reference, person, account, set_at FROM payee
             WHERE reward_id = ANY($1)
               AND number = (SELECT MAX(number) FROM payee newest WHERE newest.reward_id = payee.reward_id)",
            "SELECT reward_id, number, account_reference, person, account, set_at FROM payee
             WHERE reward_id = $1
               AND number = (SELECT MAX(number) FROM payee newest WHERE newest.reward_id = payee.reward_id)",
            Column::Uuid(rewards),
        )
        .await?;
    Ok(rows.into_iter().map(PayeeRow::restore).collect())
}

/// Adds an account for a reward that is locked.
pub(crate) async fn insert(tx: &mut Tx, payee: &Payee) -> Result<(), Fault> {
    tx.exec_one(
        "INSERT INTO payee (reward_id, number, account_reference, person, account, set_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        (
            payee.reward,
            payee.number,
            payee.account_reference.clone(),
            payee.person.clone(),
            payee.account.clone(),
            At(payee.set_at),
        ),
    )
    .await
}
