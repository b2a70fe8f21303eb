//! Pseudonyms: what people and customers are called in audit statements.
//!
//! HMAC-SHA256 under a key of the installation, cut to 128 bits: the same person has the same name in every statement, nobody
//! without the key can go back or try names out, and whoever destroys the key has made all of them anonymous.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use handsel_service::Entropy;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Bytes of the key.
const KEY_BYTES: usize = 32;
/// Bytes of a pseudonym before it is written in hex.
const NAME_BYTES: usize = 16;

/// Makes pseudonyms. Cheap to clone; shows no key.
#[derive(Clone)]
pub struct Pseudonyms {
    key: Arc<Key>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum PseudonymsError {
    /// The file could not be read or made.
    #[error("the pseudonym key {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("the pseudonym key {0}: not 64 hex digits")]
    NotAKey(PathBuf),
}

impl Pseudonyms {
    /// From the key itself.
    #[must_use]
    pub fn from_key(key: &[u8; KEY_BYTES]) -> Self {
        Self { key: Arc::new(Key::new(HMAC_SHA256, key)) }
    }

    /// From a file of 64 hex digits; where there is none, from a new one, readable by its owner only. Processes that start at
    /// the same moment end up with the same key.
    ///
    /// # Errors
    /// See [`PseudonymsError`]. A file that holds anything else is left as it is.
    pub fn from_file_or_create(path: &Path, entropy: &dyn Entropy) -> Result<Self, PseudonymsError> {
        let fault = |source| PseudonymsError::File { path: path.to_owned(), source };
        if !path.exists() {
            create(path, entropy).map_err(fault)?;
        }
        let text = fs::read_to_string(path).map_err(fault)?;
        let mut key = [0; KEY_BYTES];
        hex::decode_to_slice(text.trim(), &mut key).map_err(|_| PseudonymsError::NotAKey(path.to_owned()))?;
        Ok(Self::from_key(&key))
    }

    /// A member of staff, or a system that acts: `s-` and 32 hex digits.
    #[must_use]
    pub fn staff(&self, subject: &str) -> String {
        format!("s-{}", self.token(b"handsel/staff/v1\0", subject))
    }

    /// A customer: `c-` and 32 hex digits.
    #[must_use]
    pub fn customer(&self, id: &str) -> String {
        format!("c-{}", self.token(b"handsel/customer/v1\0", id))
    }

    /// A resource name with the person in it replaced: `customers/42/tags/7` → `customers/c-…/tags/7`, the same for `staff/…`.
    /// Other names stay.
    #[must_use]
    pub fn name(&self, name: &str) -> String {
        let Some((collection, rest)) = name.split_once('/') else { return name.to_owned() };
        let (id, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match collection {
            "customers" => format!("customers/{}{tail}", self.customer(id)),
            "staff" => format!("staff/{}{tail}", self.staff(id)),
            _ => name.to_owned(),
        }
    }

    fn token(&self, domain: &[u8], id: &str) -> String {
        let tag = sign(&self.key, &[domain, id.as_bytes()].concat());
        hex::encode(tag.as_ref().get(..NAME_BYTES).unwrap_or_default())
    }
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pseudonyms").finish_non_exhaustive()
    }
}

/// Writes a whole new key beside the place and links it in: whoever links first wins, nobody ever reads half a key.
fn create(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let (mut key, mut suffix) = ([0; KEY_BYTES], [0; 8]);
    entropy.fill(&mut key);
    entropy.fill(&mut suffix);
    let draft = path.with_extension(format!("new-{}", hex::encode(suffix)));
    let mut file = private(&draft)?;
    writeln!(file, "{}", hex::encode(key))?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use handsel_service::SeededEntropy;

    #[test]
    fn people_are_replaced_and_other_names_stay() {
        let pseudonyms = Pseudonyms::from_key(&[7; 32]);
        let customer = pseudonyms.customer("42");
        assert_eq!(customer.len(), 34);
        assert_ne!(customer[2..], pseudonyms.staff("42")[2..], "one number, two people: the names must not meet");
        for (given, expected) in [
            ("customers/42", format!("customers/{customer}")),
            ("customers/42/tags/vip", format!("customers/{customer}/tags/vip")),
            ("staff/42", format!("staff/{}", pseudonyms.staff("42"))),
            ("referrals/42", "referrals/42".to_owned()),
            ("customers", "customers".to_owned()),
        ] {
            assert_eq!(pseudonyms.name(given), expected);
        }
    }

    #[test]
    fn a_file_keeps_the_key_and_nothing_else_is_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pseudonyms.key");
        let made = Pseudonyms::from_file_or_create(&path, &SeededEntropy::new(1)).unwrap();
        let read = Pseudonyms::from_file_or_create(&path, &SeededEntropy::new(2)).unwrap();
        assert_eq!(made.staff("x"), read.staff("x"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::write(&path, "secret").unwrap();
        let refused = Pseudonyms::from_file_or_create(&path, &SeededEntropy::new(2));
        assert!(matches!(refused, Err(PseudonymsError::NotAKey(_))));
    }
}
