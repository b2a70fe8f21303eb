//! The subject registry: who the bank was told about before he agreed to anything. A person's name and contact are
//! sealed under a key of his own, which lies in another database, wrapped by a key that lies in neither; he is found
//! again by a keyed index of his contact. Plain text enters here and leaves here masked; it goes nowhere else.

mod keys;
mod material;
mod seal;
mod store;

pub use material::{KeyMaterial, KeyMaterialError};

use crate::domain::{
    contact::{Contact, ContactKind, mask_name},
    referral::Referee,
};
use aws_lc_rs::hmac;
use handsel_money::Timestamp;
use handsel_service::World;
use handsel_storage::{Db, Fault, LaneSettings, Lanes, Migration};
use seal::{DataKey, Field};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// The registry. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Registry {
    keys: Db,
    lanes: Lanes,
    material: Arc<KeyMaterial>,
    world: World,
}

/// A person, sealed under his own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedSubject {
    /// Whose key it is.
    pub(crate) id: Uuid,
    /// His name.
    pub(crate) name: Vec<u8>,
    /// What kind of contact it is.
    pub(crate) contact_kind: ContactKind,
    /// His contact.
    pub(crate) contact: Vec<u8>,
    /// The blind index of his contact: the same for the same person, and nothing to anybody without the key.
    pub(crate) contact_index: [u8; 32],
    /// When he was sealed.
    pub(crate) created_at: Timestamp,
}

/// A person as he may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MaskedSubject {
    /// `张**`, `J*** N***`; `***` where his key is gone.
    pub(crate) display_name: String,
    /// What kind of contact it is.
    pub(crate) contact_kind: ContactKind,
    /// `138****5678`, `j***@example.org`; `****` where his key is gone.
    pub(crate) contact: String,
}

impl Registry {
    /// The registry over its key store.
    pub(crate) fn new(keys: Db, material: Arc<KeyMaterial>, world: World) -> Self {
        let lanes = Lanes::start(keys.clone(), LaneSettings::default());
        Self { keys, lanes, material, world }
    }

    /// Finishes what it has accepted.
    pub(crate) async fn drain(&self) {
        self.lanes.drain().await;
    }

    /// The key store's schema.
    pub(crate) fn migrations() -> Vec<Migration> {
        vec![Migration {
            version: 100,
            name: "keys",
            postgres: include_str!("../../migrations/postgres/100_keys.sql"),
            sqlite: include_str!("../../migrations/sqlite/100_keys.sql"),
        }]
    }

    /// Seals a person under a new key, which is stored before this returns: what a database holds sealed can be opened.
    /// A key whose subject is never recorded is forgotten by [`Registry::settle`].
    ///
    /// # Errors
    /// [`Fault`] where the key cannot be stored.
    pub(crate) async fn seal(&self, referee: &Referee, now: Timestamp) -> Result<SealedSubject, Fault> {
        let id = self.world.ids.next();
        let entropy = self.world.entropy.as_ref();
        let key = DataKey::draw(entropy);
        let (wrapping_key, wrapped) = self.material.wrap(&key, id, entropy)?;
        let made_at = self.world.system.now();
        self.lanes.run(&id.to_string(), keys::NewKey { subject: id, wrapping_key, wrapped, made_at }).await?;
        let contact = &referee.contact;
        Ok(SealedSubject {
            id,
            name: key.seal(id, Field::Name, referee.display_name.as_bytes(), entropy)?,
            contact_kind: contact.kind(),
            contact: key.seal(id, Field::Contact, contact.canonical().as_bytes(), entropy)?,
            contact_index: self.contact_index(contact),
            created_at: now,
        })
    }

    /// These people as they may be shown, by subject.
    ///
    /// # Errors
    /// [`Fault::Invalid`] where a key does not open its seal: the one or the other is damaged.
    pub(crate) async fn masked(&self, sealed: &[SealedSubject]) -> Result<BTreeMap<Uuid, MaskedSubject>, Fault> {
        let wrapped = store::of(&self.keys, sealed.iter().map(|subject| subject.id).collect()).await?;
        sealed.iter().map(|subject| Ok((subject.id, self.mask(subject, wrapped.get(&subject.id))?))).collect()
    }

    fn mask(&self, subject: &SealedSubject, wrapped: Option<&store::WrappedKey>) -> Result<MaskedSubject, Fault> {
        let contact_kind = subject.contact_kind;
        let Some(wrapped) = wrapped else {
            return Ok(MaskedSubject { display_name: "***".into(), contact_kind, contact: "****".into() });
        };
        let key = self.material.unwrap(&wrapped.wrapping_key, &wrapped.wrapped, subject.id)?;
        let name = key.open(subject.id, Field::Name, &subject.name)?;
        let contact = Contact::opened(contact_kind, key.open(subject.id, Field::Contact, &subject.contact)?);
        Ok(MaskedSubject { display_name: mask_name(&name), contact_kind, contact: contact.masked() })
    }

    /// The blind index of a contact.
    pub(crate) fn contact_index(&self, contact: &Contact) -> [u8; 32] {
        tag(self.material.contact_key(), &[contact.kind().as_str().as_bytes(), contact.canonical().as_bytes()])
    }

    /// A keyed digest of content that may hold personal data, so that no record of it can be tried out. `purpose` keeps
    /// digests of different things apart.
    pub(crate) fn digest(&self, purpose: &'static str, content: &[u8]) -> [u8; 32] {
        tag(self.material.digest_key(), &[purpose.as_bytes(), content])
    }

    /// Subjects whose keys were made before that, by the system's clock, and are not known to be in use; oldest first,
    /// at most
    /// `limit`.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub(crate) async fn unsettled(&self, before: Timestamp, limit: i64) -> Result<Vec<Uuid>, Fault> {
        store::unbound(&self.keys, before, limit).await
    }

    /// Keeps the keys of subjects on record, forgets the others.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub(crate) async fn settle(&self, on_record: Vec<Uuid>, unknown: Vec<Uuid>) -> Result<(), Fault> {
        self.keys.transact(&keys::Settle { on_record, unknown }).await
    }
}

/// HMAC-SHA256 over the parts, each with its length before it.
fn tag(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.sign().as_ref());
    bytes
}

#[cfg(test)]
mod tests;
