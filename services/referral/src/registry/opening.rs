//! Openings of what the log holds sealed: for an officer who may see it.

use super::{
    Key, Registry,
    seal::{DataKey, Field},
};
use crate::domain::erasure::Purpose;
use handsel_outbox::statement::{BLIND_BYTES, PersonalField, pii_commitment};
use handsel_storage::Fault;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What came of opening one field.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Opened {
    /// The random bytes and the plain text, which the statement commits to.
    Open {
        /// 32 random bytes.
        blind: [u8; BLIND_BYTES],
        /// The text.
        plain: String,
    },
    /// Its key was destroyed.
    Erased,
    /// It is no sealed field of this registry's, or was changed; or nothing of its key is left, not even that it was destroyed.
    NotOurs,
}

impl Registry {
    /// Opens fields that bodies carry, in their order. Each is checked against its own commitment: what does not fit it was
    /// not sealed here.
    ///
    /// # Errors
    /// [`Fault`] where keys cannot be read.
    pub(crate) async fn open_logged(&self, fields: &[PersonalField]) -> Result<Vec<Opened>, Fault> {
        let mut keys: BTreeMap<Purpose, BTreeMap<Uuid, Key>> = BTreeMap::new();
        let named: Vec<Option<(Uuid, Purpose)>> = fields.iter().map(key_of).collect();
        for purpose in Purpose::ALL {
            let of_purpose = named.iter().flatten().filter(|(_, what)| *what == purpose);
            let subjects: BTreeSet<Uuid> = of_purpose.map(|(subject, _)| *subject).collect();
            keys.insert(purpose, self.data_keys(subjects.into_iter().collect(), purpose).await?);
        }
        let open = |(field, named): (&PersonalField, &Option<(Uuid, Purpose)>)| {
            let Some((subject, purpose)) = named else { return Opened::NotOurs };
            match keys.get(purpose).and_then(|keys| keys.get(subject)) {
                Some(Key::There(key)) => opened(field, *subject, key).unwrap_or(Opened::NotOurs),
                Some(Key::Destroyed) => Opened::Erased,
                None => Opened::NotOurs,
            }
        };
        Ok(fields.iter().zip(&named).map(open).collect())
    }
}

fn key_of(field: &PersonalField) -> Option<(Uuid, Purpose)> {
    let subject = field.subject.strip_prefix("subjects/")?.parse().ok()?;
    Some((subject, field.purpose.parse().ok()?))
}

fn opened(field: &PersonalField, subject: Uuid, key: &DataKey) -> Option<Opened> {
    let place = Field::logged(&field.field)?;
    let bytes = key.open(subject, place, &hex::decode(&field.sealed).ok()?).ok()?;
    let (blind, plain) = bytes.split_first_chunk::<BLIND_BYTES>()?;
    if hex::encode(pii_commitment(blind, plain)) != field.c {
        return None;
    }
    let plain = String::from_utf8(plain.to_vec()).ok()?;
    Some(Opened::Open { blind: *blind, plain })
}
