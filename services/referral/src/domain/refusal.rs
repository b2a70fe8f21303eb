//! Why a request is refused: one closed set for the whole service, each with the stable reason a client may act on.

use handsel_money::Timestamp;

/// One fault of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Path of the field in the request, e.g. `program.success.requirements[0].any_of[1].minimum`.
    pub(crate) field: String,
    /// What is wrong with it, and what would be right.
    pub(crate) description: String,
}

impl Violation {
    /// A fault of a field.
    pub(crate) fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// What the request names does not exist.
    #[error("{0} does not exist")]
    NotFound(String),
    /// A code with a slip of the pen: none like it can exist.
    #[error("{0} does not exist: its check character does not fit, so it is probably mistyped")]
    Mistyped(String),
    /// The name is taken.
    #[error("{0} exists already")]
    AlreadyExists(String),
    /// Fields that cannot be taken, one violation each.
    #[error("the request has {} invalid field(s)", .0.len())]
    Invalid(Vec<Violation>),
    /// The resource changed since the caller read it.
    #[error("it has changed since etag {0} was read: read it again")]
    EtagMismatch(String),
    /// The act does not fit the state.
    #[error("{resource} is {state}, and this needs {needed}")]
    StateConflict {
        /// Of what.
        resource: String,
        /// Where it stands.
        state: &'static str,
        /// Where it would have to stand.
        needed: &'static str,
    },
    /// Whoever made or submitted it may not check it.
    #[error("whoever made or submitted it may not activate it: ask a second person")]
    MakerIsChecker,
    /// The program's plan is unknown to the reward service, or not in force there.
    #[error("{0} is not active in the reward service")]
    PlanNotActive(String),
    /// The reward service did not say.
    #[error("the reward service cannot be asked about {0} now: try again later")]
    PlanServiceUnavailable(String),
    /// A duty binds what would be erased.
    #[error("what is kept for {purpose} must be kept until {until}")]
    RetentionApplies {
        /// What for.
        purpose: &'static str,
        /// First instant at which it may go.
        until: Timestamp,
    },
    /// A legal hold is in the way.
    #[error("{0} keeps it: nothing that is held is erased")]
    Held(String),
    /// Nobody could say whether a legal hold is in the way.
    #[error("the log cannot be asked about legal holds now: try again later")]
    HoldsUnknown,
    /// The key is destroyed: nobody can read it any more.
    #[error("the personal data of {0} was erased")]
    Erased(String),
}

impl Refusal {
    /// The stable reason, UPPER_SNAKE.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::NotFound(_) | Self::Mistyped(_) => "NOT_FOUND",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::Invalid(_) => "FIELD_INVALID",
            Self::EtagMismatch(_) => "ETAG_MISMATCH",
            Self::StateConflict { .. } => "STATE_CONFLICT",
            Self::MakerIsChecker => "MAKER_IS_CHECKER",
            Self::PlanNotActive(_) => "PLAN_NOT_ACTIVE",
            Self::PlanServiceUnavailable(_) => "PLAN_SERVICE_UNAVAILABLE",
            Self::RetentionApplies { .. } => "RETENTION_APPLIES",
            Self::Held(_) => "HELD",
            Self::HoldsUnknown => "HOLDS_UNKNOWN",
            Self::Erased(_) => "ERASED",
        }
    }

    /// A request with one invalid field.
    pub(crate) fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, description)])
    }
}
