//! A token issuer of our own, for demonstrations and tests: an Ed25519 key in a folder, its key set, tokens for anybody.
//! Production has an identity provider.

use crate::{
    Now, Role, TokenSettings,
    caller::{Branch, role_name},
    keys::{KeySet, KeySetError},
    ring::KeySource,
    verifier::{SetUpError, Verifier},
};
use aws_lc_rs::signature::Ed25519KeyPair;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use serde_json::{Map, Value, json};
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use thiserror::Error;

/// The issuer that development tokens name.
const ISSUER: &str = "handsel-dev";
/// The audience that development tokens are for, unless told otherwise.
const AUDIENCE: &str = "handsel";
/// The private key's file in the folder: PKCS#8.
const KEY_FILE: &str = "dev-issuer.pk8";

/// Issues tokens for development. Cheap to clone.
#[derive(Clone)]
pub struct DevIssuer(Arc<Inner>);

struct Inner {
    private: EncodingKey,
    key_id: String,
    key_set: String,
    now: Now,
}

/// What a development token is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevToken {
    /// The account.
    pub subject: String,
    /// The human, if any.
    pub person: Option<String>,
    /// The roles.
    pub roles: Vec<Role>,
    /// The branch.
    pub branch: Branch,
    /// How long it holds from now on, in seconds.
    pub lifetime_seconds: i64,
    /// Whom it is for; `None`: Handsel.
    pub audience: Option<String>,
}

/// Why there is no development issuer, or no token.
#[derive(Debug, Error)]
pub enum DevIssuerError {
    /// The key's file or folder could not be read or written.
    #[error("the development key {path} cannot be read or written")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than its owner can read the key.
    #[error("the development key {0} can be read by others than its owner: chmod 600 it, or delete it for a new one")]
    Exposed(PathBuf),
    /// The bytes are no Ed25519 key.
    #[error("the development key is no Ed25519 key in PKCS#8")]
    NoKey,
    /// The library could not sign or describe the key.
    #[error("the development key cannot be used")]
    Library(#[from] jsonwebtoken::errors::Error),
    /// The key set could not be written.
    #[error("the development key set cannot be written")]
    Unwritable(#[from] serde_json::Error),
    /// The key set could not be read back.
    #[error("the development key set cannot be read")]
    Unreadable(#[from] KeySetError),
    /// No verifier could be made.
    #[error("there is no verifier for development tokens")]
    Verifier(#[from] SetUpError),
}

impl DevIssuer {
    /// The issuer whose key lies in `folder`. Where there is none yet, it is made from `seed`: 32 bytes of chance that
    /// nobody else knows.
    ///
    /// # Errors
    /// Where the folder cannot be written, or the key in it is unusable or readable by others.
    pub fn open(folder: &Path, seed: &[u8; 32], now: Now) -> Result<Self, DevIssuerError> {
        let path = folder.join(KEY_FILE);
        let failed = |source| DevIssuerError::File { path: path.clone(), source };
        if !path.try_exists().map_err(failed)? {
            keep(folder, &path, &pkcs8(seed)?).map_err(failed)?;
        }
        if fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(DevIssuerError::Exposed(path));
        }
        Self::from_pkcs8(&fs::read(&path).map_err(failed)?, now)
    }

    /// The issuer whose key is made from `seed`, kept nowhere: for tests.
    ///
    /// # Errors
    /// Where the crypto library refuses the seed, which it has no reason to.
    pub fn from_seed(seed: &[u8; 32], now: Now) -> Result<Self, DevIssuerError> {
        Self::from_pkcs8(&pkcs8(seed)?, now)
    }

    /// The public key as a JSON Web Key Set, for other processes.
    #[must_use]
    pub fn key_set(&self) -> &str {
        &self.0.key_set
    }

    /// The settings that accept this issuer's tokens.
    #[must_use]
    pub fn settings(&self) -> TokenSettings {
        TokenSettings::new(ISSUER, AUDIENCE)
    }

    /// A verifier of this issuer's tokens, by the issuer's own clock.
    ///
    /// # Errors
    /// Where the key set just made cannot be read back, which it can.
    pub fn verifier(&self) -> Result<Verifier, DevIssuerError> {
        let keys = KeySet::parse(&self.0.key_set)?;
        Ok(Verifier::new(&self.settings(), KeySource::Fixed(keys), Arc::clone(&self.0.now))?)
    }

    /// A signed token.
    ///
    /// # Errors
    /// Where the crypto library cannot sign, which it can.
    pub fn issue(&self, token: &DevToken) -> Result<String, DevIssuerError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.0.key_id.clone());
        Ok(encode(&header, &token.claims((self.0.now)()), &self.0.private)?)
    }

    fn from_pkcs8(bytes: &[u8], now: Now) -> Result<Self, DevIssuerError> {
        Ed25519KeyPair::from_pkcs8(bytes).map_err(|_| DevIssuerError::NoKey)?;
        let private = EncodingKey::from_ed_der(bytes);
        let mut public = Jwk::from_encoding_key(&private, Algorithm::EdDSA)?;
        let key_id = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(key_id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let key_set = serde_json::to_string_pretty(&JwkSet { keys: vec![public] })?;
        Ok(Self(Arc::new(Inner { private, key_id, key_set, now })))
    }
}

impl std::fmt::Debug for DevIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevIssuer").field("key_id", &self.0.key_id).finish_non_exhaustive()
    }
}

impl DevToken {
    /// A token of one role that holds for an hour, for every branch and no person.
    #[must_use]
    pub fn of_role(role: Role, subject: &str) -> Self {
        Self {
            subject: subject.to_owned(),
            person: None,
            roles: vec![role],
            branch: Branch::All,
            lifetime_seconds: 3600,
            audience: None,
        }
    }

    fn claims(&self, now: i64) -> Map<String, Value> {
        let roles: Vec<&str> = self.roles.iter().map(|role| role_name(*role)).collect();
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), json!(ISSUER));
        claims.insert("aud".to_owned(), json!(self.audience.as_deref().unwrap_or(AUDIENCE)));
        claims.insert("sub".to_owned(), json!(self.subject));
        claims.insert("iat".to_owned(), json!(now));
        claims.insert("exp".to_owned(), json!(now.saturating_add(self.lifetime_seconds)));
        claims.insert("roles".to_owned(), json!(roles));
        if let Some(person) = &self.person {
            claims.insert("person".to_owned(), json!(person));
        }
        if let Some(branch) = self.branch.as_claim() {
            claims.insert("branch".to_owned(), json!(branch));
        }
        claims
    }
}

/// Version 1 of PKCS#8, without the public key: the token library refuses version 2.
fn pkcs8(seed: &[u8; 32]) -> Result<Vec<u8>, DevIssuerError> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| DevIssuerError::NoKey)?;
    Ok(pair.to_pkcs8v1().map_err(|_| DevIssuerError::NoKey)?.as_ref().to_vec())
}

/// Writes the key beside its place and links it there whole: of two processes that start at once, one wins and both read
/// the winner's.
fn keep(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = folder.join(format!("{KEY_FILE}.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
