//! An identity provider in the hand: keys of the three algorithms, their key set, and tokens that say anything at all.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use handsel_access::{KeySet, KeySource, Now, TokenSettings, Verifier};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// The hour of every test, in seconds since 1970.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://idp.bank.example";

/// A clock that the test sets.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW)))
    }
    pub(crate) fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
    pub(crate) fn now(&self) -> Now {
        let time = Arc::clone(&self.0);
        Arc::new(move || time.load(Ordering::SeqCst))
    }
}

/// A key of the provider.
pub(crate) struct Signer {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: String,
    pub(crate) private: EncodingKey,
    pub(crate) public: Value,
}

impl Signer {
    pub(crate) fn ed25519(kid: &str) -> Self {
        let key = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).unwrap();
        Self::new(Algorithm::EdDSA, kid, EncodingKey::from_ed_der(key.as_ref()))
    }
    pub(crate) fn p256(kid: &str) -> Self {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self::new(Algorithm::ES256, kid, EncodingKey::from_ec_der(key.as_ref()))
    }
    pub(crate) fn rsa(kid: &str) -> Self {
        let key = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
        let pem =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
        Self::new(Algorithm::RS256, kid, EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap())
    }

    fn new(algorithm: Algorithm, kid: &str, private: EncodingKey) -> Self {
        let mut public = Jwk::from_encoding_key(&private, algorithm).unwrap();
        public.common.key_id = Some(kid.to_owned());
        Self { algorithm, kid: kid.to_owned(), private, public: serde_json::to_value(public).unwrap() }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(Some(&self.kid), claims)
    }
    pub(crate) fn sign_as(&self, kid: Option<&str>, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = kid.map(str::to_owned);
        encode(&header, claims, &self.private).unwrap()
    }
}

/// The key set of some signers, as the provider publishes it.
pub(crate) fn key_set(signers: &[&Signer]) -> String {
    json!({ "keys": signers.iter().map(|signer| &signer.public).collect::<Vec<_>>() }).to_string()
}

pub(crate) fn settings() -> TokenSettings {
    TokenSettings::new(ISSUER, "handsel")
}

pub(crate) fn verifier(signers: &[&Signer], clock: &TestClock) -> Verifier {
    verifier_with(&settings(), signers, clock)
}

pub(crate) fn verifier_with(settings: &TokenSettings, signers: &[&Signer], clock: &TestClock) -> Verifier {
    let keys = KeySet::parse(&key_set(signers)).unwrap();
    Verifier::new(settings, KeySource::Fixed(keys), clock.now()).unwrap()
}

/// The claims of a good token: a teller of branch 0101, with ten minutes to live.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": "handsel", "sub": "branch-desk-7", "exp": NOW + 600,
        "roles": ["branch.staff"], "branch": "0101", "person": "e.novakova",
    })
}

/// The good claims with one of them different.
pub(crate) fn with(claim: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[claim] = value;
    claims
}

/// The good claims without one of them.
pub(crate) fn without(claim: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(claim);
    claims
}

/// A part of a token.
pub(crate) fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
