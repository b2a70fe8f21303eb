//! The keys of the installation: those that wrap people's keys, the one of the blind index, the one of digests. They
//! come from a file apart from both databases.

use super::seal::{self, DataKey, KEY_BYTES};
use aws_lc_rs::hmac;
use handsel_service::Entropy;
use handsel_storage::Fault;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};
use uuid::Uuid;

const WRAPPING: &str = "handsel/data-key/v1";

/// The keys of the installation. Shows none of them.
#[derive(Clone)]
pub struct KeyMaterial {
    wrapping: Vec<(String, [u8; KEY_BYTES])>,
    contact: hmac::Key,
    digest: hmac::Key,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyMaterialError {
    /// The file could not be read or made.
    #[error("the key file {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("the key file {0}: not the JSON of a Handsel key file with keys of 64 hex digits")]
    NotAKeyFile(PathBuf),
}

/// The file, JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    /// Oldest first: the last wraps, all unwrap.
    wrapping_keys: Vec<WrappingKey>,
    contact_key: String,
    digest_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrappingKey {
    id: String,
    key: String,
}

impl KeyMaterial {
    /// From the keys themselves: one that wraps, one for the blind index, one for digests.
    #[must_use]
    pub fn from_keys(wrapping: [u8; KEY_BYTES], contact: &[u8; KEY_BYTES], digest: &[u8; KEY_BYTES]) -> Self {
        let (contact, digest) = (hmac::Key::new(hmac::HMAC_SHA256, contact), hmac::Key::new(hmac::HMAC_SHA256, digest));
        Self { wrapping: vec![("1".to_owned(), wrapping)], contact, digest }
    }

    /// From a file; where there is none, from a new one, readable by its owner only. Whoever loses this file loses
    /// every name and contact that was sealed under it.
    ///
    /// # Errors
    /// See [`KeyMaterialError`]. A file that holds anything else is left as it is.
    pub fn from_file_or_create(path: &Path, entropy: &dyn Entropy) -> Result<Self, KeyMaterialError> {
        let fault = |source| KeyMaterialError::File { path: path.to_owned(), source };
        if !path.exists() {
            create(path, entropy).map_err(fault)?;
        }
        let text = fs::read_to_string(path).map_err(fault)?;
        Self::parse(&text).ok_or_else(|| KeyMaterialError::NotAKeyFile(path.to_owned()))
    }

    fn parse(text: &str) -> Option<Self> {
        let KeyFile { wrapping_keys, contact_key, digest_key } = serde_json::from_str(text).ok()?;
        let wrapping: Option<Vec<_>> =
            wrapping_keys.into_iter().map(|WrappingKey { id, key }| Some((id, key_of(&key)?))).collect();
        let wrapping = wrapping.filter(|keys| !keys.is_empty())?;
        let hmac = |text: &str| Some(hmac::Key::new(hmac::HMAC_SHA256, &key_of(text)?));
        Some(Self { wrapping, contact: hmac(&contact_key)?, digest: hmac(&digest_key)? })
    }

    /// Wraps a person's key: the wrapping key's id, and the wrapped key.
    pub(super) fn wrap(&self, key: &DataKey, subject: Uuid, entropy: &dyn Entropy) -> Result<(String, Vec<u8>), Fault> {
        let (id, wrapping) = self.wrapping.last().ok_or_else(|| Fault::Invalid("no wrapping key".into()))?;
        Ok((id.clone(), seal::seal(wrapping, WRAPPING, subject, key.as_bytes(), entropy)?))
    }

    /// Unwraps a person's key.
    pub(super) fn unwrap(&self, wrapping_key: &str, wrapped: &[u8], subject: Uuid) -> Result<DataKey, Fault> {
        let found = self.wrapping.iter().find(|(id, _)| id == wrapping_key);
        let (_, wrapping) = found.ok_or_else(|| Fault::Invalid(format!("wrapping key {wrapping_key} is missing")))?;
        DataKey::from_bytes(&seal::open(wrapping, WRAPPING, subject, wrapped)?)
    }

    /// The key of the blind index.
    pub(super) fn contact_key(&self) -> &hmac::Key {
        &self.contact
    }

    /// The key of digests.
    pub(super) fn digest_key(&self) -> &hmac::Key {
        &self.digest
    }
}

impl std::fmt::Debug for KeyMaterial {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KeyMaterial").finish_non_exhaustive()
    }
}

fn key_of(text: &str) -> Option<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    hex::decode_to_slice(text, &mut key).ok()?;
    Some(key)
}

fn drawn(entropy: &dyn Entropy) -> String {
    let mut key = [0; KEY_BYTES];
    entropy.fill(&mut key);
    hex::encode(key)
}

/// Writes whole new keys beside the place and links them in: whoever links first wins, and nobody ever reads half a
/// file.
fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let wrapping_keys = vec![WrappingKey { id: "1".to_owned(), key: drawn(entropy) }];
    let keys = KeyFile { wrapping_keys, contact_key: drawn(entropy), digest_key: drawn(entropy) };
    let mut suffix = [0; 8];
    entropy.fill(&mut suffix);
    let draft = path.with_extension(format!("new-{}", hex::encode(suffix)));
    let mut file = private(&draft)?;
    file.write_all(&serde_json::to_vec_pretty(&keys)?)?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    // The name must survive a power cut as well as the bytes: people are sealed under these keys at once.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<fs::File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
