//! The subject registry: who the bank was told about before he agreed to anything. What is known of a person is sealed under
//! keys of his own, one for each purpose, which lie in another database, wrapped by a key that lies in neither; he is found
//! again by a keyed index of his contact. Plain text enters here and leaves here masked, or revealed to somebody who has said
//! why; it goes nowhere else.

mod keys;
mod material;
mod opening;
mod provider;
mod seal;
mod store;

pub use material::{KeyMaterial, KeyMaterialError};
pub(crate) use opening::Opened;
pub use provider::{KeyProvider, KeyProviderError, Wrapped};

use crate::domain::{
    contact::{Contact, ContactKind, mask_name},
    erasure::Purpose,
    referral::Referee,
};
use aws_lc_rs::hmac;
use handsel_money::Timestamp;
use handsel_outbox::statement::{BLIND_BYTES, PersonalField, pii_commitment};
use handsel_service::World;
use handsel_storage::{Db, Fault, LaneSettings, Lanes, Migration};
use seal::{DataKey, Field};
use std::{collections::BTreeMap, sync::Arc};
use store::Kept;
use uuid::Uuid;

/// The registry. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Registry {
    keys: Db,
    lanes: Lanes,
    material: Arc<KeyMaterial>,
    provider: Arc<dyn KeyProvider>,
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

impl SealedSubject {
    /// Whether nothing is sealed any more: he was erased, whatever a key store put back from a copy has for him.
    fn is_forgotten(&self) -> bool {
        self.contact.is_empty()
    }
}

/// A person as he enters the books.
#[derive(Debug, Clone)]
pub(crate) struct Sealing {
    /// For the desk, under the key of MARKETING.
    pub(crate) subject: SealedSubject,
    /// For the log, under the key of CONTRACT.
    pub(crate) logged: Vec<PersonalField>,
    /// What he would be known by if he had been erased before.
    pub(crate) suppression: [u8; 32],
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

/// A person in plain text, for somebody who has said why. Not `Debug`.
pub(crate) struct RevealedSubject {
    /// His name.
    pub(crate) display_name: String,
    /// His contact.
    pub(crate) contact: Contact,
}

/// A key as the key store has it. One that it has nothing of was never made, or is lost.
enum Key {
    /// It opens what was sealed under it.
    There(DataKey),
    /// It was destroyed, and is never made again.
    Destroyed,
}

impl Registry {
    /// The registry over its key store, with `provider` to wrap keys; without one, the file of `material` does.
    pub(crate) fn new(
        keys: Db,
        material: Arc<KeyMaterial>,
        provider: Option<Arc<dyn KeyProvider>>,
        world: World,
    ) -> Self {
        let lanes = Lanes::start(keys.clone(), LaneSettings::default());
        let provider = provider.unwrap_or_else(|| material.clone());
        Self { keys, lanes, material, provider, world }
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

    /// Seals a person under new keys, which are stored before this returns: what a database holds sealed can be opened.
    /// Keys whose subject is never recorded are forgotten by [`Registry::settle`].
    ///
    /// # Errors
    /// [`Fault`] where the keys cannot be wrapped or stored.
    pub(crate) async fn seal(&self, referee: &Referee, now: Timestamp) -> Result<Sealing, Fault> {
        let id = self.world.ids.next();
        let entropy = self.world.entropy.as_ref();
        let (desk, log) = (DataKey::draw(entropy), DataKey::draw(entropy));
        let made =
            vec![self.wrapped(id, Purpose::Marketing, &desk).await?, self.wrapped(id, Purpose::Contract, &log).await?];
        self.lanes.run(&id.to_string(), keys::KeepKeys(made)).await?;
        let (name, contact) = (referee.display_name.as_bytes(), &referee.contact);
        let subject = SealedSubject {
            id,
            name: desk.seal(id, Field::Name, name, entropy)?,
            contact_kind: contact.kind(),
            contact: desk.seal(id, Field::Contact, contact.canonical().as_bytes(), entropy)?,
            contact_index: self.contact_index(contact),
            created_at: now,
        };
        let logged = vec![
            self.logged(id, &log, Field::LoggedName, name)?,
            self.logged(id, &log, Field::LoggedContact, contact.canonical().as_bytes())?,
        ];
        let suppression = self.suppression(&subject.contact_index);
        Ok(Sealing { subject, logged, suppression })
    }

    async fn wrapped(&self, subject: Uuid, purpose: Purpose, key: &DataKey) -> Result<keys::NewKey, Fault> {
        let entropy = self.world.entropy.as_ref();
        let wrapped = self.provider.wrap(key.as_bytes(), &bound_to(subject, purpose), entropy).await;
        let Wrapped { wrapping_key, bytes: wrapped } = wrapped.map_err(|error| refused(&error))?;
        Ok(keys::NewKey { subject, purpose, wrapping_key, wrapped, made_at: self.world.system.now() })
    }

    /// A field as a body carries it, and the commitment for its statement.
    fn logged(&self, subject: Uuid, key: &DataKey, field: Field, plain: &[u8]) -> Result<PersonalField, Fault> {
        let entropy = self.world.entropy.as_ref();
        let mut blind = [0; BLIND_BYTES];
        entropy.fill(&mut blind);
        let sealed = key.seal(subject, field, &[blind.as_slice(), plain].concat(), entropy)?;
        Ok(PersonalField {
            c: hex::encode(pii_commitment(&blind, plain)),
            field: field.name().to_owned(),
            purpose: Purpose::Contract.as_str().to_owned(),
            sealed: hex::encode(sealed),
            subject: format!("subjects/{subject}"),
        })
    }

    /// These people as they may be shown, by subject.
    ///
    /// # Errors
    /// [`Fault::Invalid`] where a key does not open its seal: the one or the other is damaged.
    pub(crate) async fn masked(&self, sealed: &[SealedSubject]) -> Result<BTreeMap<Uuid, MaskedSubject>, Fault> {
        let mut shown = BTreeMap::new();
        let keys = self.data_keys(sealed.iter().map(|subject| subject.id).collect(), Purpose::Marketing).await?;
        for subject in sealed {
            let masked = match keys.get(&subject.id) {
                Some(Key::There(key)) if !subject.is_forgotten() => mask(revealed(subject, key)?),
                Some(Key::There(_) | Key::Destroyed) | None => nobody(subject.contact_kind),
            };
            shown.insert(subject.id, masked);
        }
        Ok(shown)
    }

    /// A person in plain text; nothing where he was erased.
    ///
    /// # Errors
    /// As [`Registry::masked`]; and where his key is lost: nobody has erased him, so nobody is told that he was.
    pub(crate) async fn revealed(&self, sealed: &SealedSubject) -> Result<Option<RevealedSubject>, Fault> {
        if sealed.is_forgotten() {
            return Ok(None);
        }
        match self.data_keys(vec![sealed.id], Purpose::Marketing).await?.get(&sealed.id) {
            Some(Key::There(key)) => revealed(sealed, key).map(Some),
            Some(Key::Destroyed) => Ok(None),
            None => Err(Fault::Invalid(format!("the key of subjects/{} is lost: it was never destroyed", sealed.id))),
        }
    }

    /// What the key store has of the keys of these people for a purpose.
    async fn data_keys(&self, subjects: Vec<Uuid>, purpose: Purpose) -> Result<BTreeMap<Uuid, Key>, Fault> {
        let mut keys = BTreeMap::new();
        for (subject, kept) in store::of(&self.keys, subjects, purpose).await? {
            let key = match kept {
                Kept::Wrapped(wrapped) => Key::There(self.unwrapped(subject, purpose, &wrapped).await?),
                Kept::Destroyed => Key::Destroyed,
            };
            keys.insert(subject, key);
        }
        Ok(keys)
    }

    async fn unwrapped(&self, subject: Uuid, purpose: Purpose, wrapped: &Wrapped) -> Result<DataKey, Fault> {
        let key = self.provider.unwrap(wrapped, &bound_to(subject, purpose)).await;
        key.map(DataKey::from_bytes).map_err(|error| refused(&error))
    }

    /// Destroys keys for ever; how many the erasure has destroyed. Done again it changes nothing, so a store that was put back
    /// from a copy is brought to where it was.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub(crate) async fn destroy(
        &self,
        erasure: Uuid,
        subjects: Vec<Uuid>,
        purposes: Vec<Purpose>,
    ) -> Result<i64, Fault> {
        let wanted = subjects.len().saturating_mul(purposes.len());
        let gone = store::tombstones(&self.keys, erasure).await?;
        if usize::try_from(gone) == Ok(wanted) {
            return Ok(gone);
        }
        let at = self.world.system.now();
        let destroyed = self.keys.transact(&keys::Destroy { erasure, subjects, purposes, at }).await?;
        store::empty_log(&self.keys).await?;
        Ok(destroyed)
    }

