//! How a service says no: `google.rpc.Status` with a stable reason, the fields at fault, and never its inside.
//!
//! A refusal is a decision and is not logged; a fault is ours and is logged here, once.

use handsel_storage::Fault;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The domain of every reason, as `google.rpc.ErrorInfo` wants one.
pub const DOMAIN: &str = "handsel";
/// A field holds something it may not. The violations say which, and what.
pub const FIELD_INVALID: &str = "FIELD_INVALID";
/// An amount is finer than its currency's minor unit.
pub const AMOUNT_PRECISION: &str = "AMOUNT_PRECISION";
/// A number is beyond what this system holds (63 bits of minor units).
pub const OUT_OF_RANGE: &str = "OUT_OF_RANGE";

/// One field of a request, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path in the request, e.g. `condition.minimum_deposit`.
    pub field: String,
    /// What is wrong, for the person who made the request.
    pub description: String,
    /// The reason by which programs tell it: [`FIELD_INVALID`] unless there is a nearer one.
    pub reason: &'static str,
}

impl Violation {
    /// A violation with reason [`FIELD_INVALID`].
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into(), reason: FIELD_INVALID }
    }

    /// The same with a nearer reason.
    #[must_use]
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }
}

/// A decision not to do what was asked.
pub trait Refused {
    /// The gRPC code: what kind of no it is, and whether to try again.
    fn code(&self) -> Code;
    /// Which no it is: UPPER_SNAKE, never changed, listed in `proto/README.md`.
    fn reason(&self) -> &'static str;
    /// A sentence for the person who asked. No personal data.
    fn message(&self) -> String;
    /// The fields at fault, where fields are.
    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }
}

impl Refused for Violation {
    fn code(&self) -> Code {
        if self.reason == OUT_OF_RANGE { Code::OutOfRange } else { Code::InvalidArgument }
    }
    fn reason(&self) -> &'static str {
        self.reason
    }
    fn message(&self) -> String {
        format!("{}: {}", self.field, self.description)
    }
    fn violations(&self) -> Vec<Violation> {
        vec![self.clone()]
    }
}

impl From<Violation> for Status {
    fn from(violation: Violation) -> Self {
        refuse(&violation)
    }
}

/// The status of a refusal.
pub fn refuse<R: Refused + ?Sized>(refusal: &R) -> Status {
    let mut details = ErrorDetails::with_error_info(refusal.reason(), DOMAIN, []);
    for Violation { field, description, reason: _ } in refusal.violations() {
        details.add_bad_request_violation(field, description);
    }
    Status::with_error_details(refusal.code(), refusal.message(), details)
}

/// The status of a code, a reason and a sentence.
pub fn refusal(code: Code, reason: &str, message: impl Into<String>) -> Status {
    Status::with_error_details(code, message, ErrorDetails::with_error_info(reason, DOMAIN, []))
}

/// The status of a fault: what the caller can do about it, and nothing of its inside. What only we can mend is logged.
#[expect(clippy::needless_pass_by_value, reason = "handed to map_err, and done with")]
pub fn fault(fault: Fault) -> Status {
    match fault {
        Fault::Contention => {
            let message = "others changed the same records; send it again with the same request_id";
            again(Code::Aborted, "CONTENTION", message, Duration::from_millis(100))
        }
        Fault::Busy => {
            let message = "too much work is waiting; send it again later";
            again(Code::ResourceExhausted, "BUSY", message, Duration::from_millis(500))
        }
        Fault::Expired => {
            refusal(Code::DeadlineExceeded, "EXPIRED", "its deadline passed before it began; nothing was done")
        }
        Fault::Unknown => {
            tracing::warn!("a connection was lost at commit: the outcome is unknown");
            let message = "whether it was done is not known; send it again with the same request_id";
            refusal(Code::Unknown, "OUTCOME_UNKNOWN", message)
        }
        Fault::Invalid(_) | Fault::Panicked | Fault::Storage(_) => {
            tracing::error!(error = %fault, "a call failed inside");
            refusal(Code::Internal, "INTERNAL", "it failed inside; nothing was done")
        }
    }
}

fn again(code: Code, reason: &str, message: &str, delay: Duration) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, []);
    details.set_retry_info(Some(delay));
    Status::with_error_details(code, message, details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_carries_its_reason_and_its_fields() {
        let status = refuse(&Violation::new("amount", "finer than a cent").because(AMOUNT_PRECISION));
        assert_eq!(status.code(), Code::InvalidArgument);
        let info = status.get_details_error_info().unwrap();
        assert_eq!((info.reason.as_str(), info.domain.as_str()), (AMOUNT_PRECISION, DOMAIN));
        let fields = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!((fields[0].field.as_str(), fields[0].description.as_str()), ("amount", "finer than a cent"));
    }

    #[test]
    fn each_fault_says_what_to_do_and_keeps_its_inside() {
        let table = [
            (Fault::Contention, Code::Aborted, "CONTENTION"),
            (Fault::Busy, Code::ResourceExhausted, "BUSY"),
            (Fault::Expired, Code::DeadlineExceeded, "EXPIRED"),
            (Fault::Unknown, Code::Unknown, "OUTCOME_UNKNOWN"),
            (Fault::Invalid("the secret inside".into()), Code::Internal, "INTERNAL"),
            (Fault::Panicked, Code::Internal, "INTERNAL"),
        ];
        for (given, code, reason) in table {
            let status = fault(given);
            assert_eq!((status.code(), status.get_details_error_info().unwrap().reason.as_str()), (code, reason));
            assert!(!status.message().contains("secret"));
        }
    }
}
