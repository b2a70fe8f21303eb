//! From the claims of a token whose signature holds to its bearer: a pure ladder of checks, in this order: issuer,
//! audience, subject, life span, person, branch, roles.

use crate::{
    caller::{Branch, Caller},
    denial::TokenFault,
    settings::{ClaimPaths, SettingsError, TokenSettings},
};
use handsel_proto::handsel::access::v1::Role;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// The longest subject or person, in bytes.
const MAX_NAME_BYTES: usize = 255;
/// The most role names that a token may carry, Handsel's or not.
const MAX_ROLE_NAMES: usize = 256;

/// What the claims of a token must be, compiled from the settings.
#[derive(Debug)]
pub(crate) struct ClaimRules {
    issuer: String,
    audience: String,
    leeway_seconds: i64,
    paths: ClaimPaths,
    roles: BTreeMap<String, Role>,
}

/// A caller, and from when to when his token holds, in seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) caller: Arc<Caller>,
    not_before: i64,
    expires: i64,
}

impl ClaimRules {
    pub(crate) fn new(settings: &TokenSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            leeway_seconds: i64::from(settings.leeway_seconds),
            paths: settings.claims.clone(),
            roles: settings.role_map()?,
        })
    }

    /// The bearer, whatever the hour. [`ClaimRules::holds_at`] knows whether the token holds now.
    pub(crate) fn admit(&self, claims: &Map<String, Value>) -> Result<Admitted, TokenFault> {
        let issuer = claims.get("iss").ok_or(TokenFault::ClaimAbsent("iss"))?;
        if issuer.as_str() != Some(&self.issuer) {
            return Err(TokenFault::WrongIssuer);
        }
        if !names(claims.get("aud").ok_or(TokenFault::ClaimAbsent("aud"))?, &self.audience) {
            return Err(TokenFault::WrongAudience);
        }
        let subject = name(claims.get("sub").ok_or(TokenFault::ClaimAbsent("sub"))?, "sub")?;
        let expires = seconds(claims.get("exp").ok_or(TokenFault::ClaimAbsent("exp"))?, "exp")?;
        let not_before = claims.get("nbf").map_or(Ok(i64::MIN), |value| seconds(value, "nbf"))?;
        let person = self.paths.person.find(claims).map(|value| name(value, "person")).transpose()?;
        let branch = self.paths.branch.find(claims).map_or(Ok(Branch::None), branch)?;
        let roles = self.paths.roles.find(claims).map_or(Ok(BTreeSet::new()), |value| self.roles_of(value))?;
        let caller = Arc::new(Caller { subject, person, roles, branch });
        Ok(Admitted { caller, not_before, expires })
    }

    /// Refuses a token before or after its time. It is over at `exp` itself (RFC 7519, 4.1.4), give or take the leeway.
    pub(crate) fn holds_at(&self, admitted: &Admitted, now: i64) -> Result<(), TokenFault> {
        if now >= admitted.expires.saturating_add(self.leeway_seconds) {
            return Err(TokenFault::Expired);
        }
        if now < admitted.not_before.saturating_sub(self.leeway_seconds) {
            return Err(TokenFault::NotYetValid);
        }
        Ok(())
    }

    /// How long a token that holds now holds yet, the leeway with it.
    pub(crate) fn left(&self, admitted: &Admitted, now: i64) -> Duration {
        let end = admitted.expires.saturating_add(self.leeway_seconds);
        Duration::from_secs(u64::try_from(end.saturating_sub(now)).unwrap_or(0))
    }

    /// The roles among the names; names of other systems' roles are passed over.
    fn roles_of(&self, value: &Value) -> Result<BTreeSet<Role>, TokenFault> {
        let malformed = TokenFault::ClaimMalformed("roles");
        let names: Vec<&str> = match value {
            Value::String(text) => text.split_ascii_whitespace().take(MAX_ROLE_NAMES + 1).collect(),
            Value::Array(items) => {
                items.iter().take(MAX_ROLE_NAMES + 1).map(Value::as_str).collect::<Option<_>>().ok_or(malformed)?
            }
            _ => return Err(malformed),
        };
        if names.len() > MAX_ROLE_NAMES {
            return Err(malformed);
        }
        Ok(names.iter().filter_map(|name| self.roles.get(*name)).copied().collect())
    }
}

/// Whether an `aud`, one text or many, names the audience.
fn names(value: &Value, audience: &str) -> bool {
    match value {
        Value::String(one) => one == audience,
        Value::Array(many) => many.iter().any(|one| one.as_str() == Some(audience)),
        _ => false,
    }
}

/// The name of an account or a person.
fn name(value: &Value, claim: &'static str) -> Result<String, TokenFault> {
    let text = value.as_str().ok_or(TokenFault::ClaimMalformed(claim))?;
    if text.is_empty() || text.len() > MAX_NAME_BYTES || text.chars().any(char::is_control) {
        return Err(TokenFault::ClaimMalformed(claim));
    }
    Ok(text.to_owned())
}

/// A branch as the contract writes one, or `*`.
fn branch(value: &Value) -> Result<Branch, TokenFault> {
    let malformed = TokenFault::ClaimMalformed("branch");
    let text = value.as_str().ok_or(malformed)?;
    if text == "*" {
        return Ok(Branch::All);
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain && (1..=16).contains(&text.len()) { Ok(Branch::One(text.to_owned())) } else { Err(malformed) }
}

/// Whole seconds since 1970. Fractions are allowed by RFC 7519 and sent by nobody: they are refused, not rounded.
fn seconds(value: &Value, claim: &'static str) -> Result<i64, TokenFault> {
    value.as_i64().ok_or(TokenFault::ClaimMalformed(claim))
}
