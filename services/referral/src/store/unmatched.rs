//! `unmatched_fact`: keyed digests of facts that belong to no referral.

use super::digest;
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx};
use std::collections::BTreeMap;

/// Both digests of one fact: of its id, and of what it says.
pub(crate) type Digests = ([u8; 32], [u8; 32]);

/// What was said under these ids, by the digest of the id.
pub(crate) async fn by_ids(tx: &mut Tx, ids: Vec<[u8; 32]>) -> Result<BTreeMap<[u8; 32], [u8; 32]>, Fault> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = tx
        .all_by(
            "SELECT id_digest, digest FROM unmatched_fact WHERE id_digest = ANY($1)",
            "SELECT id_digest, digest FROM unmatched_fact WHERE id_digest = $1",
            Column::Bytes(ids.into_iter().map(Vec::from).collect()),
        )
        .await?;
    rows.into_iter().map(|(id, said)| Ok((digest(&id)?, digest(&said)?))).collect()
}

/// Adds facts; contention if one is there by now.
pub(crate) async fn insert(tx: &mut Tx, facts: &[Digests], now: Timestamp) -> Result<(), Fault> {
    let columns = vec![
        Column::Bytes(facts.iter().map(|(id, _)| id.to_vec()).collect()),
        Column::Bytes(facts.iter().map(|(_, said)| said.to_vec()).collect()),
        Column::At(vec![At(now); facts.len()]),
    ];
    tx.bulk(
        "INSERT INTO unmatched_fact (id_digest, digest, received_at)
         SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::timestamptz[])",
        "INSERT INTO unmatched_fact (id_digest, digest, received_at) VALUES ($1, $2, $3)",
        columns,
    )
    .await
    .map(drop)
    .map_err(Fault::unique_is_race)
}

/// Removes facts that match by now.
pub(crate) async fn remove(tx: &mut Tx, ids: Vec<[u8; 32]>) -> Result<(), Fault> {
    tx.bulk(
        "DELETE FROM unmatched_fact WHERE id_digest = ANY($1)",
        "DELETE FROM unmatched_fact WHERE id_digest = $1",
        vec![Column::Bytes(ids.into_iter().map(Vec::from).collect())],
    )
    .await
    .map(drop)
}

/// Removes the oldest of those received before an instant; how many.
pub(crate) async fn purge(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, Fault> {
    tx.exec(
        "DELETE FROM unmatched_fact WHERE id_digest IN (
            SELECT id_digest FROM unmatched_fact WHERE received_at < $1 ORDER BY received_at LIMIT $2)",
        (At(before), limit),
    )
    .await
}
