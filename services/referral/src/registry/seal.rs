//! Seals: AES-256-GCM under a person's own data key, bound to the person and the field, so that no ciphertext can be
//! moved to another place and still open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use handsel_service::Entropy;
use handsel_storage::Fault;
use uuid::Uuid;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// What of a person is sealed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field {
    /// His name, for the desk.
    Name,
    /// His contact, for the desk.
    Contact,
    /// His name, in a statement's body.
    LoggedName,
    /// His contact, in a statement's body.
    LoggedContact,
}

impl Field {
    /// What the seal is bound to.
    fn context(self) -> &'static str {
        match self {
            Self::Name => "handsel/referee/name/v1",
            Self::Contact => "handsel/referee/contact/v1",
            Self::LoggedName => "handsel/audit/pii/v1/display_name",
            Self::LoggedContact => "handsel/audit/pii/v1/contact",
        }
    }

    /// The field of a body that it is, by the name that the body has for it.
    pub(super) fn logged(name: &str) -> Option<Self> {
        [Self::LoggedName, Self::LoggedContact].into_iter().find(|field| field.name() == name)
    }

    /// The name that bodies have for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Name | Self::LoggedName => "display_name",
            Self::Contact | Self::LoggedContact => "contact",
        }
    }
}

/// A person's key, unwrapped. Not `Debug`.
pub(super) struct DataKey([u8; KEY_BYTES]);

impl DataKey {
    /// A new key.
    pub(super) fn draw(entropy: &dyn Entropy) -> Self {
        let mut key = [0; KEY_BYTES];
        entropy.fill(&mut key);
        Self(key)
    }

    /// A key as it was unwrapped.
    pub(super) fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The key, to be wrapped.
    pub(super) fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals one field of a person.
    pub(super) fn seal(
        &self,
        subject: Uuid,
        field: Field,
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, Fault> {
        let broken = |_| Fault::Invalid("a field could not be sealed".into());
        seal(&self.0, &bound_to(field, subject), plain, entropy).map_err(broken)
    }

    /// Opens one field of a person.
    pub(super) fn open(&self, subject: Uuid, field: Field, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let broken = |_| Fault::Invalid(format!("the seal {} of subject {subject} does not open", field.context()));
        open(&self.0, &bound_to(field, subject), sealed).map_err(broken)
    }

    /// Opens one field of a person that is text.
    pub(super) fn open_text(&self, subject: Uuid, field: Field, sealed: &[u8]) -> Result<String, Fault> {
        String::from_utf8(self.open(subject, field, sealed)?)
            .map_err(|_| Fault::Invalid("a sealed field is no text".into()))
    }
}

fn bound_to(field: Field, subject: Uuid) -> Vec<u8> {
    [field.context().as_bytes(), &[0], subject.as_bytes()].concat()
}

/// Something could not be sealed, or does not open.
#[derive(Debug)]
pub(super) struct Broken;

/// Nonce, ciphertext and tag of `plain`. The nonce is random: 96 bits are enough for far more seals than a key will
/// make (NIST SP 800-38D, 8.3: below 2^32 under one key).
pub(super) fn seal(
    key: &[u8; KEY_BYTES],
    bound_to: &[u8],
    plain: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, Broken> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce);
    let mut sealed = plain.to_vec();
    aead(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut sealed)
        .map_err(|_| Broken)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// What was sealed. Fails for another key or binding, and for any changed bit.
pub(super) fn open(key: &[u8; KEY_BYTES], bound_to: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Broken> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(Broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
    let mut ciphertext = ciphertext.to_vec();
    let plain = aead(key)?.open_in_place(nonce, Aad::from(bound_to), &mut ciphertext).map_err(|_| Broken)?;
    Ok(plain.to_vec())
}

fn aead(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, Broken> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| Broken)
}
