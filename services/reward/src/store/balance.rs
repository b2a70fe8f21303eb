//! What accounts hold at an instant: the newest closing that is wholly before it, and the lines that follow.
//!
//! No row anywhere is a running balance, so no grant waits for another.

use super::journal;
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row};

row! {
    pub(crate) struct BalanceRow {
        pub plan_id: String,
        pub account: String,
        pub currency: String,
        pub debit_high: i64,
        pub debit_low: i64,
        pub credit_high: i64,
        pub credit_low: i64,
    }
}

/// What was debited and credited by an instant, that instant included, in lines up to an ordinal; of one plan where one is named.
/// Closed stretches that begin after the instant are not looked at; those that it falls into are summed line by line.
pub(crate) async fn at(
    tx: &mut Tx,
    as_of: Timestamp,
    through: i64,
    plan: Option<String>,
) -> Result<Vec<BalanceRow>, Fault> {
    let closing = journal::closing_by(tx, as_of, through).await?;
    let number = closing.map_or(0, |closing| closing.number);
    tx.all(
        "WITH line AS (
             SELECT t.plan_id, t.debit, t.credit, t.currency, t.amount_minor
             FROM ledger_closing c JOIN transfer t ON t.ordinal BETWEEN c.first_ordinal AND c.last_ordinal
             WHERE c.number > $1 AND c.earliest_posted_at <= $2 AND t.posted_at <= $2 AND t.ordinal <= $3
             UNION ALL
             SELECT t.plan_id, t.debit, t.credit, t.currency, t.amount_minor
             FROM transfer t
             WHERE t.ordinal > (SELECT COALESCE(MAX(last_ordinal), 0) FROM ledger_closing)
               AND t.posted_at <= $2 AND t.ordinal <= $3)
         SELECT plan_id, account, currency,
                CAST(SUM(debit_high) AS BIGINT) AS debit_high, CAST(SUM(debit_low) AS BIGINT) AS debit_low,
                CAST(SUM(credit_high) AS BIGINT) AS credit_high, CAST(SUM(credit_low) AS BIGINT) AS credit_low
         FROM (SELECT plan_id, account, currency, debit_high, debit_low, credit_high, credit_low
               FROM ledger_closing_balance WHERE number = $1
               UNION ALL
               SELECT plan_id, debit, currency, amount_minor / 4294967296, amount_minor % 4294967296, 0, 0 FROM line
               UNION ALL
               SELECT plan_id, credit, currency, 0, 0, amount_minor / 4294967296, amount_minor % 4294967296 FROM line) AS moved
         WHERE $4 IS NULL OR plan_id = $4
         GROUP BY plan_id, account, currency",
        (number, At(as_of), through, plan),
    )
    .await
}

/// The same for one beneficiary, over the rewards that are his.
pub(crate) async fn of_customer(tx: &mut Tx, customer: &str, as_of: Timestamp) -> Result<Vec<BalanceRow>, Fault> {
    tx.all(
        "WITH line AS (
             SELECT t.debit, t.credit, t.currency, t.amount_minor
             FROM reward r JOIN transfer t ON t.reward_id = r.id
             WHERE r.beneficiary = $1 AND t.posted_at <= $2)
         SELECT '' AS plan_id, account, currency,
                CAST(SUM(debited / 4294967296) AS BIGINT) AS debit_high,
                CAST(SUM(debited % 4294967296) AS BIGINT) AS debit_low,
                CAST(SUM(credited / 4294967296) AS BIGINT) AS credit_high,
                CAST(SUM(credited % 4294967296) AS BIGINT) AS credit_low
         FROM (SELECT debit AS account, currency, amount_minor AS debited, 0 AS credited FROM line
               UNION ALL
               SELECT credit, currency, 0, amount_minor FROM line) AS moved
         GROUP BY account, currency",
        (customer.to_owned(), At(as_of)),
    )
    .await
}
