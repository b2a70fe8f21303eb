//! The ledger's transfers: added, never changed.

use super::{corrupt, money};
use crate::domain::ledger::{Account, Event, Posting};
use handsel_money::{Currency, Timestamp};
use handsel_storage::{At, Column, Fault, Tx, row};
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

/// A page of the journal after an ordinal, up to the horizon.
pub(crate) async fn of_journal(tx: &mut Tx, after: i64, through: i64, limit: i64) -> Result<Vec<Line>, Fault> {
    restore_all(
        tx.all(
            "SELECT ordinal, id, reward_id, event, number, debit, credit, currency, amount_minor, plan_id, customer,
                    posted_at
             FROM transfer WHERE ordinal > $1 AND ordinal <= $2 ORDER BY ordinal LIMIT $3",
            (after, through, limit),
        )
        .await?,
    )
}

/// A page of one reward's transfers after an ordinal. They are written under its lock, so their order is that of commit.
pub(crate) async fn of_reward(tx: &mut Tx, reward: Uuid, after: i64, limit: i64) -> Result<Vec<Line>, Fault> {
    restore_all(
        tx.all(
            "SELECT ordinal, id, reward_id, event, number, debit, credit, currency, amount_minor, plan_id, customer,
                    posted_at
             FROM transfer WHERE reward_id = $1 AND ordinal > $2 ORDER BY ordinal LIMIT $3",
            (reward, after, limit),
        )
        .await?,
    )
}

/// A page of one beneficiary's transfers after an ordinal, up to the horizon.
pub(crate) async fn of_customer(
    tx: &mut Tx,
    customer: String,
    after: i64,
    through: i64,
    limit: i64,
) -> Result<Vec<Line>, Fault> {
    restore_all(
        tx.all(
            "SELECT t.ordinal, t.id, t.reward_id, t.event, t.number, t.debit, t.credit, t.currency, t.amount_minor,
                    t.plan_id, t.customer, t.posted_at
             FROM reward r JOIN transfer t ON t.reward_id = r.id
             WHERE r.beneficiary = $1 AND t.ordinal > $2 AND t.ordinal <= $3 ORDER BY t.ordinal LIMIT $4",
            (customer, after, through, limit),
        )
        .await?,
    )
}

/// One account in one currency over a period, of one plan where one is named.
#[derive(Clone, Debug)]
pub(crate) struct Movements {
    pub(crate) account: Account,
    pub(crate) currency: Currency,
    pub(crate) plan: Option<String>,
    /// Included.
    pub(crate) from: Timestamp,
    /// Excluded.
    pub(crate) to: Timestamp,
}

/// A page of an account's movements after an ordinal, up to another. Closed stretches that lie outside the period are not read.
pub(crate) async fn of_account(
    tx: &mut Tx,
    movements: &Movements,
    after: i64,
    through: i64,
    limit: i64,
) -> Result<Vec<Line>, Fault> {
    let Movements { account, currency, plan, from, to } = movements.clone();
    restore_all(
        tx.all(
            "SELECT t.ordinal, t.id, t.reward_id, t.event, t.number, t.debit, t.credit, t.currency, t.amount_minor,
                    t.plan_id, t.customer, t.posted_at
             FROM ledger_closing c JOIN transfer t ON t.ordinal BETWEEN c.first_ordinal AND c.last_ordinal
             WHERE c.last_ordinal > $1 AND c.latest_posted_at >= $3 AND c.earliest_posted_at < $4
               AND t.ordinal > $1 AND t.ordinal <= $2 AND t.posted_at >= $3 AND t.posted_at < $4
               AND (t.debit = $5 OR t.credit = $5) AND t.currency = $6 AND ($7 IS NULL OR t.plan_id = $7)
             UNION ALL
             SELECT t.ordinal, t.id, t.reward_id, t.event, t.number, t.debit, t.credit, t.currency, t.amount_minor,
                    t.plan_id, t.customer, t.posted_at
             FROM transfer t
             WHERE t.ordinal > (SELECT COALESCE(MAX(last_ordinal), 0) FROM ledger_closing)
               AND t.ordinal > $1 AND t.ordinal <= $2 AND t.posted_at >= $3 AND t.posted_at < $4
               AND (t.debit = $5 OR t.credit = $5) AND t.currency = $6 AND ($7 IS NULL OR t.plan_id = $7)
             ORDER BY ordinal LIMIT $8",
            (after, through, At(from), At(to), account.code(), currency.code(), plan, limit),
        )
        .await?,
    )
}

/// A page of the payouts that were posted in a period, and of those that came back, after an ordinal. Closed stretches that lie outside
/// the period are not read.
pub(crate) async fn payouts(
    tx: &mut Tx,
    from: Timestamp,
    to: Timestamp,
    after: i64,
    limit: i64,
) -> Result<Vec<Line>, Fault> {
    restore_all(
        tx.all(
            "SELECT t.ordinal, t.id, t.reward_id, t.event, t.number, t.debit, t.credit, t.currency, t.amount_minor,
                    t.plan_id, t.customer, t.posted_at
             FROM ledger_closing c JOIN transfer t ON t.ordinal BETWEEN c.first_ordinal AND c.last_ordinal
             WHERE c.last_ordinal > $1 AND c.latest_posted_at >= $2 AND c.earliest_posted_at < $3
               AND t.ordinal > $1 AND t.posted_at >= $2 AND t.posted_at < $3
               AND t.event IN ('SETTLEMENT', 'LATE_SETTLEMENT', 'RETURN')
             UNION ALL
             SELECT t.ordinal, t.id, t.reward_id, t.event, t.number, t.debit, t.credit, t.currency, t.amount_minor,
                    t.plan_id, t.customer, t.posted_at
             FROM transfer t
             WHERE t.ordinal > (SELECT COALESCE(MAX(last_ordinal), 0) FROM ledger_closing)
               AND t.ordinal > $1 AND t.posted_at >= $2 AND t.posted_at < $3
               AND t.event IN ('SETTLEMENT', 'LATE_SETTLEMENT', 'RETURN')
             ORDER BY ordinal LIMIT $4",
            (after, At(from), At(to), limit),
        )
        .await?,
    )
}

fn restore_all(rows: Vec<TransferRow>) -> Result<Vec<Line>, Fault> {
    rows.into_iter().map(TransferRow::restore).collect()
}
