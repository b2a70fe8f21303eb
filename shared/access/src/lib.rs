//! Who calls: tokens, keys, roles, and the one layer that enforces the rule each rpc declares.
//!
//! A bearer token becomes a [`Caller`] by way of a [`Verifier`]; the contract's options become [`Rules`]; the
//! [`AccessLayer`] holds one against the other before any handler runs. [`DevIssuer`] makes tokens where no identity
//! provider stands: demonstrations and tests.
//!
//! Never here: a business rule, a clock (time is handed in as [`Now`]), a database.

mod caller;
mod claims;
mod denial;
mod dev;
mod keys;
mod layer;
mod ring;
mod rules;
mod settings;
mod verifier;

pub use caller::{Branch, Caller, role_name, role_named};
pub use denial::{DOMAIN, Denial, Denied, TokenFault};
pub use dev::{DevIssuer, DevIssuerError, DevToken};
pub use handsel_proto::handsel::access::v1::{Idempotency, Role, Scope};
pub use keys::{KeySet, KeySetError};
pub use layer::{AccessLayer, AccessService};
pub use ring::{KeyFileError, KeySource};
pub use rules::{Rule, RuleError, Rules};
pub use settings::{ClaimPath, ClaimPaths, SettingsError, TokenSettings};
pub use verifier::{SetUpError, TokenLife, Verifier};

/// The time in whole seconds since 1970-01-01T00:00:00Z, asked for at each call. Tokens live by the system's time, never
/// by a business clock that somebody may set.
pub type Now = std::sync::Arc<dyn Fn() -> i64 + Send + Sync>;
