//! The ledger's transfers: added, never changed.

use super::{corrupt, money};
use crate::domain::ledger::{Event, Posting};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Db, Fault, Tx, row};
use uuid::Uuid;

/// One movement between two accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transfer {
    pub(crate) id: Uuid,
    /// None where it belongs to no reward: tax paid to the state.
    pub(crate) reward: Option<Uuid>,
    /// What it is the n-th of, as its event counts.
    pub(crate) number: i64,
    pub(crate) posting: Posting,
    pub(crate) plan: String,
    pub(crate) customer: String,
    pub(crate) posted_at: Timestamp,
}

/// A transfer where it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Counts in order of insertion.
    pub(crate) ordinal: i64,
    pub(crate) transfer: Transfer,
}

row! {
    pub(crate) struct TransferRow {
        pub ordinal: i64,
        pub id: Uuid,
        pub reward_id: Option<Uuid>,
        pub event: String,
        pub number: i64,
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
    fn restore(self) -> Result<Line, Fault> {
        let Self {
            ordinal,
            id,
            reward_id,
            event,
            number,
            debit,
            credit,
            currency,
            amount_minor,
            plan_id,
            customer,
            posted_at,
        } = self;
        let known = Event::from_code(&event).ok_or_else(|| corrupt("transfer.event", &event))?;
        let posting = Posting { event: known, amount: money(&currency, amount_minor)? };
        if (debit.as_str(), credit.as_str()) != (posting.debit().code(), posting.credit().code()) {
            return Err(corrupt("transfer.debit and credit", &format!("{debit} {credit}")));
        }
        let (reward, plan, posted_at) = (reward_id, plan_id, posted_at.0);
        Ok(Line { ordinal, transfer: Transfer { id, reward, number, posting, plan, customer, posted_at } })
    }
}

/// Adds transfers.
pub(crate) async fn insert(tx: &mut Tx, transfers: &[Transfer]) -> Result<(), Fault> {
    if transfers.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&Transfer) -> &str| Column::Text(transfers.iter().map(|one| of(one).to_owned()).collect());
    tx.bulk(
        "INSERT INTO transfer (id, reward_id, event, number, debit, credit, currency, amount_minor, plan_id, customer,
                               posted_at)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[],
                              $8::bigint[], $9::text[], $10::text[], $11::timestamptz[])",
        "INSERT INTO transfer (id, reward_id, event, number, debit, credit, currency, amount_minor, plan_id, customer,
                               posted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        vec![
            Column::Uuid(transfers.iter().map(|one| one.id).collect()),
            Column::OptUuid(transfers.iter().map(|one| one.reward).collect()),
            text(|one| one.posting.event.code()),
            Column::Int(transfers.iter().map(|one| one.number).collect()),
            text(|one| one.posting.debit().code()),
            text(|one| one.posting.credit().code()),
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

/// A page of transfers in order of insertion, after a position.
pub(crate) async fn page(db: &Db, reward: Option<Uuid>, after: i64, limit: i64) -> Result<Vec<Line>, Fault> {
    let rows: Vec<TransferRow> = db
        .all(
            "SELECT ordinal, id, reward_id, event, number, debit, credit, currency, amount_minor, plan_id, customer,
                    posted_at
             FROM transfer
             WHERE ($1 IS NULL OR reward_id = $1) AND ordinal > $2
             ORDER BY ordinal LIMIT $3",
            (reward, after, limit),
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
