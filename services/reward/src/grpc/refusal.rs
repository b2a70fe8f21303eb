//! Refusals as gRPC statuses.

use crate::domain::{
    calculation::error::CalculationError,
    profile::Broken,
    refusal::{Fault, Refusal},
};
use handsel_money::{Class, MoneyError};
use handsel_service::status::{AMOUNT_PRECISION, FIELD_INVALID, OUT_OF_RANGE, Refused, Violation, refuse};
use handsel_storage::OnceRefused;
use tonic::{Code, Status};

impl Refused for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) | Self::UnknownInstruction(_) => Code::NotFound,
            Self::AlreadyExists(_) | Self::GrantConflict(_) | Self::ActivationConflict(_) => Code::AlreadyExists,
            Self::FieldInvalid(_) | Self::CurrencyMismatch(_) | Self::FutureTime(_) => Code::InvalidArgument,
            Self::EtagMismatch(_) => Code::Aborted,
            Self::MakerIsChecker(_) | Self::ApproverRole { .. } => Code::PermissionDenied,
            Self::StateConflict { .. }
            | Self::PlanNotActive(_)
            | Self::PlanSuspended(_)
            | Self::ProfileRuleBroken(_)
            | Self::ControlCountMismatch { .. }
            | Self::ControlSumMismatch { .. }
            | Self::MoreThanClaimed { .. }
            | Self::ChoiceClosed(_)
            | Self::OfferExpired(_)
            | Self::StartBeforeOffer(_)
            | Self::TermNotCovered(_)
            | Self::NoBaseRate(_)
            | Self::RateProductNotActive(_)
            | Self::TaxPayableExceeded { .. }
            | Self::OutcomeConflict(_)
            | Self::ResolutionVoid(_) => Code::FailedPrecondition,
            Self::OutOfRange(_) => Code::OutOfRange,
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
            Self::FieldInvalid(faults) => {
                faults.iter().map(|Fault { field, description }| Violation::new(field, description)).collect()
            }
            Self::ProfileRuleBroken(broken) => broken
                .iter()
                .map(|Broken { rule, fault }| {
                    let description = format!("{rule}: {}", fault.description);
                    Violation::new(format!("plan.{}", fault.field), description).because(rule)
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl Refused for CalculationError {
    fn code(&self) -> Code {
        match self.class() {
            Class::InvalidArgument => Code::InvalidArgument,
            Class::OutOfRange => Code::OutOfRange,
            Class::FailedPrecondition => Code::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match (self, self.class()) {
            (Self::Value(MoneyError::CurrencyMismatch { .. }), _) => "CURRENCY_MISMATCH",
            (Self::Value(MoneyError::AmountPrecision(_)), _) => AMOUNT_PRECISION,
            (Self::InterestNotCovered, _) => "INTEREST_NOT_COVERED",
            (_, Class::OutOfRange) => OUT_OF_RANGE,
            (_, Class::InvalidArgument | Class::FailedPrecondition) => FIELD_INVALID,
        }
    }

    fn message(&self) -> String {
        self.to_string()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err, and done with")]
pub(super) fn refused(refusal: Refusal) -> Status {
    refuse(&refusal)
}

/// Why a request that may be sent again has led to nothing.
pub(super) fn once_refused(refused: OnceRefused<Refusal>) -> Status {
    match refused {
        OnceRefused::Refused(refusal) => refuse(&refusal),
        OnceRefused::Reused => refuse(&RequestIdReused),
    }
}

struct RequestIdReused;

impl Refused for RequestIdReused {
    fn code(&self) -> Code {
        Code::AlreadyExists
    }
    fn reason(&self) -> &'static str {
        "REQUEST_ID_REUSED"
    }
    fn message(&self) -> String {
        "this request_id was used for other content: take a new one".into()
    }
}

/// Fields of a request that cannot be taken, all of them at once.
pub(super) struct Invalid {
    pub(super) reason: &'static str,
    pub(super) violations: Vec<Violation>,
}

impl Refused for Invalid {
    fn code(&self) -> Code {
        Code::InvalidArgument
    }
    fn reason(&self) -> &'static str {
        self.reason
    }
    fn message(&self) -> String {
        let faults: Vec<String> =
            self.violations.iter().map(|one| format!("{}: {}", one.field, one.description)).collect();
        faults.join("; ")
    }
    fn violations(&self) -> Vec<Violation> {
        self.violations.clone()
    }
}
