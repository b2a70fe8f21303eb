//! The keys of the installation: those that wrap people's keys, the one of the blind index, the one of digests, the one of
//! suppressions. They come from a file apart from both databases.

use super::{
    provider::{KeyProvider, KeyProviderError, Wrapped},
    seal::{self, KEY_BYTES},
};
use aws_lc_rs::hmac;
use futures::{FutureExt, future::BoxFuture};
use handsel_service::Entropy;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

const WRAPPING: &str = "handsel/data-key/v2";

/// The keys of the installation. Shows none of them.
#[derive(Clone)]
pub struct KeyMaterial {
    wrapping: Vec<(String, [u8; KEY_BYTES])>,
    contact: hmac::Key,
    digest: hmac::Key,
    suppression: hmac::Key,
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
    suppression_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrappingKey {
    id: String,
    key: String,
}

impl KeyMaterial {
    /// From the keys themselves: one that wraps, one for the blind index, one for digests, one for suppressions.
    #[must_use]
    pub fn from_keys(
        wrapping: [u8; KEY_BYTES],
        contact: &[u8; KEY_BYTES],
        digest: &[u8; KEY_BYTES],
        suppression: &[u8; KEY_BYTES],
    ) -> Self {
        let hmac = |key: &[u8; KEY_BYTES]| hmac::Key::new(hmac::HMAC_SHA256, key);
        Self {
            wrapping: vec![("1".to_owned(), wrapping)],
            contact: hmac(contact),
            digest: hmac(digest),
            suppression: hmac(suppression),
        }
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
        let KeyFile { wrapping_keys, contact_key, digest_key, suppression_key } = serde_json::from_str(text).ok()?;
        let wrapping: Option<Vec<_>> =
            wrapping_keys.into_iter().map(|WrappingKey { id, key }| Some((id, key_of(&key)?))).collect();
        let wrapping = wrapping.filter(|keys| !keys.is_empty())?;
        let hmac = |text: &str| Some(hmac::Key::new(hmac::HMAC_SHA256, &key_of(text)?));
        Some(Self {
            wrapping,
            contact: hmac(&contact_key)?,
            digest: hmac(&digest_key)?,
            suppression: hmac(&suppression_key)?,
        })
    }

    /// The key of the blind index.
    pub(super) fn contact_key(&self) -> &hmac::Key {
        &self.contact
    }

    /// The key of digests.
    pub(super) fn digest_key(&self) -> &hmac::Key {
        &self.digest
    }

    /// The key of suppressions.
    pub(super) fn suppression_key(&self) -> &hmac::Key {
        &self.suppression
    }
}

/// The provider for a first look: its wrapping keys lie in the same file.
impl KeyProvider for KeyMaterial {
    fn wrap<'a>(
        &'a self,
        key: &'a [u8; KEY_BYTES],
        bound_to: &'a [u8],
        entropy: &'a dyn Entropy,
    ) -> BoxFuture<'a, Result<Wrapped, KeyProviderError>> {
        async move {
            let missing = || KeyProviderError::Missing("(none)".to_owned());
            let (id, wrapping) = self.wrapping.last().ok_or_else(missing)?;
            let bytes = seal::seal(wrapping, &framed(bound_to), key, entropy).map_err(|_| KeyProviderError::Broken)?;
            Ok(Wrapped { wrapping_key: id.clone(), bytes })
        }
        .boxed()
    }

    fn unwrap<'a>(
        &'a self,
        wrapped: &'a Wrapped,
        bound_to: &'a [u8],
    ) -> BoxFuture<'a, Result<[u8; KEY_BYTES], KeyProviderError>> {
        async move {
            let found = self.wrapping.iter().find(|(id, _)| *id == wrapped.wrapping_key);
            let (_, wrapping) = found.ok_or_else(|| KeyProviderError::Missing(wrapped.wrapping_key.clone()))?;
            let key = seal::open(wrapping, &framed(bound_to), &wrapped.bytes).map_err(|_| KeyProviderError::Broken)?;
            key.try_into().map_err(|_| KeyProviderError::Broken)
        }
        .boxed()
    }
}

/// Wrapped keys and sealed fields must never open as one another.
fn framed(bound_to: &[u8]) -> Vec<u8> {
    [WRAPPING.as_bytes(), &[0], bound_to].concat()
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
    let [contact_key, digest_key, suppression_key] = [drawn(entropy), drawn(entropy), drawn(entropy)];
    let keys = KeyFile { wrapping_keys, contact_key, digest_key, suppression_key };
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
