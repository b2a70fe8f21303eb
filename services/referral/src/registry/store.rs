//! The key store's one table: a wrapped data key for each subject and purpose, or the tombstone of one. Its database is not
//! the service's own, so that a backup of either alone opens nothing.

use super::{keys::NewKey, provider::Wrapped};
use crate::domain::erasure::Purpose;
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Db, Fault, Tx, row};
use std::collections::BTreeMap;
use uuid::Uuid;

row! {
    struct KeyRow {
        subject_id: Uuid,
        wrapping_key: String,
        wrapped: Vec<u8>,
    }
}

/// Keeps keys.
pub(super) async fn insert(tx: &mut Tx, keys: &[NewKey]) -> Result<(), Fault> {
    let columns = vec![
        Column::Uuid(keys.iter().map(|key| key.subject).collect()),
        Column::Text(keys.iter().map(|key| key.purpose.as_str().to_owned()).collect()),
        Column::Text(keys.iter().map(|key| key.wrapping_key.clone()).collect()),
        Column::Bytes(keys.iter().map(|key| key.wrapped.clone()).collect()),
        Column::At(keys.iter().map(|key| At(key.made_at)).collect()),
    ];
    tx.bulk(
        "INSERT INTO data_key (subject_id, purpose, wrapping_key, wrapped, created_at, bound)
         SELECT u.*, FALSE FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[]) AS u",
        "INSERT INTO data_key (subject_id, purpose, wrapping_key, wrapped, created_at, bound)
         VALUES ($1, $2, $3, $4, $5, FALSE)",
        columns,
    )
    .await
    .map(drop)
}

/// Notes that these subjects are on record.
pub(super) async fn bind(tx: &mut Tx, subjects: Vec<Uuid>) -> Result<(), Fault> {
    tx.bulk(
        "UPDATE data_key SET bound = TRUE WHERE subject_id = ANY($1) AND NOT bound",
        "UPDATE data_key SET bound = TRUE WHERE subject_id = $1 AND NOT bound",
        vec![Column::Uuid(subjects)],
    )
    .await
    .map(drop)
}

/// Forgets the keys of these subjects, those on record apart.
pub(super) async fn forget(tx: &mut Tx, subjects: Vec<Uuid>) -> Result<(), Fault> {
    tx.bulk(
        "DELETE FROM data_key WHERE subject_id = ANY($1) AND NOT bound",
        "DELETE FROM data_key WHERE subject_id = $1 AND NOT bound",
        vec![Column::Uuid(subjects)],
    )
    .await
    .map(drop)
}

/// The keys of these subjects for a purpose, those destroyed apart.
pub(super) async fn of(db: &Db, subjects: Vec<Uuid>, purpose: Purpose) -> Result<BTreeMap<Uuid, Wrapped>, Fault> {
    let mut tx = db.read().await?;
    let purposes = vec![purpose.as_str().to_owned(); subjects.len()];
    let rows: Vec<KeyRow> = tx
        .all_by(
            "SELECT k.subject_id, k.wrapping_key, k.wrapped FROM data_key k
             JOIN unnest($1::uuid[], $2::text[]) AS u(subject, purpose) ON k.subject_id = u.subject AND k.purpose = u.purpose
             WHERE k.destroyed_at IS NULL",
            "SELECT subject_id, wrapping_key, wrapped FROM data_key
             WHERE subject_id = $1 AND purpose = $2 AND destroyed_at IS NULL",
            vec![Column::Uuid(subjects), Column::Text(purposes)],
        )
        .await?;
    let kept = |row: KeyRow| (row.subject_id, Wrapped { wrapping_key: row.wrapping_key, bytes: row.wrapped });
    Ok(rows.into_iter().map(kept).collect())
}

/// Subjects whose keys were made before that and are not known to be in use, oldest first.
pub(super) async fn unbound(db: &Db, before: Timestamp, limit: i64) -> Result<Vec<Uuid>, Fault> {
    let rows: Vec<(Uuid,)> = db
        .all(
            "SELECT subject_id FROM data_key WHERE NOT bound AND created_at < $1
             GROUP BY subject_id ORDER BY MIN(created_at) LIMIT $2",
            (At(before), limit),
        )
        .await?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}
