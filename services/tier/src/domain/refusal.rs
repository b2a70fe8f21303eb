//! Every no of the tier service, by name.

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
    /// The customer has no tier at that instant.
    #[error("no tier of {0} is known at that instant")]
    NoTier(String),
    /// Another evaluation as of a later instant has been made; tiers are dated forward only.
    #[error("tiers have been evaluated as of a later instant already")]
    EvaluatedLater,
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its path in the request.
    pub(crate) field: String,
    /// What is wrong, and what would be right.
    pub(crate) description: String,
}

impl Fault {
    pub(crate) fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

fn faults(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{}: {}", fault.field, fault.description)).collect::<Vec<_>>().join("; ")
}
