//! An audit statement: what a command says that it did, how that is sealed into canonical bytes, and how they are read.
//!
//! A statement is sealed in two beats. In the command's transaction everything but `epoch`, `source_seq` and `prev` is fixed
//! and checked: what cannot be sealed cannot commit. When the relay gives it its place in the source's chain, those three are
//! filled in, and the bytes never change again.

mod digest;
mod parse;
mod personal;
mod rules;
mod seal;
mod wire;

pub use digest::{GENESIS, body_digest, statement_digest};
pub use parse::{ParsedActor, ParsedBody, ParsedStatement, parse};
pub use personal::{BLIND_BYTES, PERSONAL, PersonalField, personal_fields, pii_commitment};
pub use rules::{MAX_BODY_BYTES, MAX_STATEMENT_BYTES, Malformed};
pub use seal::{Circumstances, Sealed, complete, seal};

use handsel_money::{Money, Timestamp};

/// What a command says that it did. No personal data: people and customers become pseudonyms when it is sealed, prose belongs
/// into the body, and not even there may it name anyone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What kind of fact, e.g. `referral.registered`: lower-case words with dots between them.
    pub kind: &'static str,
    /// When it happened, as the producer claims.
    pub time: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Resource names of what it touched, the most specific first, e.g. `referrals/…`. In `customers/…` and `staff/…` the id
    /// becomes a pseudonym; the others stay.
    pub subjects: Vec<String>,
    /// What was asked for, a verb, e.g. `register`.
    pub action: &'static str,
    /// What became of it, e.g. `success`, `refused`.
    pub outcome: &'static str,
    /// Why, as a code (`UPPER_SNAKE`), where there is a why.
    pub reason: Option<String>,
    /// What ties the statements of one story together, e.g. the referral's resource name or the request id.
    pub correlation: String,
    /// The money that moved or was decided on.
    pub amount: Option<Money>,
    /// The version of the policy (program, plan, sheet) that it was decided by.
    pub policy: Option<String>,
    /// The details, kept beside the statement under a salted digest; `Null`: none. No nulls, no fractions inside. Fields of
    /// personal data stand sealed under [`PERSONAL`] and nowhere else; the statement commits to each of them.
    pub body: serde_json::Value,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The token's subject: a person or a system.
    pub subject: String,
    /// The human for whom a system called, or the same human again.
    pub person: Option<String>,
    /// The roles that the call was made with.
    pub roles: Vec<String>,
    /// The branch code, `*` for the whole bank, empty for none.
    pub branch: String,
}

impl Actor {
    /// A part of Handsel that acts by itself, e.g. a job: `Actor::system("reward/due")`.
    #[must_use]
    pub fn system(name: &str) -> Self {
        Self { subject: name.to_owned(), person: None, roles: Vec::new(), branch: String::new() }
    }
}
