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
