//! The trace as text, so that work put off (the outbox) goes on in the trace of what caused it.

use opentelemetry::{Context, propagation::TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use std::collections::HashMap;
use tracing::{Instrument, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The header's name (W3C Trace Context).
pub(crate) const TRACEPARENT: &str = "traceparent";

/// The present trace as a `traceparent`; `None` outside of any. A span that is entered is the present one: its layer sees to that.
#[must_use]
pub fn traceparent() -> Option<String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&Context::current(), &mut carrier);
    carrier.remove(TRACEPARENT)
}

/// Does `work` in a span called `name` that continues `traceparent`; in a trace of its own where that is none.
pub async fn under<W: Future>(traceparent: Option<&str>, name: &str, work: W) -> W::Output {
    let span = info_span!("continued", otel.name = name);
    if let Some(traceparent) = traceparent {
        let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
        let parent = TraceContextPropagator::new().extract(&carrier);
        if let Err(error) = span.set_parent(parent) {
            // Nobody listens to this span, or somebody has looked at it already: the work is done all the same.
            tracing::trace!(?error, "the trace is not continued");
        }
    }
    work.instrument(span).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt as _;

    #[tokio::test]
    async fn put_off_work_goes_on_in_the_trace_of_its_cause() {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        assert_eq!(traceparent(), None);
        let cause = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let inside = under(Some(cause), "deliver", async { traceparent() }).await.unwrap();
        assert!(inside.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{inside}");
        assert_ne!(inside, cause);
        let own = under(Some("nonsense"), "deliver", async { traceparent() }).await.unwrap();
        assert!(!own.contains("0af7651916cd43dd8448eb211c80319c"));
    }
}
