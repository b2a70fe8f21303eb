//! Why a call is turned away: what the caller reads, and what the log reads.

use std::collections::HashMap;
use thiserror::Error;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The `domain` of every `google.rpc.ErrorInfo` of Handsel.
pub const DOMAIN: &str = "handsel";

/// What is wrong with a token. The text is for the log; the caller reads the reason alone, so that a refusal teaches a
/// forger nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenFault {
    /// There is no `authorization` header.
    #[error("no authorization header")]
    Missing,
    /// More than one header, not `Bearer`, or not text.
    #[error("authorization is not one bearer token")]
    NotBearer,
    /// Longer than any token that is accepted.
    #[error("token too long")]
    TooLong,
    /// Not a JWT: parts, base64, JSON, or an algorithm nobody knows (`none` among them).
    #[error("not a JWT")]
    Malformed,
    /// The header asks for extensions that must be understood (RFC 7515, 4.1.11). None is.
    #[error("critical header extensions")]
    CriticalHeader,
    /// The header names no key.
    #[error("no kid")]
    NoKeyId,
    /// The key set has no such key, or no longer.
    #[error("unknown kid")]
    UnknownKey,
    /// Signed by another algorithm than the one its key is for.
    #[error("algorithm is not the key's")]
    WrongAlgorithm,
    /// The signature is not that of the key.
    #[error("signature does not verify")]
    BadSignature,
    /// A claim that must be there is not. Holds what it is for, not what it says.
    #[error("claim absent: {0}")]
    ClaimAbsent(&'static str),
    /// A claim has another shape than it must have, or is out of bounds.
    #[error("claim malformed: {0}")]
    ClaimMalformed(&'static str),
    /// Somebody else issued it.
    #[error("wrong issuer")]
    WrongIssuer,
    /// It is meant for somebody else.
    #[error("wrong audience")]
    WrongAudience,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Its time has not come.
    #[error("not yet valid")]
    NotYetValid,
}

/// Why a call is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Denial {
    /// The caller is unknown.
    #[error("{0}")]
    Token(TokenFault),
    /// The caller is known, the rpc is not.
    #[error("no such rpc")]
    UnknownRpc,
    /// None of the caller's roles is among those of the rule.
    #[error("no role of the rule")]
    RoleNotAllowed,
    /// A four-eyes rpc, and a token that names no human.
    #[error("token names no person")]
    PersonRequired,
    /// An rpc of scope `SCOPE_BRANCH`, and a token that names no branch.
    #[error("token names no branch")]
    BranchRequired,
    /// The record belongs to another branch than the token.
    #[error("another branch")]
    BranchMismatch,
}

/// A denial as it is counted: no caller, no token, no personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied<'a> {
    /// The path of the rpc, or `unknown`: what the contract does not list never becomes a label.
    pub rpc: &'a str,
    /// Why.
    pub denial: Denial,
}

impl TokenFault {
    /// The stable reason that the caller reads.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "TOKEN_MISSING",
            Self::Expired => "TOKEN_EXPIRED",
            Self::NotYetValid => "TOKEN_NOT_YET_VALID",
            _ => "TOKEN_INVALID",
        }
    }
}

impl Denial {
    /// The stable reason that the caller reads.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Token(fault) => fault.reason(),
            Self::UnknownRpc => "RPC_UNKNOWN",
            Self::RoleNotAllowed => "ROLE_NOT_ALLOWED",
            Self::PersonRequired => "PERSON_REQUIRED",
            Self::BranchRequired => "BRANCH_REQUIRED",
            Self::BranchMismatch => "BRANCH_MISMATCH",
        }
    }

    /// The gRPC code that the caller reads.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::Token(_) => Code::Unauthenticated,
            Self::UnknownRpc => Code::Unimplemented,
            Self::RoleNotAllowed | Self::PersonRequired | Self::BranchRequired | Self::BranchMismatch => {
                Code::PermissionDenied
            }
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::Token(TokenFault::Missing) => "send a bearer token in the authorization header",
            Self::Token(TokenFault::Expired) => "the token has expired: fetch a new one",
            Self::Token(TokenFault::NotYetValid) => "the token is not valid yet: compare the clocks",
            Self::Token(_) => "the token is not acceptable here",
            Self::UnknownRpc => "the contract has no such rpc",
            Self::RoleNotAllowed => "none of the caller's roles may call this rpc",
            Self::PersonRequired => "this rpc takes a second person's act: the token must name the human who acts",
            Self::BranchRequired => "this rpc works on records of a branch: the token must name one",
            Self::BranchMismatch => "the record belongs to another branch",
        }
    }
}

impl From<Denial> for Status {
    fn from(denial: Denial) -> Self {
        let details = ErrorDetails::with_error_info(denial.reason(), DOMAIN, HashMap::new());
        Status::with_error_details(denial.code(), denial.message(), details)
    }
}

impl From<TokenFault> for Denial {
    fn from(fault: TokenFault) -> Self {
        Self::Token(fault)
    }
}
