//! The keys that tokens are signed with: a JSON Web Key Set (RFC 7517), each key pinned to one algorithm.

use crate::denial::TokenFault;
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    errors::ErrorKind,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use thiserror::Error;

/// The most keys that one set may hold.
const MAX_KEYS: usize = 64;

/// The keys of one issuer by their `kid`.
pub struct KeySet {
    by_id: HashMap<String, Key>,
}

/// One key, and the checks of a signature made with it.
struct Key {
    public: DecodingKey,
    checks: Validation,
}

/// What is wrong with a key set.
#[derive(Debug, Error)]
pub enum KeySetError {
    /// Not a JSON Web Key Set.
    #[error("not a JSON Web Key Set")]
    Malformed(#[source] serde_json::Error),
    /// Nothing in it can check a token.
    #[error("no key for EdDSA, ES256 or RS256 with a `kid` in it")]
    Empty,
    /// More keys than any issuer has.
    #[error("{0} keys, more than {MAX_KEYS}")]
    TooMany(usize),
    /// Two keys of one name: which one signed is anybody's guess.
    #[error("two keys have the kid `{0}`")]
    TwiceTheSameId(String),
}

impl KeySet {
    /// Reads a key set. Keys that are not for signatures, have no `kid` or another algorithm than EdDSA, ES256 and RS256
    /// are left out: identity providers publish such beside ours.
    ///
    /// # Errors
    /// Where nothing usable is in it, or where it is ambiguous.
    pub fn parse(text: &str) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_str(text).map_err(KeySetError::Malformed)?;
        if set.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooMany(set.keys.len()));
        }
        let mut by_id = HashMap::new();
        for (id, key) in set.keys.into_iter().filter_map(usable) {
            if by_id.contains_key(&id) {
                return Err(KeySetError::TwiceTheSameId(id));
            }
            by_id.insert(id, key);
        }
        if by_id.is_empty() { Err(KeySetError::Empty) } else { Ok(Self { by_id }) }
    }

    /// The claims of a token whose signature holds. What they say is not looked at.
    pub(crate) fn claims(&self, token: &str) -> Result<Map<String, Value>, TokenFault> {
        let header = decode_header(token).map_err(|_| TokenFault::Malformed)?;
        if header.crit.is_some() {
            return Err(TokenFault::CriticalHeader);
        }
        let id = header.kid.ok_or(TokenFault::NoKeyId)?;
        let key = self.by_id.get(&id).ok_or(TokenFault::UnknownKey)?;
        decode(token, &key.public, &key.checks).map(|token| token.claims).map_err(|error| match error.kind() {
            ErrorKind::InvalidAlgorithm => TokenFault::WrongAlgorithm,
            ErrorKind::InvalidSignature => TokenFault::BadSignature,
            _ => TokenFault::Malformed,
        })
    }
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.by_id.keys()).finish()
    }
}

/// A key that can check tokens, with its name.
fn usable(key: Value) -> Option<(String, Key)> {
    let key: Jwk = serde_json::from_value(key).ok()?;
    let id = key.common.key_id.clone()?;
    if key.common.public_key_use.as_ref().is_some_and(|purpose| *purpose != PublicKeyUse::Signature) {
        return None;
    }
    if key.common.key_operations.as_ref().is_some_and(|allowed| !allowed.contains(&KeyOperations::Verify)) {
        return None;
    }
    let algorithm = algorithm_of(&key)?;
    let public = DecodingKey::from_jwk(&key).ok()?;
    Some((id, Key { public, checks: signature_only(algorithm) }))
}

/// The one algorithm that a key is for. Its `alg` must say so, or be absent, as Entra leaves it: the kind of key then leaves
/// no choice among ours.
fn algorithm_of(key: &Jwk) -> Option<Algorithm> {
    let algorithm = match &key.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        _ => return None,
    };
    key.common.key_algorithm.is_none_or(|named| named == algorithm.into()).then_some(algorithm)
}

/// The library checks the signature and nothing else: the claims are ours to check, by the clock that is handed in.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut checks = Validation::new(algorithm);
    checks.required_spec_claims.clear();
    checks.validate_exp = false;
    checks.validate_nbf = false;
    checks.validate_aud = false;
    checks
}
