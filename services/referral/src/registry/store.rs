//! The key store's one table: a wrapped data key for each subject and purpose, or the tombstone of one. Its database is not
//! the service's own, so that a backup of either alone opens nothing.

use super::{
    keys::{Destroy, NewKey},
    provider::Wrapped,
};
use crate::domain::erasure::Purpose;
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Db, Engine, Fault, Tx, row};
use std::collections::BTreeMap;
use uuid::Uuid;

row! {
    struct KeyRow {
        subject_id: Uuid,
        wrapping_key: String,
        wrapped: Vec<u8>,
        destroyed_at: Option<At>,
    }
}

/// What there is of a key that was made, or that an erasure was told of.
pub(super) enum Kept {
    /// It is there, under a wrapping key.
    Wrapped(Wrapped),
    /// Its tombstone is.
    Destroyed,
}

impl KeyRow {
    fn kept(self) -> Kept {
        let Self { subject_id: _, wrapping_key, wrapped: bytes, destroyed_at } = self;
        match destroyed_at {
            None => Kept::Wrapped(Wrapped { wrapping_key, bytes }),
            Some(_) => Kept::Destroyed,
        }
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

/// Overwrites keys with tombstones; how many the erasure has by now.
pub(super) async fn destroy(tx: &mut Tx, destroy: &Destroy) -> Result<i64, Fault> {
    let pairs =
        || destroy.subjects.iter().flat_map(|subject| destroy.purposes.iter().map(move |what| (*subject, *what)));
    let many = pairs().count();
    let columns = vec![
        Column::Uuid(pairs().map(|(subject, _)| subject).collect()),
        Column::Text(pairs().map(|(_, purpose)| purpose.as_str().to_owned()).collect()),
        Column::At(vec![At(destroy.at); many]),
        Column::Uuid(vec![destroy.erasure; many]),
    ];
    tx.bulk(
        "UPDATE data_key k SET wrapping_key = '', wrapped = '', bound = TRUE, destroyed_at = u.at, erasure_id = u.erasure
         FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[]) AS u(subject, purpose, at, erasure)
         WHERE k.subject_id = u.subject AND k.purpose = u.purpose AND k.destroyed_at IS NULL",
        "UPDATE data_key SET wrapping_key = '', wrapped = x'', bound = TRUE, destroyed_at = $3, erasure_id = $4
         WHERE subject_id = $1 AND purpose = $2 AND destroyed_at IS NULL",
        columns.clone(),
    )
    .await?;
    tx.bulk(
        "INSERT INTO data_key (subject_id, purpose, wrapping_key, wrapped, created_at, bound, destroyed_at, erasure_id)
         SELECT u.subject, u.purpose, '', '', u.at, TRUE, u.at, u.erasure
         FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[]) AS u(subject, purpose, at, erasure)
         WHERE NOT EXISTS (SELECT 1 FROM data_key k WHERE k.subject_id = u.subject AND k.purpose = u.purpose)",
        "INSERT INTO data_key (subject_id, purpose, wrapping_key, wrapped, created_at, bound, destroyed_at, erasure_id)
         SELECT $1, $2, '', x'', $3, TRUE, $3, $4
         WHERE NOT EXISTS (SELECT 1 FROM data_key WHERE subject_id = $1 AND purpose = $2)",
        columns,
    )
    .await
    .map_err(Fault::unique_is_race)?;
    let (tombstones,): (i64,) = tx.one(TOMBSTONES, (destroy.erasure,)).await?;
    Ok(tombstones)
}

const TOMBSTONES: &str = "SELECT COUNT(*) FROM data_key WHERE erasure_id = $1";

/// How many keys an erasure has destroyed.
pub(super) async fn tombstones(db: &Db, erasure: Uuid) -> Result<i64, Fault> {
    let (tombstones,): (i64,) = db.one(TOMBSTONES, (erasure,)).await?;
    Ok(tombstones)
}

/// People whose keys of MARKETING are destroyed, from behind one on, in order.
pub(super) async fn destroyed(db: &Db, behind: Uuid, limit: i64) -> Result<Vec<Uuid>, Fault> {
    let rows: Vec<(Uuid,)> = db
        .all(
            "SELECT subject_id FROM data_key
             WHERE destroyed_at IS NOT NULL AND purpose = 'MARKETING' AND subject_id > $1 ORDER BY subject_id LIMIT $2",
            (behind, limit),
        )
        .await?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}

/// From here on the connection overwrites what it frees: a destroyed key must not lie in a free page. (PostgreSQL overwrites
/// it when the table is vacuumed; until then its files are as a backup is.)
pub(super) async fn shred_freed_pages(tx: &mut Tx) -> Result<(), Fault> {
    if tx.engine() == Engine::Sqlite {
        let _set: Option<(i64,)> = tx.opt("PRAGMA secure_delete = ON", ()).await?;
    }
    Ok(())
}

/// Folds SQLite's write-ahead log into its file and empties it: older images of what was destroyed lie there.
pub(super) async fn empty_log(db: &Db) -> Result<(), Fault> {
    if db.engine() == Engine::Sqlite {
        let _done: Option<(i64, i64, i64)> = db.opt("PRAGMA wal_checkpoint(TRUNCATE)", ()).await?;
    }
    Ok(())
}

/// The keys of these subjects for a purpose, and the tombstones; of whom there is neither is absent.
pub(super) async fn of(db: &Db, subjects: Vec<Uuid>, purpose: Purpose) -> Result<BTreeMap<Uuid, Kept>, Fault> {
    let mut tx = db.read().await?;
    let purposes = vec![purpose.as_str().to_owned(); subjects.len()];
    let rows: Vec<KeyRow> = tx
        .all_by(
            "SELECT k.subject_id, k.wrapping_key, k.wrapped, k.destroyed_at FROM data_key k
             JOIN unnest($1::uuid[], $2::text[]) AS u(subject, purpose) ON k.subject_id = u.subject AND k.purpose = u.purpose",
            "SELECT subject_id, wrapping_key, wrapped, destroyed_at FROM data_key WHERE subject_id = $1 AND purpose = $2",
            vec![Column::Uuid(subjects), Column::Text(purposes)],
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.subject_id, row.kept())).collect())
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
