//! What a bank configures about tokens: who issues them, for whom, and where in them the claims lie.

use crate::caller::{role_name, role_named};
use handsel_proto::handsel::access::v1::Role;
use serde::Deserialize;
use std::collections::BTreeMap;
use thiserror::Error;

/// The widest clock skew that may be configured, in seconds.
const MAX_LEEWAY_SECONDS: u32 = 120;
/// The most verified tokens that may be remembered.
const MAX_REMEMBERED: usize = 1_000_000;

/// What tokens must say to be accepted, and where they say it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// The `iss` that every token must carry, letter for letter.
    pub issuer: String,
    /// The `aud` that every token must carry, alone or among others.
    pub audience: String,
    /// How far the clocks of issuer and server may differ, in seconds: 0 to 120.
    #[serde(default = "default_leeway")]
    pub leeway_seconds: u32,
    /// Where the claims lie.
    #[serde(default)]
    pub claims: ClaimPaths,
    /// Role names of the identity provider → role names of Handsel. Names that it does not list give no role. Without
    /// it, Handsel's own names hold (`branch.staff`, …).
    #[serde(default = "default_roles")]
    pub roles: BTreeMap<String, String>,
    /// How many verified tokens are remembered, so that a signature is checked once: 1 to 1,000,000.
    #[serde(default = "default_remembered")]
    pub remembered_tokens: usize,
}

/// Where in a token the claims lie.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimPaths {
    /// The roles: an array of names, or one text of names divided by spaces. Keycloak: `realm_access.roles`.
    pub roles: ClaimPath,
    /// The branch: its number, or `*` for all.
    pub branch: ClaimPath,
    /// The human who acts.
    pub person: ClaimPath,
}

/// The path to a claim: `realm_access.roles`, or a JSON pointer where a name holds a dot: `/https:~1~1bank.example/roles`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ClaimPath(Vec<String>);

/// What is wrong with the settings.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// The issuer or the audience is empty.
    #[error("{0} must not be empty")]
    Empty(&'static str),
    /// More clock skew than is safe.
    #[error("leeway_seconds is {0}, more than {MAX_LEEWAY_SECONDS}")]
    Leeway(u32),
    /// A claim path with an empty step.
    #[error("`{0}` is not a claim path: write `a.b`, or a JSON pointer `/a/b`")]
    Path(String),
    /// A role name that Handsel does not have.
    #[error("`{0}` is no role of Handsel")]
    UnknownRole(String),
    /// No or too many remembered tokens.
    #[error("remembered_tokens is {0}, not 1 to {MAX_REMEMBERED}")]
    Remembered(usize),
}

impl TokenSettings {
    /// The defaults for an issuer and an audience: Handsel's own role names, claims `roles`, `branch` and `person`,
    /// 30 seconds of clock skew, 10,000 remembered tokens.
    #[must_use]
    pub fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            leeway_seconds: default_leeway(),
            claims: ClaimPaths::default(),
            roles: default_roles(),
            remembered_tokens: default_remembered(),
        }
    }

    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.issuer.is_empty() {
            return Err(SettingsError::Empty("issuer"));
        }
        if self.audience.is_empty() {
            return Err(SettingsError::Empty("audience"));
        }
        if self.leeway_seconds > MAX_LEEWAY_SECONDS {
            return Err(SettingsError::Leeway(self.leeway_seconds));
        }
        if self.remembered_tokens == 0 || self.remembered_tokens > MAX_REMEMBERED {
            return Err(SettingsError::Remembered(self.remembered_tokens));
        }
        self.role_map().map(drop)
    }

    /// The identity provider's role names with the roles that they give.
    pub(crate) fn role_map(&self) -> Result<BTreeMap<String, Role>, SettingsError> {
        let known = |(theirs, ours): (&String, &String)| {
            let role = role_named(ours).ok_or_else(|| SettingsError::UnknownRole(ours.clone()))?;
            Ok((theirs.clone(), role))
        };
        self.roles.iter().map(known).collect()
    }
}

impl ClaimPath {
    /// What lies at the path, if anything does. `null` counts as nothing.
    #[must_use]
    pub fn find<'a>(&self, claims: &'a serde_json::Map<String, serde_json::Value>) -> Option<&'a serde_json::Value> {
        let (first, rest) = self.0.split_first()?;
        let found = rest.iter().try_fold(claims.get(first)?, |value, step| value.as_object()?.get(step))?;
        (!found.is_null()).then_some(found)
    }
}

impl TryFrom<String> for ClaimPath {
    type Error = SettingsError;

    fn try_from(path: String) -> Result<Self, SettingsError> {
        let steps: Vec<String> = match path.strip_prefix('/') {
            // RFC 6901, section 4: `~1` before `~0`, so that `~01` stays `~1`.
            Some(pointer) => pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect(),
            None => path.split('.').map(str::to_owned).collect(),
        };
        if steps.iter().any(String::is_empty) { Err(SettingsError::Path(path)) } else { Ok(Self(steps)) }
    }
}

impl Default for ClaimPaths {
    fn default() -> Self {
        let top = |name: &str| ClaimPath(vec![name.to_owned()]);
        Self { roles: top("roles"), branch: top("branch"), person: top("person") }
    }
}

fn default_leeway() -> u32 {
    30
}

fn default_remembered() -> usize {
    10_000
}

fn default_roles() -> BTreeMap<String, String> {
    let named = |role| (role_name(role).to_owned(), role_name(role).to_owned());
    (1..).map_while(|number| Role::try_from(number).ok()).map(named).collect()
}
