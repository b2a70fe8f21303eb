//! What taxes are told from: how far the journal was read, entries, a beneficiary's years.

use super::{corrupt, currency, money};
use crate::domain::{
    ledger::Event,
    tax_year::{Entry, Flag, Had, Sums, Total, YearKey},
};
use handsel_money::{Money, Timestamp};
use handsel_storage::{At, Column, Db, Fault, Tx, row};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// How far the journal was read, locked.
pub(crate) async fn read_through(tx: &mut Tx) -> Result<i64, Fault> {
    let sql = tx.pick(
        "SELECT ordinal FROM tax_horizon WHERE id = 1 FOR UPDATE",
        "SELECT ordinal FROM tax_horizon WHERE id = 1",
    );
    let (ordinal,): (i64,) = tx.one(sql, ()).await?;
    Ok(ordinal)
}

/// Remembers how far it was read.
pub(crate) async fn remember(tx: &mut Tx, ordinal: i64) -> Result<(), Fault> {
    tx.exec_one("UPDATE tax_horizon SET ordinal = $1 WHERE id = 1", (ordinal,)).await
}

/// The rewards that a stretch of the journal tells something new of, each with the last line that does.
pub(crate) async fn told_of(tx: &mut Tx, after: i64, through: i64) -> Result<Vec<(Uuid, i64)>, Fault> {
    tx.all(
        "SELECT reward_id, MAX(ordinal) FROM transfer
         WHERE ordinal > $1 AND ordinal <= $2
           AND event IN ('SETTLEMENT', 'DELIVERY', 'LATE_SETTLEMENT', 'LATE_DELIVERY', 'NETTING', 'RETURN',
                         'DELIVERY_RETURN', 'REVERSAL', 'REVERSAL_TAX', 'CLAIM')
         GROUP BY reward_id",
        (after, through),
    )
    .await
}

row! {
    pub(crate) struct PaidRow {
        pub id: Uuid,
        pub beneficiary: String,
        pub plan_id: String,
        pub plan_version: i64,
        pub currency: String,
        pub withheld: bool,
        pub settled_at: Option<At>,
    }
}

