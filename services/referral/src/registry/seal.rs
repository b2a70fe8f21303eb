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
    /// His name.
    Name,
    /// His contact.
    Contact,
}

impl Field {
    fn context(self) -> &'static str {
        match self {
            Self::Name => "handsel/referee/name/v1",
            Self::Contact => "handsel/referee/contact/v1",
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
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        bytes.try_into().map(Self).map_err(|_| Fault::Invalid("a data key of a wrong length".into()))
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
        seal(&self.0, field.context(), subject, plain, entropy)
    }

    /// Opens one field of a person.
    pub(super) fn open(&self, subject: Uuid, field: Field, sealed: &[u8]) -> Result<String, Fault> {
        let plain = open(&self.0, field.context(), subject, sealed)?;
        String::from_utf8(plain).map_err(|_| Fault::Invalid("a sealed field is no text".into()))
    }
}

/// Nonce, ciphertext and tag of `plain`. The nonce is random: 96 bits are enough for far more seals than a key will
/// make (NIST SP 800-38D, 8.3: below 2^32 under one key).
pub(super) fn seal(
    key: &[u8; KEY_BYTES],
    context: &str,
    subject: Uuid,
    plain: &[u8],
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, Fault> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce);
    let mut sealed = plain.to_vec();
    aead(key)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound_to(context, subject), &mut sealed)
        .map_err(|_| Fault::Invalid("a field could not be sealed".into()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// What was sealed. Fails for another key, context or subject, and for any changed bit.
pub(super) fn open(key: &[u8; KEY_BYTES], context: &str, subject: Uuid, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
    let broken = || Fault::Invalid(format!("the seal {context} of subject {subject} does not open"));
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
    let mut ciphertext = ciphertext.to_vec();
    let plain = aead(key)?.open_in_place(nonce, bound_to(context, subject), &mut ciphertext).map_err(|_| broken())?;
    Ok(plain.to_vec())
}

fn aead(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, Fault> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_| Fault::Invalid("a key of a wrong length".into()))
}

fn bound_to(context: &str, subject: Uuid) -> Aad<Vec<u8>> {
    Aad::from([context.as_bytes(), &[0], subject.as_bytes()].concat())
}
