//! The sequencer's lease.

use crate::domain::lease::Lease;
use handsel_storage::{Fault, LockTable, Tx, row};

/// The one row, locked by whoever writes the log.
pub(crate) static SEQUENCER: LockTable =
    LockTable { table: "sequencer", sql: "SELECT 1 FROM sequencer WHERE id = $1 FOR UPDATE" };
/// Its key.
pub(crate) const SEQUENCER_ID: i64 = 1;

row! {
    struct LeaseRow {
        holder: String,
        epoch: i64,
        expires_millis: i64,
        now_millis: i64,
    }
}

/// The lease as it stands, and the time by the database's clock.
pub(crate) async fn read(tx: &mut Tx) -> Result<(Lease, i64), Fault> {
    let sql = tx.pick(
        "SELECT holder, epoch, expires_millis,
                CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now_millis FROM sequencer",
        "SELECT holder, epoch, expires_millis,
                CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER) AS now_millis FROM sequencer",
    );
    let LeaseRow { holder, epoch, expires_millis, now_millis } = tx.one(sql, ()).await?;
    Ok((Lease { holder, epoch, expires_millis }, now_millis))
}

/// Records a lease: renewed, or taken over.
pub(crate) async fn record(tx: &mut Tx, lease: &Lease) -> Result<(), Fault> {
    let sql = "UPDATE sequencer SET holder = $1, epoch = $2, expires_millis = $3 WHERE epoch <= $2";
    tx.exec_one(sql, (lease.holder.as_str(), lease.epoch, lease.expires_millis)).await
}

/// Ends the lease of a holder that stops, so that the next need not wait for its end.
pub(crate) async fn release(tx: &mut Tx, holder: &str) -> Result<(), Fault> {
    tx.exec("UPDATE sequencer SET expires_millis = 0 WHERE holder = $1", (holder,)).await?;
    Ok(())
}
