//! Who calls: what a verified token says about its bearer.

use crate::denial::Denial;
use handsel_proto::handsel::access::v1::Role;
use std::{collections::BTreeSet, sync::Arc};
use tonic::Status;

/// Who calls. The [`AccessLayer`](crate::AccessLayer) puts one, shared with its memory of the token, into the extensions of every
/// request it lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account that signed in: the token's `sub`, 1 to 255 bytes without control characters.
    pub subject: String,
    /// The human on whose behalf it acts, where the token names one.
    pub person: Option<String>,
    /// What the caller is to the bank. Never holds [`Role::Unspecified`].
    pub roles: BTreeSet<Role>,
    /// The branch that the token is for.
    pub branch: Branch,
}

/// The branch that a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Branch {
    /// Every branch: the token says `*`.
    All,
    /// This one.
    One(String),
    /// The token names no branch. Rpcs of scope `SCOPE_BRANCH` are refused to it.
    None,
}

/// The roles by the names that configuration, tokens and audit statements use.
const ROLE_NAMES: [(Role, &str); 9] = [
    (Role::BranchStaff, "branch.staff"),
    (Role::BranchManager, "branch.manager"),
    (Role::ProgramAdmin, "program.admin"),
    (Role::FinanceApprover, "finance.approver"),
    (Role::ComplianceOfficer, "compliance.officer"),
    (Role::InternalAuditor, "internal.auditor"),
    (Role::CoreBanking, "core.banking"),
    (Role::Service, "service"),
    (Role::Operator, "operator"),
];

impl Caller {
    /// The caller of a request that came through the [`AccessLayer`](crate::AccessLayer).
    ///
    /// # Errors
    /// `UNAUTHENTICATED` with reason `TOKEN_MISSING` where no layer stood in front: closed, not open.
    pub fn of<T>(request: &tonic::Request<T>) -> Result<&Caller, Status> {
        request
            .extensions()
            .get::<Arc<Caller>>()
            .map(Arc::as_ref)
            .ok_or_else(|| Denial::Token(crate::TokenFault::Missing).into())
    }

    /// The human who acts, or the account where the token names no human. What records carry as "by whom".
    #[must_use]
    pub fn person_or_subject(&self) -> &str {
        self.person.as_deref().unwrap_or(&self.subject)
    }

    /// Whose requests these are, for telling those that are sent again: the account's, and of each human apart for whom it acts.
    /// Two humans behind one account may choose the same id, and neither is answered for what the other did.
    #[must_use]
    pub fn requester(&self) -> String {
        match &self.person {
            // No account has a control character in it: what stands before the first of them is the account.
            Some(person) => format!("{}\n{person}", self.subject),
            None => self.subject.clone(),
        }
    }

    /// Whether the token's branch lets it touch records of `branch`.
    #[must_use]
    pub fn reaches(&self, branch: &str) -> bool {
        match &self.branch {
            Branch::All => true,
            Branch::One(own) => own == branch,
            Branch::None => false,
        }
    }

    /// Refuses a caller whose token is for another branch. For handlers of rpcs of scope `SCOPE_BRANCH`.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` with reason `BRANCH_MISMATCH`.
    pub fn must_reach(&self, branch: &str) -> Result<(), Status> {
        if self.reaches(branch) { Ok(()) } else { Err(Denial::BranchMismatch.into()) }
    }

    /// Whether the caller has this role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The names of the caller's roles, in the order of the contract.
    pub fn role_names(&self) -> impl Iterator<Item = &'static str> {
        self.roles.iter().map(|role| role_name(*role))
    }
}

impl Branch {
    /// As a token writes it: `*`, the branch, or nothing.
    #[must_use]
    pub fn as_claim(&self) -> Option<&str> {
        match self {
            Branch::All => Some("*"),
            Branch::One(branch) => Some(branch),
            Branch::None => None,
        }
    }
}

/// The name of a role, e.g. `branch.staff`; `unspecified` for [`Role::Unspecified`], which no caller has.
#[must_use]
pub fn role_name(role: Role) -> &'static str {
    ROLE_NAMES.iter().find(|(known, _)| *known == role).map_or("unspecified", |(_, name)| name)
}

/// The role of a name, e.g. `branch.staff`.
#[must_use]
pub fn role_named(name: &str) -> Option<Role> {
    ROLE_NAMES.iter().find(|(_, known)| *known == name).map(|(role, _)| *role)
}