    /// People whose keys of MARKETING are destroyed, from behind one on, in order; at most `limit`.
    ///
    /// # Errors
    /// [`Fault`], as the engine says.
    pub(crate) async fn destroyed(&self, behind: Uuid, limit: i64) -> Result<Vec<Uuid>, Fault> {
        store::destroyed(&self.keys, behind, limit).await
    }

    /// The blind index of a contact.
    pub(crate) fn contact_index(&self, contact: &Contact) -> [u8; 32] {
        tag(self.material.contact_key(), &[contact.kind().as_str().as_bytes(), contact.canonical().as_bytes()])
    }

    /// What an erased person is known by: of his blind index, under a key of its own.
    pub(crate) fn suppression(&self, contact_index: &[u8; 32]) -> [u8; 32] {
        tag(self.material.suppression_key(), &[contact_index])
    }

    /// An index that belongs to nobody, for the place of one that gave way.
    pub(crate) fn index_of_nobody(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.world.entropy.fill(&mut bytes);
        bytes
    }

    /// A keyed digest of content that may hold personal data, so that no record of it can be tried out. `purpose` keeps
    /// digests of different things apart.
    pub(crate) fn digest(&self, purpose: &'static str, content: &[u8]) -> [u8; 32] {
        tag(self.material.digest_key(), &[purpose.as_bytes(), content])
    }

    /// Subjects whose keys were made before that, by the system's clock, and are not known to be in use; oldest first,
    /// at most `limit`.
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

fn revealed(subject: &SealedSubject, key: &DataKey) -> Result<RevealedSubject, Fault> {
    let contact = key.open_text(subject.id, Field::Contact, &subject.contact)?;
    Ok(RevealedSubject {
        display_name: key.open_text(subject.id, Field::Name, &subject.name)?,
        contact: Contact::opened(subject.contact_kind, contact),
    })
}

fn mask(revealed: RevealedSubject) -> MaskedSubject {
    let RevealedSubject { display_name, contact } = revealed;
    MaskedSubject { display_name: mask_name(&display_name), contact_kind: contact.kind(), contact: contact.masked() }
}

fn nobody(contact_kind: ContactKind) -> MaskedSubject {
    MaskedSubject { display_name: "***".into(), contact_kind, contact: "****".into() }
}

/// What a wrapped key is bound to: whose it is, and what for.
fn bound_to(subject: Uuid, purpose: Purpose) -> Vec<u8> {
    [subject.as_bytes().as_slice(), purpose.as_str().as_bytes()].concat()
}

fn refused(error: &KeyProviderError) -> Fault {
    Fault::Invalid(error.to_string())
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
