//! What clearing holds, payout by payout, and the alarms over it.

use super::{corrupt, money};
use crate::domain::{
    clearing::{Alarm, Kind, Unit},
    outcome::Status,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};
use uuid::Uuid;

row! {
    pub(crate) struct UnitRow {
        pub reward_id: Uuid,
        pub plan_id: String,
        pub number: i64,
        pub end_to_end_id: String,
        pub currency: String,
        pub amount_minor: i64,
        pub status: String,
        pub instructed_at: At,
        pub first_sent_at: Option<At>,
    }
}

/// Payouts in clearing, oldest first, after a position: their instruction is in the ledger, and nothing that ends it.
pub(crate) async fn units(tx: &mut Tx, after: Option<(At, String)>, limit: i64) -> Result<Vec<Unit>, Fault> {
    let (after_at, after_id) = after.unzip();
    let rows: Vec<UnitRow> = tx
        .all(
            "SELECT a.reward_id, t.plan_id, a.number, a.end_to_end_id, t.currency, t.amount_minor, a.status,
                    a.instructed_at, a.first_sent_at
             FROM attempt a
             JOIN transfer t ON t.reward_id = a.reward_id AND t.event = 'INSTRUCTION' AND t.number = a.number
             WHERE a.status IN ('UNKNOWN', 'ACCEPTED') AND ($1 IS NULL OR (a.instructed_at, a.end_to_end_id) > ($1, $2))
               AND NOT EXISTS (SELECT 1 FROM transfer e
                               WHERE e.reward_id = a.reward_id AND e.event IN ('SETTLEMENT', 'DELIVERY', 'REFUSAL')
                                 AND e.number = a.number)
             ORDER BY a.instructed_at, a.end_to_end_id LIMIT $3",
            (after_at, after_id, limit),
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let UnitRow {
                reward_id,
                plan_id,
                number,
                end_to_end_id,
                currency,
                amount_minor,
                status,
                instructed_at,
                first_sent_at,
            } = row;
            Ok(Unit {
                reward: reward_id,
                plan: plan_id,
                attempt: number,
                end_to_end_id,
                amount: money(&currency, amount_minor)?,
                status: Status::from_code(&status).ok_or_else(|| corrupt("attempt.status", &status))?,
                instructed_at: instructed_at.0,
                first_sent_at: first_sent_at.map(|at| at.0),
            })
        })
        .collect()
}

row! {
    pub(crate) struct OpenSumRow {
        pub plan_id: String,
        pub currency: String,
        pub units: i64,
        pub high: i64,
        pub low: i64,
        pub oldest: At,
    }
}

/// What payouts in clearing come to, by plan and currency, and since when the oldest waits.
pub(crate) async fn sums(tx: &mut Tx) -> Result<Vec<OpenSumRow>, Fault> {
    tx.all(
        "SELECT t.plan_id, t.currency, COUNT(*) AS units, CAST(SUM(t.amount_minor / 4294967296) AS BIGINT) AS high,
                CAST(SUM(t.amount_minor % 4294967296) AS BIGINT) AS low, MIN(a.instructed_at) AS oldest
         FROM attempt a
         JOIN transfer t ON t.reward_id = a.reward_id AND t.event = 'INSTRUCTION' AND t.number = a.number
         WHERE a.status IN ('UNKNOWN', 'ACCEPTED')
           AND NOT EXISTS (SELECT 1 FROM transfer e
                           WHERE e.reward_id = a.reward_id AND e.event IN ('SETTLEMENT', 'DELIVERY', 'REFUSAL')
                             AND e.number = a.number)
         GROUP BY t.plan_id, t.currency",
        (),
    )
    .await
}

row! {
    pub(crate) struct AlarmRow {
        pub id: Uuid,
        pub kind: String,
        pub plan_id: String,
        pub currency: String,
        pub balance_minor: i64,
        pub explained_minor: i64,
        pub raised_at: At,
    }
}

/// An alarm that is up.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    pub(crate) id: Uuid,
    pub(crate) alarm: Alarm,
    pub(crate) at: Timestamp,
}

/// Alarms that are up, oldest first: at most one of a kind for a plan and currency.
pub(crate) async fn alarms(tx: &mut Tx) -> Result<Vec<Raised>, Fault> {
    let rows: Vec<AlarmRow> = tx
        .all(
            "SELECT id, kind, plan_id, currency, balance_minor, explained_minor, raised_at
             FROM clearing_alarm WHERE cleared_at IS NULL ORDER BY raised_at, id",
            (),
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let AlarmRow { id, kind, plan_id, currency, balance_minor, explained_minor, raised_at } = row;
            let alarm = Alarm {
                kind: Kind::from_code(&kind).ok_or_else(|| corrupt("clearing_alarm.kind", &kind))?,
                plan: plan_id,
                balance: money(&currency, balance_minor)?,
                explained: money(&currency, explained_minor)?,
            };
            Ok(Raised { id, alarm, at: raised_at.0 })
        })
        .collect()
}

/// Puts an alarm up. One of its kind that another process has just put up is a lost race.
pub(crate) async fn raise(tx: &mut Tx, raised: &Raised) -> Result<(), Fault> {
    let Raised { id, alarm, at } = raised;
    let Alarm { kind, plan, balance, explained } = alarm;
    tx.exec(
        "INSERT INTO clearing_alarm (id, kind, plan_id, currency, balance_minor, explained_minor, raised_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        (*id, kind.code(), plan.as_str(), balance.currency().code(), balance.minor(), explained.minor(), At(*at)),
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// Takes alarms down.
pub(crate) async fn take_down(tx: &mut Tx, ids: Vec<Uuid>, now: Timestamp) -> Result<(), Fault> {
    let at = Column::At(ids.iter().map(|_| At(now)).collect());
    tx.bulk(
        "UPDATE clearing_alarm SET cleared_at = down.at FROM UNNEST($1::uuid[], $2::timestamptz[]) AS down (id, at)
         WHERE clearing_alarm.id = down.id AND cleared_at IS NULL",
        "UPDATE clearing_alarm SET cleared_at = $2 WHERE id = $1 AND cleared_at IS NULL",
        vec![Column::Uuid(ids), at],
    )
    .await?;
    Ok(())
}
