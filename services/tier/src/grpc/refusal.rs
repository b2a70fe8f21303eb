//! Each refusal's code and stable reason.

use crate::domain::refusal::{Fault, Refusal};
use handsel_service::status::{FIELD_INVALID, OUT_OF_RANGE, Refused, Violation, refusal, refuse};
use handsel_storage::OnceRefused;
use tonic::{Code, Status};

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(faults) if common_reason(faults) == OUT_OF_RANGE => Code::OutOfRange,
            Self::Invalid(_) | Self::FutureTime(_) => Code::InvalidArgument,
            Self::NotFound(_) | Self::NoTier => Code::NotFound,
            Self::AlreadyExists(_) => Code::AlreadyExists,
            Self::EtagMismatch => Code::Aborted,
            Self::MakerIsChecker => Code::PermissionDenied,
            Self::StateConflict(_) | Self::EvaluatedLater | Self::EvaluationUnfinished { .. } => {
                Code::FailedPrecondition
            }
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(faults) => common_reason(faults),
            Self::NotFound(_) => "NOT_FOUND",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::EtagMismatch => "ETAG_MISMATCH",
            Self::MakerIsChecker => "MAKER_IS_CHECKER",
            Self::StateConflict(_) => "STATE_CONFLICT",
            Self::FutureTime(_) => "FUTURE_TIME",
            Self::NoTier => "TIER_UNKNOWN",
            Self::EvaluatedLater => "EVALUATED_LATER",
            Self::EvaluationUnfinished { .. } => "EVALUATION_UNFINISHED",
        }
    }

    fn message(&self) -> String {
        self.to_string()
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(faults) => {
                let violation = |fault: &Fault| Violation::new(&fault.field, &fault.description).because(fault.reason);
                faults.iter().map(violation).collect()
            }
            Self::FutureTime(field) => vec![Violation::new(*field, self.to_string())],
            _ => Vec::new(),
        }
    }
}

/// The reason that all faults share; else the one that fits any.
fn common_reason(faults: &[Fault]) -> &'static str {
    match faults.split_first() {
        Some((first, others)) if others.iter().all(|other| other.reason == first.reason) => first.reason,
        _ => FIELD_INVALID,
    }
}

/// The status of a request that led to nothing.
pub(super) fn once(refused: OnceRefused<Refusal>) -> Status {
    match refused {
        OnceRefused::Refused(no) => refuse(&no),
        OnceRefused::Reused => {
            refusal(Code::AlreadyExists, "REQUEST_ID_REUSED", "this request_id was used before for other content")
        }
    }
}
