//! What the log refuses, as the caller reads it.

use crate::{
    domain::{admission::Refusal, decision::NotDecided, refused::Refused},
    queries::proof::ProofError,
    tlog::TreeError,
};
use handsel_outbox::inbox::{EPOCH_FENCED, SEQUENCE_GAP};
use handsel_service::status::{DOMAIN, FIELD_INVALID, OUT_OF_RANGE, Violation, fault, refusal};
use handsel_storage::OnceRefused;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// When to try again while another replica writes.
const ELSEWHERE_DELAY: Duration = Duration::from_millis(500);

/// Nothing is appended: see the findings.
const LOG_FROZEN: &str = "LOG_FROZEN";

/// The status of a call that was not taken.
pub(super) fn not_taken(refused: &Refusal) -> Status {
    let message = refused.to_string();
    match refused {
        Refusal::SourceReserved => refusal(Code::PermissionDenied, "SOURCE_RESERVED", message),
        Refusal::NotConsecutive => {
            let mut details = ErrorDetails::with_error_info(FIELD_INVALID, DOMAIN, []);
            details.add_bad_request_violation("statements", message.clone());
            Status::with_error_details(Code::InvalidArgument, message, details)
        }
        Refusal::EpochFenced { .. } => refusal(Code::FailedPrecondition, EPOCH_FENCED, message),
        Refusal::SequenceGap { expected } => {
            let expected = [("expected".to_owned(), expected.to_string())];
            let details = ErrorDetails::with_error_info(SEQUENCE_GAP, DOMAIN, expected);
            Status::with_error_details(Code::FailedPrecondition, message, details)
        }
        Refusal::StatementConflict { .. } => refusal(Code::AlreadyExists, "STATEMENT_CONFLICT", message),
        Refusal::Frozen => refusal(Code::FailedPrecondition, LOG_FROZEN, message),
        Refusal::SequencerElsewhere => {
            let mut details = ErrorDetails::with_error_info("SEQUENCER_ELSEWHERE", DOMAIN, []);
            details.set_retry_info(Some(ELSEWHERE_DELAY));
            Status::with_error_details(Code::Unavailable, message, details)
        }
    }
}

/// The status of a proof that is not to be had.
pub(super) fn not_proven(error: ProofError) -> Status {
    match error {
        ProofError::Fault(inner) => fault(inner),
        ProofError::Tree(TreeError::OutOfRange) => beyond("the log has no such index or size"),
        ProofError::Tree(error) => {
            tracing::error!(%error, "the log's tiles do not hold what its tree needs");
            refusal(Code::DataLoss, "LOG_DAMAGED", "the log does not hold what its tree needs")
        }
    }
}

/// The status of a stream over a log that was frozen by what was found.
pub(super) fn frozen() -> Status {
    refusal(Code::DataLoss, "LOG_DAMAGED", "the log is frozen by what was found: see its findings")
}

/// The status of what is not there.
pub(super) fn not_found(message: &str) -> Status {
    refusal(Code::NotFound, "NOT_FOUND", message)
}

/// The status of a stream for which there is no place.
pub(super) fn busy() -> Status {
    refusal(Code::ResourceExhausted, "BUSY", "too many streams are open; try later")
}

/// The status of a decision that is not taken.
pub(super) fn not_decided(refused: NotDecided) -> Status {
    let message = refused.to_string();
    match refused {
        NotDecided::NoSuchFinding => not_found(&message),
        NotDecided::Freezes | NotDecided::FreezesNothing | NotDecided::Settled => {
            refusal(Code::FailedPrecondition, "STATE_CONFLICT", message)
        }
        NotDecided::Frozen => not_taken(&Refusal::Frozen),
        NotDecided::Elsewhere => not_taken(&Refusal::SequencerElsewhere),
    }
}

/// The status of an officer's act that is not done.
pub(super) fn not_done(refused: &Refused) -> Status {
    let message = refused.to_string();
    match refused {
        Refused::NotFound(_) => not_found(&message),
        Refused::EtagMismatch(_) => refusal(Code::Aborted, "ETAG_MISMATCH", message),
        Refused::StateConflict(..) => refusal(Code::FailedPrecondition, "STATE_CONFLICT", message),
        Refused::MakerIsChecker(_) => refusal(Code::PermissionDenied, "MAKER_IS_CHECKER", message),
        Refused::FieldInvalid { field, description } => Violation::new(*field, *description).into(),
        Refused::AlreadyExists(_) => refusal(Code::AlreadyExists, "ALREADY_EXISTS", message),
        Refused::RetentionApplies(..) => refusal(Code::FailedPrecondition, "RETENTION_APPLIES", message),
        Refused::Held(hold) => {
            let hold = [("hold".to_owned(), format!("holds/{hold}"))];
            let details = ErrorDetails::with_error_info("HELD", DOMAIN, hold);
            Status::with_error_details(Code::FailedPrecondition, message, details)
        }
        Refused::Log(refused) => not_taken(refused),
    }
}

/// The status of a request that may be sent again and has led to nothing.
pub(super) fn not_once(refused: &OnceRefused<Refused>) -> Status {
    match refused {
        OnceRefused::Refused(refused) => not_done(refused),
        OnceRefused::Reused => {
            refusal(Code::AlreadyExists, "REQUEST_ID_REUSED", "the request id was used for other content")
        }
    }
}

/// The status of an index or size beyond the log.
pub(super) fn beyond(message: &str) -> Status {
    refusal(Code::OutOfRange, OUT_OF_RANGE, message)
}

/// The status of a cursor that is not one of this log's.
pub(super) fn cursor_mismatch(message: &str) -> Status {
    refusal(Code::FailedPrecondition, "CURSOR_MISMATCH", message)
}
