//! A statement's fields as its bytes carry them: one struct to write and to read, so that the two cannot drift apart.
//!
//! RFC 8785 restricted to strings, arrays and objects: integers are decimal strings, because JSON numbers beyond 2^53 are
//! rounded in silence by many readers. An absent `reason`, `amount_minor` or `currency` is left out; nothing is null.
//!
//! Fields stand in the order of their keys, so that writing them plainly is canonical: a test holds it to a general
//! canonicalizer, which takes several times as long, and each command that owes a statement waits for it.

use serde::{Deserialize, Serialize};

/// The version of this layout.
pub(super) const VERSION: &str = "1";
/// `body.alg` of a statement with a body.
pub(super) const BODY_SHA256: &str = "handsel/body/v1";
/// `body.alg` of a statement without one.
pub(super) const BODY_NONE: &str = "none";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    pub(super) action: String,
    pub(super) actor: WireActor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) amount_minor: Option<String>,
    pub(super) body: WireBody,
    pub(super) correlation: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) currency: Option<String>,
    pub(super) epoch: String,
    pub(super) id: String,
    pub(super) outcome: String,
    pub(super) pii: Vec<WirePii>,
    pub(super) policy: String,
    pub(super) prev: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    pub(super) source: String,
    pub(super) source_seq: String,
    pub(super) subjects: Vec<String>,
    pub(super) time: String,
    pub(super) trace: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) v: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireActor {
    pub(super) branch: String,
    /// Pseudonym of the human for whom a system called; empty where the subject is that human, or there is none.
    pub(super) on_behalf_of: String,
    pub(super) roles: Vec<String>,
    /// Pseudonym of the token's subject.
    pub(super) staff: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireBody {
    pub(super) alg: String,
    pub(super) digest: String,
}

/// A commitment to a field of personal data; the data lies elsewhere, encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WirePii {
    pub(super) c: String,
}