/// What is to be known of rewards, in no order.
pub(crate) async fn rewards(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<PaidRow>, Fault> {
    tx.all_by(
        "SELECT id, beneficiary, plan_id, plan_version, currency, cost_minor = reward_minor AS withheld,
                (SELECT MAX(a.outcome_at) FROM attempt a WHERE a.reward_id = r.id AND a.status = 'SETTLED') AS settled_at
         FROM reward r WHERE id = ANY($1)",
        "SELECT id, beneficiary, plan_id, plan_version, currency, cost_minor = reward_minor AS withheld,
                (SELECT MAX(a.outcome_at) FROM attempt a WHERE a.reward_id = r.id AND a.status = 'SETTLED') AS settled_at
         FROM reward r WHERE id = $1",
        Column::Uuid(ids),
    )
    .await
}

/// The sums of rewards' lines by event.
pub(crate) async fn sums(tx: &mut Tx, ids: Vec<Uuid>) -> Result<HashMap<Uuid, Sums>, Fault> {
    let rows: Vec<(Uuid, String, i64)> = tx
        .all_by(
            "SELECT reward_id, event, CAST(SUM(amount_minor) AS BIGINT) FROM transfer WHERE reward_id = ANY($1)
             GROUP BY reward_id, event",
            "SELECT reward_id, event, SUM(amount_minor) FROM transfer WHERE reward_id = $1 GROUP BY reward_id, event",
            Column::Uuid(ids),
        )
        .await?;
    let mut sums: HashMap<Uuid, Sums> = HashMap::new();
    for (reward, event, minor) in rows {
        let event = Event::from_code(&event).ok_or_else(|| corrupt("transfer.event", &event))?;
        sums.entry(reward).or_default().insert(event, minor);
    }
    Ok(sums)
}

/// What entries say of rewards already, and in which year the last payout of each was.
pub(crate) async fn told(tx: &mut Tx, ids: Vec<Uuid>) -> Result<HashMap<Uuid, (Had, Option<i64>)>, Fault> {
    let mut rows: Vec<(i64, Uuid, i64, i64, i64)> = tx
        .all_by(
            "SELECT ordinal, reward_id, year, net_minor, tax_minor FROM tax_entry WHERE reward_id = ANY($1)",
            "SELECT ordinal, reward_id, year, net_minor, tax_minor FROM tax_entry WHERE reward_id = $1",
            Column::Uuid(ids),
        )
        .await?;
    rows.sort_unstable();
    let mut told: HashMap<Uuid, (Had, Option<i64>)> = HashMap::new();
    for (_, reward, year, net, tax) in rows {
        let (had, paid_in) = told.entry(reward).or_default();
        (had.net, had.tax) = (had.net.saturating_add(net), had.tax.saturating_add(tax));
        if net > 0 {
            *paid_in = Some(year);
        }
    }
    Ok(told)
}

row! {
    pub(crate) struct YearRow {
        pub beneficiary: String,
        pub year: i64,
        pub jurisdiction: String,
        pub currency: String,
        pub reward_minor: i64,
        pub tax_minor: i64,
        pub net_minor: i64,
        pub flagged_reward: Option<Uuid>,
        pub threshold_minor: Option<i64>,
        pub exceeded_at: Option<At>,
    }
}

impl YearRow {
    fn restore(self) -> Result<(YearKey, Total), Fault> {
        let flag = match (self.flagged_reward, self.threshold_minor, self.exceeded_at) {
            (Some(reward), Some(minor), Some(at)) => {
                Some(Flag { reward, threshold: money(&self.currency, minor)?, at: at.0 })
            }
            _ => None,
        };
        let amount = |minor| money(&self.currency, minor);
        let total = Total {
            reward: amount(self.reward_minor)?,
            tax: amount(self.tax_minor)?,
            net: amount(self.net_minor)?,
            flag,
        };
        Ok(((self.beneficiary, self.year, self.jurisdiction, currency(&self.currency)?), total))
    }
}

/// Every year of these beneficiaries.
pub(crate) async fn years(tx: &mut Tx, beneficiaries: Vec<String>) -> Result<BTreeMap<YearKey, Total>, Fault> {
    let rows: Vec<YearRow> = tx
        .all_by(
            "SELECT beneficiary, year, jurisdiction, currency, reward_minor, tax_minor, net_minor, flagged_reward,
                    threshold_minor, exceeded_at
             FROM tax_year WHERE beneficiary = ANY($1)",
            "SELECT beneficiary, year, jurisdiction, currency, reward_minor, tax_minor, net_minor, flagged_reward,
                    threshold_minor, exceeded_at
             FROM tax_year WHERE beneficiary = $1",
            Column::Text(beneficiaries),
        )
        .await?;
    rows.into_iter().map(YearRow::restore).collect()
}

/// Keeps entries.
pub(crate) async fn keep(tx: &mut Tx, entries: &[Entry], now: Timestamp) -> Result<(), Fault> {
    if entries.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&Entry) -> String| Column::Text(entries.iter().map(of).collect());
    let minor = |of: fn(&Entry) -> Money| Column::Int(entries.iter().map(|one| of(one).minor()).collect());
    tx.bulk(
        "INSERT INTO tax_entry (ordinal, reward_id, beneficiary, plan_id, jurisdiction, year, currency, reward_minor,
                                tax_minor, net_minor, flagged, occurred_at, recorded_at)
         SELECT * FROM UNNEST($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
                              $8::bigint[], $9::bigint[], $10::bigint[], $11::boolean[], $12::timestamptz[],
                              $13::timestamptz[])",
        "INSERT INTO tax_entry (ordinal, reward_id, beneficiary, plan_id, jurisdiction, year, currency, reward_minor,
                                tax_minor, net_minor, flagged, occurred_at, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        vec![
            Column::Int(entries.iter().map(|one| one.ordinal).collect()),
            Column::Uuid(entries.iter().map(|one| one.reward_id).collect()),
            text(|one| one.year.0.clone()),
            text(|one| one.plan.clone()),
            text(|one| one.year.2.clone()),
            Column::Int(entries.iter().map(|one| one.year.1).collect()),
            text(|one| one.year.3.code().to_owned()),
            minor(|one| one.reward),
            minor(|one| one.tax),
            minor(|one| one.net),
            Column::Bool(entries.iter().map(|one| one.flagged).collect()),
            Column::At(entries.iter().map(|one| At(one.at)).collect()),
            Column::At(entries.iter().map(|_| At(now)).collect()),
        ],
    )
    .await?;
    Ok(())
}

