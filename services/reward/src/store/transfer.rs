//! The ledger's transfers: added, never changed.

use super::{corrupt, money};
use crate::domain::ledger::{Account, Event, Posting};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Db, Fault, Tx, row};
use uuid::Uuid;

/// One movement between two accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) id: Uuid,
    pub(crate) reward: Uuid,
    /// The attempt that moved it; 0: none.
    pub(crate) attempt: i64,
    pub(crate) posting: Posting,
    pub(crate) plan: String,
    pub(crate) customer: String,
    pub(crate) posted_at: Timestamp,
}

row! {
    pub(crate) struct TransferRow {
        pub id: Uuid,
        pub reward_id: Uuid,
        pub event: String,
        pub attempt: i64,
        pub debit: String,
        pub credit: String,
        pub currency: String,
        pub amount_minor: i64,
        pub plan_id: String,
        pub customer: String,
        pub posted_at: At,
    }
}

impl TransferRow {
    fn restore(self) -> Result<Transfer, Fault> {
        let Self { id, reward_id, event, attempt, debit, credit, currency, amount_minor, plan_id, customer, posted_at } =
            self;
        let posting = Posting {
            event: Event::from_code(&event).ok_or_else(|| corrupt("transfer.event", &event))?,
            debit: Account::from_code(&debit).ok_or_else(|| corrupt("transfer.debit", &debit))?,
            credit: Account::from_code(&credit).ok_or_else(|| corrupt("transfer.credit", &credit))?,
            amount: money(&currency, amount_minor)?,
        };
        Ok(Transfer { id, reward: reward_id, attempt, posting, plan: plan_id, customer, posted_at: posted_at.0 })
    }
}

/// Adds transfers.
pub(crate) async fn insert(tx: &mut Tx, transfers: &[Transfer]) -> Result<(), Fault> {
    if transfers.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&Transfer) -> &str| Column::Text(transfers.iter().map(|one| of(one).to_owned()).collect());
    tx.bulk(
        "INSERT INTO transfer (id, reward_id, event, attempt, debit, credit, currency, amount_minor, plan_id, customer,
                               posted_at)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
                              $8::bigint[], $9::text[], $10::text[], $11::timestamptz[])",
        "INSERT INTO transfer (id, reward_id, event, attempt, debit, credit, currency, amount_minor, plan_id, customer,
                               posted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        vec![
            Column::Uuid(transfers.iter().map(|one| one.id).collect()),
            Column::Uuid(transfers.iter().map(|one| one.reward).collect()),
            text(|one| one.posting.event.code()),
            Column::Int(transfers.iter().map(|one| one.attempt).collect()),
            text(|one| one.posting.debit.code()),
            text(|one| one.posting.credit.code()),
            text(|one| one.posting.amount.currency().code()),
            Column::Int(transfers.iter().map(|one| one.posting.amount.minor()).collect()),
            text(|one| &one.plan),
            text(|one| &one.customer),
            Column::At(transfers.iter().map(|one| At(one.posted_at)).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// A page of transfers, oldest first, after a position.
pub(crate) async fn page(
    db: &Db,
    reward: Option<Uuid>,
    after: Option<(At, Uuid)>,
    limit: i64,
) -> Result<Vec<Transfer>, Fault> {
    let (after_at, after_id) = after.unzip();
    let rows: Vec<TransferRow> = db
        .all(
            "SELECT id, reward_id, event, attempt, debit, credit, currency, amount_minor, plan_id, customer, posted_at
             FROM transfer
             WHERE ($1 IS NULL OR reward_id = $1) AND ($2 IS NULL OR (posted_at, id) > ($2, $3))
             ORDER BY posted_at, id LIMIT $4",
            (reward, after_at, after_id, limit),
        )
        .await?;
    rows.into_iter().map(TransferRow::restore).collect()
}

row! {
    pub(crate) struct BalanceRow {
        pub account: String,
        pub currency: String,
        pub debit_high: i64,
        pub debit_low: i64,
        pub credit_high: i64,
        pub credit_low: i64,
    }
}

/// What was debited and credited to each account by an instant, that instant included.
pub(crate) async fn balances(db: &Db, as_of: Timestamp) -> Result<Vec<BalanceRow>, Fault> {
    db.all(
        "SELECT account, currency,
                CAST(SUM(debited / 4294967296) AS BIGINT) AS debit_high,
                CAST(SUM(debited % 4294967296) AS BIGINT) AS debit_low,
                CAST(SUM(credited / 4294967296) AS BIGINT) AS credit_high,
                CAST(SUM(credited % 4294967296) AS BIGINT) AS credit_low
         FROM (SELECT debit AS account, currency, amount_minor AS debited, 0 AS credited
               FROM transfer WHERE posted_at <= $1
               UNION ALL
               SELECT credit, currency, 0, amount_minor FROM transfer WHERE posted_at <= $1) AS moved
         GROUP BY account, currency ORDER BY account, currency",
        (At(as_of),),
    )
    .await
}
