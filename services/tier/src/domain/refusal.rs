//! Every no of the tier service, by name.

use handsel_money::Timestamp;

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Fields that may not be so: their paths, and what would be right.
    #[error("{}", faults(.0))]
    Invalid(Vec<Fault>),
    /// There is no such policy.
    #[error("there is no {0}")]
    NotFound(String),
    /// The name is taken.
    #[error("{0} exists already")]
    AlreadyExists(String),
    /// It has changed since it was read.
    #[error("it has changed since it was read: read it again")]
    EtagMismatch,
    /// Who made it may not put it in force.
    #[error("who made it may not activate it: four eyes")]
    MakerIsChecker,
    /// It is not in the state that this needs.
    #[error("it is {0}: only a draft can be activated, only an active policy evaluated with")]
    StateConflict(&'static str),
    /// An instant that has not come.
    #[error("{0} lies in the future")]
    FutureTime(&'static str),
    /// The customer has no tier at that instant. He is not named: a refusal may be logged where customers may not.
    #[error("the customer had no tier at that instant")]
    NoTier,
    /// Another evaluation as of that instant or a later one has been made; tiers are dated forward only.
    #[error("tiers have been evaluated as of that instant or a later one already")]
    EvaluatedLater,
    /// Another evaluation has not ended.
    #[error("the evaluation under tierPolicies/{policy} as of {as_of} has not ended: call it again first")]
    EvaluationUnfinished {
        /// Its policy's id.
        policy: String,
        /// Its instant.
        as_of: Timestamp,
    },
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its path in the request.
    pub(crate) field: String,
    /// What is wrong, and what would be right.
    pub(crate) description: String,
    /// By which programs tell it: a reason of `proto/README.md`.
    pub(crate) reason: &'static str,
}

impl Fault {
    /// A fault with reason `FIELD_INVALID`.
    pub(crate) fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into(), reason: "FIELD_INVALID" }
    }

    /// The same with a nearer reason.
    pub(crate) fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }
}

fn faults(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{}: {}", fault.field, fault.description)).collect::<Vec<_>>().join("; ")
}