/// Saves the totals of years.
pub(crate) async fn save(tx: &mut Tx, totals: &[(&YearKey, &Total)]) -> Result<(), Fault> {
    if totals.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO tax_year (beneficiary, year, jurisdiction, currency, reward_minor, tax_minor, net_minor,
                              flagged_reward, threshold_minor, exceeded_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (beneficiary, year, jurisdiction, currency) DO UPDATE
         SET reward_minor = excluded.reward_minor, tax_minor = excluded.tax_minor, net_minor = excluded.net_minor,
             flagged_reward = excluded.flagged_reward, threshold_minor = excluded.threshold_minor,
             exceeded_at = excluded.exceeded_at";
    for ((beneficiary, year, jurisdiction, currency), total) in totals {
        let Total { reward, tax, net, flag } = total;
        let flagged = flag.as_ref();
        tx.exec(
            sql,
            (
                beneficiary.clone(),
                *year,
                jurisdiction.clone(),
                currency.code(),
                reward.minor(),
                tax.minor(),
                net.minor(),
                flagged.map(|flag| flag.reward),
                flagged.map(|flag| flag.threshold.minor()),
                flagged.map(|flag| At(flag.at)),
            ),
        )
        .await?;
    }
    Ok(())
}

/// A beneficiary's totals of a year.
pub(crate) async fn of_beneficiary(tx: &mut Tx, beneficiary: &str, year: i64) -> Result<Vec<(YearKey, Total)>, Fault> {
    let rows: Vec<YearRow> = tx
        .all(
            "SELECT beneficiary, year, jurisdiction, currency, reward_minor, tax_minor, net_minor, flagged_reward,
                    threshold_minor, exceeded_at
             FROM tax_year WHERE beneficiary = $1 AND year = $2 ORDER BY jurisdiction, currency",
            (beneficiary.to_owned(), year),
        )
        .await?;
    rows.into_iter().map(YearRow::restore).collect()
}

/// A page of flagged totals of a year, by beneficiary, jurisdiction and currency, after a position.
pub(crate) async fn reportable(
    db: &Db,
    year: i64,
    jurisdiction: Option<String>,
    after: Option<(String, String, String)>,
    limit: i64,
) -> Result<Vec<(YearKey, Total)>, Fault> {
    let (beneficiary, profile, code) = after.unwrap_or_default();
    let rows: Vec<YearRow> = db
        .all(
            "SELECT beneficiary, year, jurisdiction, currency, reward_minor, tax_minor, net_minor, flagged_reward,
                    threshold_minor, exceeded_at
             FROM tax_year
             WHERE year = $1 AND flagged_reward IS NOT NULL AND ($2 IS NULL OR jurisdiction = $2)
               AND (beneficiary, jurisdiction, currency) > ($3, $4, $5)
             ORDER BY beneficiary, jurisdiction, currency LIMIT $6",
            (year, jurisdiction, beneficiary, profile, code, limit),
        )
        .await?;
    rows.into_iter().map(YearRow::restore).collect()
}

row! {
    pub(crate) struct MovementRow {
        pub ordinal: i64,
        pub occurred_at: At,
        pub reward_id: Uuid,
        pub plan_id: String,
        pub plan_version: i64,
        pub kind: String,
        pub jurisdiction: String,
        pub currency: String,
        pub reward_minor: i64,
        pub tax_minor: i64,
        pub net_minor: i64,
        pub flagged: bool,
        pub payout_reference: Option<String>,
    }
}

/// A page of a beneficiary's entries of a year, oldest first, after a position; each with the bank's newest reference of its reward.
pub(crate) async fn movements(
    tx: &mut Tx,
    beneficiary: &str,
    year: i64,
    after: Option<(At, i64)>,
    limit: i64,
) -> Result<Vec<MovementRow>, Fault> {
    let (after_at, after_ordinal) = after.unzip();
    tx.all(
        "SELECT e.ordinal, e.occurred_at, e.reward_id, e.plan_id, r.plan_version, r.kind, e.jurisdiction, e.currency,
                e.reward_minor, e.tax_minor, e.net_minor, e.flagged,
                (SELECT a.bank_reference FROM attempt a WHERE a.reward_id = e.reward_id AND a.bank_reference <> ''
                 ORDER BY a.number DESC LIMIT 1) AS payout_reference
         FROM tax_entry e JOIN reward r ON r.id = e.reward_id
         WHERE e.beneficiary = $1 AND e.year = $2
           AND ($3 IS NULL OR (e.occurred_at, e.ordinal) > ($3, $4))
         ORDER BY e.occurred_at, e.ordinal LIMIT $5",
        (beneficiary.to_owned(), year, after_at, after_ordinal, limit),
    )
    .await
}
