//! The rule of every rpc, read from the contract's descriptors.

use crate::{caller::Caller, denial::Denial};
use handsel_proto::handsel::access::v1::{Idempotency, Role, Rule as Declared, Scope};
use prost::Message;
use prost_reflect::{DescriptorPool, ExtensionDescriptor, MethodDescriptor};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The option that each rpc declares.
const OPTION: &str = "handsel.access.v1.rule";

/// The rules of all rpcs by their paths, e.g. `/handsel.referral.v1.CodeService/GetCode`.
#[derive(Clone, Debug)]
pub struct Rules {
    by_path: BTreeMap<String, Rule>,
}

/// Who may call an rpc, and on what terms. Complete by construction: nothing in it is unspecified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A caller needs one of these.
    pub roles: BTreeSet<Role>,
    /// How far the call reaches.
    pub scope: Scope,
    /// The token must name the human who acts.
    pub four_eyes: bool,
    /// What makes it safe to send again.
    pub idempotency: Idempotency,
    /// The answer shows personal data.
    pub personal_data: bool,
    /// Its messages stream, either way: it may outlast its caller's token.
    pub streams: bool,
}

/// Why a contract cannot be served. Names the rpc.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// The descriptors do not know the option at all.
    #[error("the descriptors have no option `{OPTION}`")]
    NoOption,
    /// The rpc declares no rule.
    #[error("{0} declares no access rule")]
    NoRule(String),
    /// The rule cannot be read.
    #[error("the access rule of {0} cannot be read")]
    Malformed(String),
    /// The rule lists no role, or one that does not exist.
    #[error("the access rule of {0} has no roles, or an unspecified or unknown one")]
    Roles(String),
    /// The rule's scope is unspecified or unknown.
    #[error("the access rule of {0} has no scope")]
    Scope(String),
    /// The rule's idempotency is unspecified or unknown.
    #[error("the access rule of {0} does not say what makes the call safe to send again")]
    Idempotency(String),
    /// The internal auditor reads everything and changes nothing; here he would change something.
    #[error("the access rule of {0} lets the internal auditor change something")]
    AuditorWrites(String),
}

impl Rules {
    /// Reads the rule of every rpc in the pool.
    ///
    /// # Errors
    /// The first rpc, in the pool's order, whose rule is absent or incomplete. A server must not start then.
    pub fn read(pool: &DescriptorPool) -> Result<Self, RuleError> {
        let option = pool.get_extension_by_name(OPTION).ok_or(RuleError::NoOption)?;
        let mut by_path = BTreeMap::new();
        for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
            let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
            let streams = method.is_client_streaming() || method.is_server_streaming();
            let rule = Rule::complete(&path, declared(&path, &method, &option)?, streams)?;
            by_path.insert(path, rule);
        }
        Ok(Self { by_path })
    }

    /// The rule of the rpc at a path.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<&Rule> {
        self.by_path.get(path)
    }

    /// All rules with their paths, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.by_path.iter().map(|(path, rule)| (path.as_str(), rule))
    }
}

impl Rule {
    /// Whether the caller may call, in this order: role, person, branch. Which records he may touch is asked where the
    /// records are known: [`Caller::must_reach`].
    ///
    /// # Errors
    /// The first term that the caller does not meet.
    pub fn admits(&self, caller: &Caller) -> Result<(), Denial> {
        if self.roles.is_disjoint(&caller.roles) {
            return Err(Denial::RoleNotAllowed);
        }
        if self.four_eyes && caller.person.is_none() {
            return Err(Denial::PersonRequired);
        }
        if self.scope == Scope::Branch && caller.branch == crate::Branch::None {
            return Err(Denial::BranchRequired);
        }
        Ok(())
    }

    fn complete(path: &str, declared: Declared, streams: bool) -> Result<Self, RuleError> {
        let Declared { roles, scope, four_eyes, idempotency, personal_data } = declared;
        let specified = |number: i32| Role::try_from(number).ok().filter(|role| *role != Role::Unspecified);
        let roles: BTreeSet<Role> =
            roles.into_iter().map(specified).collect::<Option<_>>().ok_or_else(|| RuleError::Roles(path.to_owned()))?;
        if roles.is_empty() {
            return Err(RuleError::Roles(path.to_owned()));
        }
        let scope = match Scope::try_from(scope) {
            Ok(Scope::Unspecified) | Err(_) => return Err(RuleError::Scope(path.to_owned())),
            Ok(scope) => scope,
        };
        let idempotency = match Idempotency::try_from(idempotency) {
            Ok(Idempotency::Unspecified) | Err(_) => return Err(RuleError::Idempotency(path.to_owned())),
            Ok(idempotency) => idempotency,
        };
        if idempotency != Idempotency::Read && roles.contains(&Role::InternalAuditor) {
            return Err(RuleError::AuditorWrites(path.to_owned()));
        }
        Ok(Self { roles, scope, four_eyes, idempotency, personal_data, streams })
    }
}

fn declared(path: &str, method: &MethodDescriptor, option: &ExtensionDescriptor) -> Result<Declared, RuleError> {
    let options = method.options();
    if !options.has_extension(option) {
        return Err(RuleError::NoRule(path.to_owned()));
    }
    let value = options.get_extension(option);
    let bytes = value.as_message().map(Message::encode_to_vec);
    bytes.and_then(|bytes| Declared::decode(bytes.as_slice()).ok()).ok_or_else(|| RuleError::Malformed(path.to_owned()))
}
