//! From a bearer token to its caller: signature, claims, time; a token verified once is remembered.

use crate::{
    Now,
    caller::Caller,
    claims::{Admitted, ClaimRules},
    denial::TokenFault,
    keys::KeySet,
    ring::{KeyFileError, KeySource, Ring},
    settings::{SettingsError, TokenSettings},
};
use aws_lc_rs::digest;
use quick_cache::sync::Cache;
use std::{sync::Arc, time::Duration};
use thiserror::Error;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 8192;

/// Verifies tokens. Cheap to clone; clones share keys and memory.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    rules: ClaimRules,
    ring: Ring,
    now: Now,
    /// By the SHA-256 of the token: the memory of the process holds no token that could be used.
    remembered: Cache<[u8; 32], Remembered>,
}

#[derive(Clone)]
struct Remembered {
    reign: u64,
    admitted: Arc<Admitted>,
}

/// How long the caller's token holds yet, seen from the beginning of a call. In the extensions of each request that streams: a
/// stream ends with the token it was opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLife(pub Duration);

/// Why no verifier could be made.
#[derive(Debug, Error)]
pub enum SetUpError {
    /// The settings are wrong.
    #[error("the token settings are wrong")]
    Settings(#[from] SettingsError),
    /// There are no keys.
    #[error("there are no keys to verify tokens with")]
    Keys(#[from] KeyFileError),
}

impl Verifier {
    /// Verifies tokens by these settings, these keys and this clock.
    ///
    /// # Errors
    /// Where the settings are wrong, or the key file holds no keys.
    pub fn new(settings: &TokenSettings, keys: KeySource, now: Now) -> Result<Self, SetUpError> {
        let rules = ClaimRules::new(settings)?;
        let ring = Ring::new(keys, now())?;
        let remembered = Cache::new(settings.remembered_tokens);
        Ok(Self(Arc::new(Inner { rules, ring, now, remembered })))
    }

    /// The bearer of a token.
    ///
    /// # Errors
    /// What is wrong with the token, the signature before anything that it says.
    pub fn verify(&self, token: &str) -> Result<Arc<Caller>, TokenFault> {
        self.bearer(token).map(|(caller, _life)| caller)
    }

    /// The bearer of a token, and how long it holds yet. The same errors.
    pub(crate) fn bearer(&self, token: &str) -> Result<(Arc<Caller>, TokenLife), TokenFault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenFault::TooLong);
        }
        let inner = &*self.0;
        let now = (inner.now)();
        let reign = inner.ring.reign(now);
        let key = fingerprint(token);
        let admitted = match inner.recall(&key, reign) {
            Some(admitted) => admitted,
            None => inner.examine(token, key, now)?,
        };
        inner.rules.holds_at(&admitted, now)?;
        Ok((Arc::clone(&admitted.caller), TokenLife(inner.rules.left(&admitted, now))))
    }

    /// Replaces the key set, for sources other than a file. What was verified before is verified anew.
    pub fn replace_keys(&self, keys: KeySet) {
        self.0.ring.replace(keys);
        self.0.remembered.clear();
    }

    /// How many verified tokens are remembered at this moment.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.0.remembered.len()
    }
}

impl Inner {
    fn recall(&self, key: &[u8; 32], reign: u64) -> Option<Arc<Admitted>> {
        let remembered = self.remembered.get(key)?;
        (remembered.reign == reign).then_some(remembered.admitted)
    }

    /// Verifies a token the long way, and remembers it where it holds.
    fn examine(&self, token: &str, key: [u8; 32], now: i64) -> Result<Arc<Admitted>, TokenFault> {
        let mut held = self.ring.held();
        let mut claims = held.keys.claims(token);
        if claims == Err(TokenFault::UnknownKey)
            && let Some(newer) = self.ring.newer_than(&held, now)
        {
            claims = newer.keys.claims(token);
            held = newer;
        }
        let admitted = Arc::new(self.rules.admit(&claims?)?);
        self.rules.holds_at(&admitted, now)?;
        self.remembered.insert(key, Remembered { reign: held.reign, admitted: Arc::clone(&admitted) });
        Ok(admitted)
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("rules", &self.0.rules).finish_non_exhaustive()
    }
}

fn fingerprint(token: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    bytes
}
