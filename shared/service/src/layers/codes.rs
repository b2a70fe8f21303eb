//! The codes of gRPC as OpenTelemetry names them.

use tonic::Code;

/// By their names in the gRPC specification, in the order of their numbers.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The name of a code.
pub(super) fn name(code: Code) -> &'static str {
    usize::try_from(i32::from(code)).ok().and_then(|number| NAMES.get(number)).copied().unwrap_or("UNKNOWN")
}

/// Whether it is the server's failure rather than its caller's (OpenTelemetry's conventions for gRPC servers).
pub(super) const fn is_ours(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}
