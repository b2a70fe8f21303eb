//! Refusals as the wire says them: one table of codes.

use crate::domain::refusal::{self, Refusal};
use handsel_service::status::{FIELD_INVALID, Refused, Violation, refuse};
use tonic::{Code, Status};

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) | Self::Mistyped(_) => Code::NotFound,
            Self::AlreadyExists(_) => Code::AlreadyExists,
            Self::Invalid(_) => Code::InvalidArgument,
            Self::EtagMismatch(_) => Code::Aborted,
            Self::StateConflict { .. }
            | Self::PlanNotActive(_)
            | Self::RetentionApplies { .. }
            | Self::Held(_)
            | Self::Erased(_) => Code::FailedPrecondition,
            Self::MakerIsChecker => Code::PermissionDenied,
            Self::PlanServiceUnavailable(_) | Self::HoldsUnknown => Code::Unavailable,
        }
    }

    fn reason(&self) -> &'static str {
        Self::reason(self)
    }

    fn message(&self) -> String {
        self.to_string()
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violations.iter().cloned().map(wire).collect(),
            Self::NotFound(_)
            | Self::Mistyped(_)
            | Self::AlreadyExists(_)
            | Self::EtagMismatch(_)
            | Self::StateConflict { .. }
            | Self::MakerIsChecker
            | Self::PlanNotActive(_)
            | Self::PlanServiceUnavailable(_)
            | Self::RetentionApplies { .. }
            | Self::Held(_)
            | Self::HoldsUnknown
            | Self::Erased(_) => Vec::new(),
        }
    }
}

/// The domain's violation in the words of the wire.
pub(crate) fn wire(violation: refusal::Violation) -> Violation {
    let refusal::Violation { field, description } = violation;
    Violation::new(field, description)
}

/// A request that cannot be taken as it is: every fault of it at once. A single fault keeps its own reason.
pub(crate) struct Faulty(Vec<Violation>);

impl Faulty {
    /// The status with one violation for each fault.
    pub(crate) fn status(violations: Vec<Violation>) -> Status {
        refuse(&Self(violations))
    }
}

impl Refused for Faulty {
    fn code(&self) -> Code {
        match self.0.as_slice() {
            [only] => only.code(),
            _ => Code::InvalidArgument,
        }
    }

    fn reason(&self) -> &'static str {
        match self.0.as_slice() {
            [only] => only.reason,
            _ => FIELD_INVALID,
        }
    }

    fn message(&self) -> String {
        let faults: Vec<String> = self.0.iter().map(Refused::message).collect();
        faults.join("; ")
    }

    fn violations(&self) -> Vec<Violation> {
        self.0.clone()
    }
}
