//! `suppression`: what erased people are still known by, for a while.

use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx};

/// Adds digests, each until an instant; one that is there holds on for the longer.
pub(crate) async fn add(tx: &mut Tx, digests: Vec<[u8; 32]>, since: Timestamp, until: Timestamp) -> Result<(), Fault> {
    let many = digests.len();
    let columns = vec![
        Column::Bytes(digests.into_iter().map(Vec::from).collect()),
        Column::At(vec![At(since); many]),
        Column::At(vec![At(until); many]),
    ];
    tx.bulk(
        "INSERT INTO suppression (digest, since, expires_at)
         SELECT * FROM unnest($1::bytea[], $2::timestamptz[], $3::timestamptz[])
         ON CONFLICT (digest) DO UPDATE SET expires_at = EXCLUDED.expires_at
         WHERE suppression.expires_at < EXCLUDED.expires_at",
        "INSERT INTO suppression (digest, since, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at
         WHERE suppression.expires_at < excluded.expires_at",
        columns,
    )
    .await
    .map(drop)
}

/// Removes those that have run out; how many.
pub(crate) async fn purge(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<u64, Fault> {
    tx.exec(
        "DELETE FROM suppression WHERE digest IN (
            SELECT digest FROM suppression WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        (At(now), limit),
    )
    .await
}
