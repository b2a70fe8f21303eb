//! The relay of a destination: its lease, its place, its chain; and how much waits for it. Leases go by the database's time.

use handsel_money::Timestamp;
use handsel_storage::{At, Db, Fault, Tx, row};
use std::time::Duration;

row! {
    /// A relay, and the database's time when it was read.
    pub(crate) struct RelayRow {
        pub(crate) epoch: i64,
        pub(crate) expires_at: At,
        pub(crate) next_sequence: i64,
        pub(crate) prev: Vec<u8>,
        pub(crate) delivered: i64,
        pub(crate) acknowledged: i64,
        pub(crate) covered_size: i64,
        pub(crate) now: At,
    }
    /// The same from afar.
    pub(crate) struct GlanceRow {
        pub(crate) epoch: i64,
        pub(crate) acknowledged: i64,
        pub(crate) expires_at: At,
        pub(crate) now: At,
        pub(crate) work: bool,
    }
    /// Since when something waits.
    pub(crate) struct OldestRow {
        pub(crate) oldest_unnumbered: Option<At>,
        pub(crate) oldest_unanswered: Option<At>,
        pub(crate) now: At,
    }
    /// What waits.
    pub(crate) struct WaitingRow {
        pub(crate) unnumbered: i64,
        pub(crate) unanswered: i64,
        pub(crate) oldest_unnumbered: Option<At>,
        pub(crate) oldest_unanswered: Option<At>,
        pub(crate) now: At,
    }
}

/// Whether there is work, and who has the lease, without locking anything. Nothing: the relay has never run.
pub(crate) async fn glance(db: &Db, destination: &'static str) -> Result<Option<GlanceRow>, Fault> {
    let sql = db.pick(
        "SELECT epoch, acknowledged, expires_at, clock_timestamp() AS now,
                delivered + 1 < next_sequence OR EXISTS (
                    SELECT 1 FROM outbox o WHERE o.destination = $1 AND NOT EXISTS (
                        SELECT 1 FROM outbox_parked p
                        WHERE p.destination = o.destination AND p.aggregate = o.aggregate AND p.released_as IS NULL)) AS work
         FROM outbox_relay WHERE destination = $1",
        "SELECT epoch, acknowledged, expires_at, strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') AS now,
                delivered + 1 < next_sequence OR EXISTS (
                    SELECT 1 FROM outbox o WHERE o.destination = $1 AND NOT EXISTS (
                        SELECT 1 FROM outbox_parked p
                        WHERE p.destination = o.destination AND p.aggregate = o.aggregate AND p.released_as IS NULL)) AS work
         FROM outbox_relay WHERE destination = $1",
    );
    db.opt(sql, (destination,)).await
}

/// Makes the row where there is none yet: free, at the beginning.
pub(crate) async fn insert(tx: &mut Tx, destination: &'static str) -> Result<(), Fault> {
    tx.exec("INSERT INTO outbox_relay (destination) VALUES ($1) ON CONFLICT (destination) DO NOTHING", (destination,))
        .await?;
    Ok(())
}

/// Locks and reads it.
pub(crate) async fn lock(tx: &mut Tx, destination: &'static str) -> Result<Option<RelayRow>, Fault> {
    let sql = tx.pick(
        "SELECT epoch, expires_at, next_sequence, prev, delivered, acknowledged, covered_size, clock_timestamp() AS now
         FROM outbox_relay WHERE destination = $1 FOR UPDATE",
        "SELECT epoch, expires_at, next_sequence, prev, delivered, acknowledged, covered_size,
                strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') AS now
         FROM outbox_relay WHERE destination = $1",
    );
    tx.opt(sql, (destination,)).await
}

/// Writes the lease and the place of a row that is locked.
pub(crate) async fn save(tx: &mut Tx, destination: &'static str, row: &RelayRow) -> Result<(), Fault> {
    let RelayRow { epoch, expires_at, next_sequence, prev, delivered, acknowledged, covered_size, now: _ } = row;
    tx.exec_one(
        "UPDATE outbox_relay SET epoch = $2, expires_at = $3, next_sequence = $4, prev = $5, delivered = $6, acknowledged = $7,
                                 covered_size = $8
         WHERE destination = $1",
        (destination, *epoch, *expires_at, *next_sequence, prev.as_slice(), *delivered, *acknowledged, *covered_size),
    )
    .await
}

