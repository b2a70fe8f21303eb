//! Each call in the trace that its caller began (W3C Trace Context), or in one of its own.

use super::{
    codes,
    methods::{Method, Shape},
};
use crate::telemetry::TRACEPARENT;
use futures::future::BoxFuture;
use http::HeaderMap;
use opentelemetry::{
    Context,
    context::FutureExt as _,
    global,
    propagation::Extractor,
    trace::{SpanContext, TraceContextExt as _, TraceFlags, TraceState},
};
use opentelemetry_sdk::trace::{IdGenerator as _, RandomIdGenerator};
use tonic::Code;
use tracing::{Instrument as _, Span, dispatcher, field::Empty, trace_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// What a call is traced by.
#[derive(Debug)]
pub(super) enum Traced {
    /// A span that somebody collects.
    Span(Span),
    /// Its place in a trace and no more, where nobody does: log lines name it, and calls and work put off go on in it. A span takes a
    /// dozen times as long.
    Place(Context),
    /// Nothing: nobody listens at all.
    No,
}

impl Traced {
    /// A call of this method.
    pub(super) fn call(method: Method, headers: &HeaderMap) -> Self {
        let span = span(method, headers);
        if !span.is_disabled() {
            Self::Span(span)
        } else if dispatcher::has_been_set() {
            Self::Place(place(headers))
        } else {
            Self::No
        }
    }

    /// Begins the call.
    pub(super) fn begin<R>(&self, begin: impl FnOnce() -> R) -> R {
        match self {
            Self::Span(span) => span.in_scope(begin),
            Self::Place(place) => {
                let _here = place.clone().attach();
                begin()
            }
            Self::No => begin(),
        }
    }

    /// Does the rest of it.
    pub(super) fn go_on<F: Future + Send + 'static>(self, rest: F) -> BoxFuture<'static, F::Output> {
        match self {
            Self::Span(span) => Box::pin(rest.instrument(span)),
            Self::Place(place) => Box::pin(rest.with_context(place)),
            Self::No => Box::pin(rest),
        }
    }
}

/// The span of a call at a target, which must stand in the text. It says what OpenTelemetry asks for and no more.
macro_rules! span_at {
    ($target:literal, $method:expr) => {
        trace_span!(
            target: $target,
            "call",
            otel.name = $method,
            otel.kind = "server",
            otel.status_code = Empty,
            rpc.system.name = "grpc",
            rpc.method = $method,
            rpc.response.status_code = Empty,
        )
    };
}

/// The span of a call. A stream always has one: its answers come after the call, and its handler hands the span on to them.
fn span(method: Method, headers: &HeaderMap) -> Span {
    let span = match method.shape {
        Some(Shape::Unary) => span_at!("otel::tracing::unary", method.label),
        Some(Shape::Streaming) | None => span_at!("otel::tracing", method.label),
    };
    if !span.is_disabled() && headers.contains_key(TRACEPARENT) {
        let caller = global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers)));
        if let Err(error) = span.set_parent(caller) {
            // Nobody listens to this span: the call is answered all the same.
            tracing::trace!(?error, "the trace is not continued");
        }
    }
    span
}

/// A place in the caller's trace, or the first of a new one.
fn place(headers: &HeaderMap) -> Context {
    let ids = RandomIdGenerator::default();
    let caller = headers
        .contains_key(TRACEPARENT)
        .then(|| global::get_text_map_propagator(|propagator| propagator.extract(&Headers(headers))));
    let above = caller.map(|caller| caller.span().span_context().clone()).filter(SpanContext::is_valid);
    let (trace, flags, state) = match above {
        Some(above) => (above.trace_id(), above.trace_flags(), above.trace_state().clone()),
        None => (ids.new_trace_id(), TraceFlags::NOT_SAMPLED, TraceState::NONE),
    };
    let here = SpanContext::new(trace, ids.new_span_id(), flags, false, state);
    Context::current().with_remote_span_context(here)
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
