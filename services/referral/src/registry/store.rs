//! The key store's one table: a wrapped data key for each subject. Its database is not the service's own, so that a
//! backup of either alone opens nothing.

use super::keys::NewKey;
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Db, Fault, Tx, row};
use std::collections::BTreeMap;
use uuid::Uuid;

row! {
    /// A subject's key, as it is kept.
    pub(super) struct WrappedKey {
        subject_id: Uuid,
        /// The wrapping key's id.
        pub(super) wrapping_key: String,
        /// The data key under it.
        pub(super) wrapped: Vec<u8>,
    }
}

/// Keeps a key.
pub(super) async fn insert(tx: &mut Tx, key: &NewKey) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO data_key (subject_id, wrapping_key, wrapped, created_at, bound) VALUES ($1, $2, $3, $4, $5)",
        (key.subject, key.wrapping_key.as_str(), key.wrapped.clone(), At(key.made_at), false),
    )
    .await
    .map(drop)
}

/// Notes that these subjects are on record.
pub(super) async fn bind(tx: &mut Tx, subjects: Vec<Uuid>) -> Result<(), Fault> {
    tx.bulk(
        "UPDATE data_key SET bound = TRUE WHERE subject_id = ANY($1)",
        "UPDATE data_key SET bound = TRUE WHERE subject_id = $1",
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

/// The keys of these subjects.
pub(super) async fn of(db: &Db, subjects: Vec<Uuid>) -> Result<BTreeMap<Uuid, WrappedKey>, Fault> {
    let mut tx = db.read().await?;
    let rows: Vec<WrappedKey> = tx
        .all_by(
            "SELECT subject_id, wrapping_key, wrapped FROM data_key WHERE subject_id = ANY($1)",
            "SELECT subject_id, wrapping_key, wrapped FROM data_key WHERE subject_id = $1",
            Column::Uuid(subjects),
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.subject_id, row)).collect())
}

/// Subjects whose keys were made before that and are not known to be in use, oldest first.
pub(super) async fn unbound(db: &Db, before: Timestamp, limit: i64) -> Result<Vec<Uuid>, Fault> {
    let rows: Vec<(Uuid,)> = db
        .all(
            "SELECT subject_id FROM data_key WHERE NOT bound AND created_at < $1 ORDER BY created_at LIMIT $2",
            (At(before), limit),
        )
        .await?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}