/// Ends a lease before its time, if it is still this one.
pub(crate) async fn release(tx: &mut Tx, destination: &'static str, epoch: i64) -> Result<(), Fault> {
    let sql = tx.pick(
        "UPDATE outbox_relay SET expires_at = clock_timestamp() WHERE destination = $1 AND epoch = $2",
        "UPDATE outbox_relay SET expires_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
         WHERE destination = $1 AND epoch = $2",
    );
    tx.exec(sql, (destination, epoch)).await?;
    Ok(())
}

/// How much waits for a destination, and since when. The oldest without a number is the first by ordinal: close enough for an
/// alarm, and one step into the index.
pub(crate) async fn waiting(db: &Db, destination: &str) -> Result<WaitingRow, Fault> {
    let sql = db.pick(
        "SELECT (SELECT COUNT(*) FROM outbox WHERE destination = $1) AS unnumbered,
                COALESCE((SELECT next_sequence - 1 - delivered FROM outbox_relay WHERE destination = $1), 0) AS unanswered,
                (SELECT owed_at FROM outbox WHERE destination = $1 ORDER BY ordinal LIMIT 1) AS oldest_unnumbered,
                (SELECT s.owed_at FROM outbox_sent s JOIN outbox_relay r USING (destination)
                 WHERE r.destination = $1 AND s.sequence = r.delivered + 1) AS oldest_unanswered,
                clock_timestamp() AS now",
        "SELECT (SELECT COUNT(*) FROM outbox WHERE destination = $1) AS unnumbered,
                COALESCE((SELECT next_sequence - 1 - delivered FROM outbox_relay WHERE destination = $1), 0) AS unanswered,
                (SELECT owed_at FROM outbox WHERE destination = $1 ORDER BY ordinal LIMIT 1) AS oldest_unnumbered,
                (SELECT s.owed_at FROM outbox_sent s JOIN outbox_relay r USING (destination)
                 WHERE r.destination = $1 AND s.sequence = r.delivered + 1) AS oldest_unanswered,
                strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') AS now",
    );
    db.one(sql, (destination.to_owned(),)).await
}

/// How long the oldest has waited, without counting what waits.
pub(crate) async fn oldest_wait(tx: &mut Tx, destination: &str) -> Result<Duration, Fault> {
    let sql = tx.pick(
        "SELECT (SELECT owed_at FROM outbox WHERE destination = $1 ORDER BY ordinal LIMIT 1) AS oldest_unnumbered,
                (SELECT s.owed_at FROM outbox_sent s JOIN outbox_relay r USING (destination)
                 WHERE r.destination = $1 AND s.sequence = r.delivered + 1) AS oldest_unanswered,
                clock_timestamp() AS now",
        "SELECT (SELECT owed_at FROM outbox WHERE destination = $1 ORDER BY ordinal LIMIT 1) AS oldest_unnumbered,
                (SELECT s.owed_at FROM outbox_sent s JOIN outbox_relay r USING (destination)
                 WHERE r.destination = $1 AND s.sequence = r.delivered + 1) AS oldest_unanswered,
                strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') AS now",
    );
    let row: OldestRow = tx.one(sql, (destination.to_owned(),)).await?;
    let oldest = [row.oldest_unnumbered, row.oldest_unanswered].into_iter().flatten().min();
    Ok(oldest.map_or(Duration::ZERO, |oldest| row.now.0.saturating_since(oldest.0)))
}

/// The earliest date of what has no answer.
pub(crate) async fn earliest_owed(tx: &mut Tx, destination: &str) -> Result<Option<Timestamp>, Fault> {
    let sql = "SELECT MIN(created_at) FROM (
                   SELECT created_at FROM outbox WHERE destination = $1
                   UNION ALL
                   SELECT s.created_at FROM outbox_sent s JOIN outbox_relay r USING (destination)
                   WHERE s.destination = $1 AND s.sequence > r.delivered) AS waiting";
    let (earliest,): (Option<At>,) = tx.one(sql, (destination.to_owned(),)).await?;
    Ok(earliest.map(|at| at.0))
}

impl WaitingRow {
    /// Since when the oldest has waited.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        let first = [self.oldest_unnumbered, self.oldest_unanswered];
        first.into_iter().flatten().min().map(|at| at.0)
    }
}
