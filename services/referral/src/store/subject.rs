//! `subject`: the sealed part of a person.

use super::{digest, word};
use crate::registry::SealedSubject;
use handsel_storage::{At, Column, Fault, Tx, row};
use std::collections::BTreeSet;
use uuid::Uuid;

row! {
    struct SubjectRow {
        id: Uuid,
        sealed_name: Vec<u8>,
        contact_kind: String,
        sealed_contact: Vec<u8>,
        contact_index: Vec<u8>,
        created_at: At,
    }
}

impl SubjectRow {
    fn subject(self) -> Result<SealedSubject, Fault> {
        Ok(SealedSubject {
            id: self.id,
            name: self.sealed_name,
            contact_kind: word(&self.contact_kind)?,
            contact: self.sealed_contact,
            contact_index: digest(&self.contact_index)?,
            created_at: self.created_at.0,
        })
    }
}

/// Adds a person.
pub(crate) async fn insert(tx: &mut Tx, subject: &SealedSubject) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO subject (id, sealed_name, contact_kind, sealed_contact, created_at) VALUES ($1, $2, $3, $4, $5)",
        (
            subject.id,
            subject.name.clone(),
            subject.contact_kind.as_str(),
            subject.contact.clone(),
            At(subject.created_at),
        ),
    )
    .await
    .map(drop)
}

/// These people, as they are sealed.
pub(crate) async fn by_ids(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<SealedSubject>, Fault> {
    let rows: Vec<SubjectRow> = tx
        .all_by(
            "SELECT s.id, s.sealed_name, s.contact_kind, s.sealed_contact, r.contact_index, s.created_at
             FROM subject s JOIN referral r ON r.subject_id = s.id WHERE s.id = ANY($1)",
            "SELECT s.id, s.sealed_name, s.contact_kind, s.sealed_contact, r.contact_index, s.created_at
             FROM subject s JOIN referral r ON r.subject_id = s.id WHERE s.id = $1",
            Column::Uuid(ids),
        )
        .await?;
    rows.into_iter().map(SubjectRow::subject).collect()
}

/// Which of these people are on record.
pub(crate) async fn on_record(tx: &mut Tx, ids: Vec<Uuid>) -> Result<BTreeSet<Uuid>, Fault> {
    let rows: Vec<(Uuid,)> = tx
        .all_by("SELECT id FROM subject WHERE id = ANY($1)", "SELECT id FROM subject WHERE id = $1", Column::Uuid(ids))
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Those of these people of whom something is still sealed for the desk.
pub(crate) async fn remembered(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<Uuid>, Fault> {
    let rows: Vec<(Uuid,)> = tx
        .all_by(
            "SELECT id FROM subject WHERE id = ANY($1) AND length(sealed_contact) > 0",
            "SELECT id FROM subject WHERE id = $1 AND length(sealed_contact) > 0",
            Column::Uuid(ids),
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The blind indexes of these people.
pub(crate) async fn indexes(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<[u8; 32]>, Fault> {
    let rows: Vec<(Vec<u8>,)> = tx
        .all_by(
            "SELECT contact_index FROM referral WHERE subject_id = ANY($1)",
            "SELECT contact_index FROM referral WHERE subject_id = $1",
            Column::Uuid(ids),
        )
        .await?;
    rows.iter().map(|(index,)| digest(index)).collect()
}

/// Forgets people: what is sealed of them for the desk goes, and each blind index gives way to one that belongs to nobody.
pub(crate) async fn forget(tx: &mut Tx, forgotten: Vec<(Uuid, [u8; 32])>) -> Result<(), Fault> {
    let (ids, indexes): (Vec<Uuid>, Vec<[u8; 32]>) = forgotten.into_iter().unzip();
    let columns = vec![Column::Uuid(ids), Column::Bytes(indexes.into_iter().map(Vec::from).collect())];
    tx.bulk(
        "UPDATE subject SET sealed_name = '', sealed_contact = '' WHERE id = ANY($1)",
        "UPDATE subject SET sealed_name = x'', sealed_contact = x'' WHERE id = $1",
        columns.iter().take(1).cloned().collect(),
    )
    .await?;
    tx.bulk(
        "UPDATE referee_customer k SET contact_index = u.index
         FROM unnest($1::uuid[], $2::bytea[]) AS u(subject, index) JOIN referral r ON r.subject_id = u.subject
         WHERE k.referral_id = r.id",
        "UPDATE referee_customer SET contact_index = $2
         WHERE referral_id = (SELECT id FROM referral WHERE subject_id = $1)",
        columns.clone(),
    )
    .await?;
    tx.bulk(
        "UPDATE referral r SET contact_index = u.index
         FROM unnest($1::uuid[], $2::bytea[]) AS u(subject, index) WHERE r.subject_id = u.subject",
        "UPDATE referral SET contact_index = $2 WHERE subject_id = $1",
        columns,
    )
    .await
    .map(drop)
}
