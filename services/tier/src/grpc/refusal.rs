//! Each refusal's code and stable reason.

use super::{Fault, Refusal};
use handsel_service::status::{FIELD_INVALID, Refused, Violation, refusal, refuse};
use handsel_storage::OnceRefused;
use tonic::{Code, Status};

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) | Self::FutureTime(_) => Code::InvalidArgument,
            Self::NotFound(_) | Self::NoTier(_) => Code::NotFound,
            Self::AlreadyExists(_) => Code::AlreadyExists,
            Self::EtagMismatch => Code::Aborted,
            Self::MakerIsChecker => Code::PermissionDenied,
            Self::StateConflict(_) | Self::EvaluatedLater => Code::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => FIELD_INVALID,
            Self::NotFound(_) => "NOT_FOUND",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::EtagMismatch => "ETAG_MISMATCH",
            Self::MakerIsChecker => "MAKER_IS_CHECKER",
            Self::StateConflict(_) => "STATE_CONFLICT",
            Self::FutureTime(_) => "FUTURE_TIME",
            Self::NoTier(_) => "TIER_UNKNOWN",
            Self::EvaluatedLater => "EVALUATED_LATER",
        }
    }

    fn message(&self) -> String {
        self.to_string()
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(faults) => {
                faults.iter().map(|Fault { field, description }| Violation::new(field, description)).collect()
            }
            Self::FutureTime(field) => vec![Violation::new(*field, self.to_string())],
            _ => Vec::new(),
        }
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
