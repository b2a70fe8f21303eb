//! One span for each call, in the trace that its caller began (W3C Trace Context), or in one of its own.

use super::codes;
use http::HeaderMap;
use opentelemetry::{global, propagation::Extractor};
use tonic::Code;
use tracing::{Span, field::Empty, trace_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The span of a call. It says what OpenTelemetry asks for and no more: it is made for every call, whether anybody collects it or not.
pub(super) fn span(method: &'static str, headers: &HeaderMap) -> Span {
    // The target is the one that is traced and never logged.
    let span = trace_span!(
        target: "otel::tracing",
        "call",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system.name = "grpc",
        rpc.method = method,
        rpc.response.status_code = Empty,
    );
    if headers.contains_key("traceparent") {
        let caller = global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
        if let Err(error) = span.set_parent(caller) {
            // Nobody listens to this span: the call is answered all the same.
            tracing::trace!(?error, "the trace is not continued");
        }
    }
    span
}

/// How the call of the present span ended: said of one whose answer was all trailers, which is how a call fails.
pub(super) fn ended(code: Code) {
    let span = Span::current();
    span.record("rpc.response.status_code", codes::name(code));
    if codes::is_ours(code) {
        span.record("otel.status_code", "ERROR");
    }
}

/// Headers, as a propagator reads them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
