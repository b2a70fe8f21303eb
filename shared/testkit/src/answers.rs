//! What an error says, in the words a test asserts on.

use tonic::Status;
use tonic_types::StatusExt;

/// The stable reason of an error (`google.rpc.ErrorInfo`); empty where it has none.
#[must_use]
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// The fields that an error finds at fault, in its order.
#[must_use]
pub fn violated_fields(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}
