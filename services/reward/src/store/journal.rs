//! The journal: how far it is complete, and what of it is closed.
//!
//! Transfers are numbered when they are written, and transactions commit in another order. Whoever reads on from the last number he
//! saw would miss what a slow transaction wrote before it; so he is shown nothing beyond the horizon. Every transaction that writes
//! transfers has written something else before, so its id is older than its numbers.

use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row};

/// The ordinal up to which nothing can appear any more.
pub(crate) async fn horizon(tx: &mut Tx) -> Result<i64, Fault> {
    let sql =
        tx.pick("SELECT ordinal FROM ledger_horizon WHERE id = 1", "SELECT COALESCE(MAX(ordinal), 0) FROM transfer");
    let (ordinal,): (i64,) = tx.one(sql, ()).await?;
    Ok(ordinal)
}

/// Moves the horizon to its candidate where every transaction that began before it has ended, then takes the next candidate.
/// Whether a candidate waits.
pub(crate) async fn advance(tx: &mut Tx) -> Result<bool, Fault> {
    tx.exec(
        "UPDATE ledger_horizon SET ordinal = candidate
         WHERE id = 1 AND candidate > ordinal
           AND CAST(candidate_xid AS xid8) <= pg_snapshot_xmin(pg_current_snapshot())",
        (),
    )
    .await?;
    let (written,): (i64,) =
        tx.one("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM transfer_ordinal_seq", ()).await?;
    // A statement of its own: its snapshot is later than the number just read. A candidate that waits is left to wait, unless it
    // comes from another cluster's future, as after a restore.
    let taken: Vec<(i64, i64)> = tx
        .all(
            "UPDATE ledger_horizon
             SET candidate = CASE WHEN candidate = ordinal
                                    OR CAST(candidate_xid AS xid8) > pg_snapshot_xmax(pg_current_snapshot())
                                  THEN GREATEST($1, ordinal) ELSE candidate END,
                 candidate_xid = CASE WHEN candidate = ordinal
                                        OR CAST(candidate_xid AS xid8) > pg_snapshot_xmax(pg_current_snapshot())
                                      THEN CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) ELSE candidate_xid END
             WHERE id = 1 RETURNING ordinal, candidate",
            (written,),
        )
        .await?;
    Ok(taken.iter().any(|(ordinal, candidate)| candidate > ordinal))
}

row! {
    pub(crate) struct ClosingRow {
        pub number: i64,
        pub last_ordinal: i64,
    }
}

/// The newest closing; none yet.
pub(crate) async fn newest_closing(tx: &mut Tx) -> Result<Option<ClosingRow>, Fault> {
    tx.opt("SELECT number, last_ordinal FROM ledger_closing ORDER BY number DESC LIMIT 1", ()).await
}

/// The newest closing that holds nothing posted after an instant, and nothing beyond an ordinal.
pub(crate) async fn closing_by(tx: &mut Tx, as_of: Timestamp, through: i64) -> Result<Option<ClosingRow>, Fault> {
    tx.opt(
        "SELECT number, last_ordinal FROM ledger_closing WHERE latest_posted_at <= $1 AND last_ordinal <= $2
         ORDER BY number DESC LIMIT 1",
        (At(as_of), through),
    )
    .await
}

row! {
    pub(crate) struct StretchRow {
        pub lines: i64,
        pub last_ordinal: Option<i64>,
        pub earliest: Option<At>,
        pub latest: Option<At>,
    }
}

/// The next lines after an ordinal, up to the horizon.
pub(crate) async fn stretch(tx: &mut Tx, after: i64, horizon: i64, limit: i64) -> Result<StretchRow, Fault> {
    tx.one(
        "SELECT COUNT(*) AS lines, MAX(ordinal) AS last_ordinal, MIN(posted_at) AS earliest, MAX(posted_at) AS latest
         FROM (SELECT ordinal, posted_at FROM transfer WHERE ordinal > $1 AND ordinal <= $2 ORDER BY ordinal LIMIT $3) AS next",
        (after, horizon, limit),
    )
    .await
}

/// A stretch that is to be closed.
pub(crate) struct Closing {
    pub(crate) number: i64,
    pub(crate) first_ordinal: i64,
    pub(crate) last_ordinal: i64,
    pub(crate) earliest: At,
    pub(crate) latest: At,
    pub(crate) closed_at: At,
}

/// Closes a stretch: its balances are those of the closing before it and its own lines. Another process that was faster is a lost race.
pub(crate) async fn close(tx: &mut Tx, closing: &Closing) -> Result<(), Fault> {
    let Closing { number, first_ordinal, last_ordinal, earliest, latest, closed_at } = *closing;
    tx.exec(
        "INSERT INTO ledger_closing (number, first_ordinal, last_ordinal, earliest_posted_at, latest_posted_at, closed_at)
         SELECT $1, $2, $3, $4,
                CASE WHEN before.latest > $5 THEN before.latest ELSE $5 END, $6
         FROM (SELECT MAX(latest_posted_at) AS latest FROM ledger_closing) AS before",
        (number, first_ordinal, last_ordinal, earliest, latest, closed_at),
    )
    .await
    .map_err(Fault::unique_is_race)?;
    tx.exec(
        "INSERT INTO ledger_closing_balance (number, plan_id, account, currency, debit_high, debit_low, credit_high,
                                             credit_low)
         SELECT $1, plan_id, account, currency,
                CAST(SUM(debit_high) AS BIGINT) + CAST(SUM(debit_low) AS BIGINT) / 4294967296, CAST(SUM(debit_low) AS BIGINT) % 4294967296,
                CAST(SUM(credit_high) AS BIGINT) + CAST(SUM(credit_low) AS BIGINT) / 4294967296, CAST(SUM(credit_low) AS BIGINT) % 4294967296
         FROM (SELECT plan_id, account, currency, debit_high, debit_low, credit_high, credit_low
               FROM ledger_closing_balance WHERE number = $1 - 1
               UNION ALL
               SELECT plan_id, debit, currency, amount_minor / 4294967296, amount_minor % 4294967296, 0, 0
               FROM transfer WHERE ordinal BETWEEN $2 AND $3
               UNION ALL
               SELECT plan_id, credit, currency, 0, 0, amount_minor / 4294967296, amount_minor % 4294967296
               FROM transfer WHERE ordinal BETWEEN $2 AND $3) AS moved
         GROUP BY plan_id, account, currency",
        (number, first_ordinal, last_ordinal),
    )
    .await?;
    Ok(())
}
