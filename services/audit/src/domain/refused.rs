//! Why an officer's act is not done. Decided before anything is written.

use super::admission;
use thiserror::Error;
use uuid::Uuid;

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    /// There is no such thing.
    #[error("{0} does not exist")]
    NotFound(String),
    /// It has changed since it was read.
    #[error("{0} has changed since it was read")]
    EtagMismatch(String),
    /// It stands where this cannot be done.
    #[error("{0} {1}")]
    StateConflict(String, &'static str),
    /// The person made what he would confirm.
    #[error("{0}: whoever proposed it does not confirm it")]
    MakerIsChecker(String),
    /// A field cannot be what it is.
    #[error("{field}: {description}")]
    FieldInvalid {
        /// Which.
        field: &'static str,
        /// Why.
        description: &'static str,
    },
    /// The name is taken by something else.
    #[error("{0} exists already, with other content")]
    AlreadyExists(String),
    /// A class of bodies must be kept longer: how long.
    #[error("bodies of class {0} must be kept: {1}")]
    RetentionApplies(String, String),
    /// A legal hold is in the way.
    #[error("holds/{0} keeps it: nothing that is held is erased")]
    Held(Uuid),
    /// The log takes nothing at the moment.
    #[error(transparent)]
    Log(#[from] admission::Refusal),
}
