//! Logs, traces and metrics of one program, and the thread that ties the work of several together (W3C trace context).

mod context;
mod line;

pub(crate) use context::TRACEPARENT;
pub use context::{traceparent, under};

use crate::config::{LogConfig, LogFormat, TelemetryConfig};
use line::{Line, Look};
use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::SdkMeterProvider,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use std::io::IsTerminal;
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt as _, dynamic_filter_fn},
    layer::{Filter, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

/// What is never logged below a warning: the machinery that carries the log itself, and everybody's SQL.
const QUIET: &str = "h2=warn,hyper=warn,hyper_util=warn,tonic=warn,tower=warn,sqlx=warn,opentelemetry=warn,opentelemetry_sdk=warn,\
                     otel::tracing=off";
/// What is traced: the exporter's own calls are not, or it would trace itself.
const TRACED: &str = "info,h2=off,hyper=off,hyper_util=off,tonic=off,tower=off,opentelemetry=off,opentelemetry_sdk=off,\
                      otel::tracing=trace";
/// Where nobody collects traces, a unary call needs no span: its place in its trace is kept without one.
const NOT_COLLECTED: &str = ",otel::tracing::unary=off";

/// The telemetry of a program, from its start to its last word.
#[derive(Debug)]
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: Option<SdkMeterProvider>,
}

impl Telemetry {
    /// Begins to log on standard error, and to export traces and metrics where an endpoint is configured. Without one, trace
    /// ids are made and passed on all the same, so that log lines of several services can be put together. To be called
    /// once, inside the runtime.
    ///
    /// # Errors
    /// A filter or an endpoint that is none, or a subscriber that is there already.
    pub fn start(program: &'static str, telemetry: &TelemetryConfig, log: &LogConfig) -> anyhow::Result<Self> {
        let resource = Resource::builder().with_service_name(program).build();
        let mut traces = SdkTracerProvider::builder().with_resource(resource.clone());
        let (mut metrics, mut traced) = (None, TRACED.to_owned());
        if let Some(endpoint) = &telemetry.endpoint {
            let spans = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
            traces = traces.with_batch_exporter(spans);
            let numbers = MetricExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
            let provider = SdkMeterProvider::builder().with_periodic_exporter(numbers).with_resource(resource).build();
            global::set_meter_provider(provider.clone());
            metrics = Some(provider);
        } else {
            traced += NOT_COLLECTED;
            traces = traces.with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff)));
        }
        let traces = traces.build();
        global::set_text_map_propagator(TraceContextPropagator::new());
        let spans = tracing_opentelemetry::layer()
            .with_tracer(traces.tracer(program))
            .with_location(false)
            .with_threads(false)
            .with_filter(asked_each_time(EnvFilter::try_new(traced)?));
        let lines = tracing_subscriber::fmt::layer()
            .event_format(Line(look(log.format)))
            .with_writer(std::io::stderr)
            .with_filter(asked_each_time(EnvFilter::try_new(format!("{QUIET},{}", log.filter))?));
        tracing_subscriber::registry().with(spans).with(lines).try_init()?;
        Ok(Self { traces, metrics })
    }

    /// Sends what has not been sent.
    pub async fn stop(self) {
        let Self { traces, metrics } = self;
        // The exporters block while they wait for the runtime: not on one of its own threads.
        let flushed = tokio::task::spawn_blocking(move || {
            let traces = traces.shutdown();
            metrics.map_or(Ok(()), |metrics| metrics.shutdown()).and(traces)
        });
        match flushed.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last traces and metrics may not have been sent"),
            Err(error) => tracing::warn!(%error, "the last traces and metrics were not sent"),
        }
    }
}

/// The filter, asked about every event and every span when it comes. One that says once for all "always" is not asked again, and
/// then whatever was asked before on the same thread answers in its place (tokio-rs/tracing#2519): after each SQL statement,
/// whose log sqlx asks about and does not write, the next line was lost.
fn asked_each_time<S: Subscriber>(filter: EnvFilter) -> impl Filter<S> + Send + Sync + 'static {
    filter.and(dynamic_filter_fn(|_, _| true))
}

fn look(format: LogFormat) -> Look {
    match format {
        LogFormat::Json => Look::Json,
        LogFormat::Human => Look::Human,
        LogFormat::Auto if std::io::stderr().is_terminal() => Look::Human,
        LogFormat::Auto => Look::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tracing::{Event, Level};
    use tracing_subscriber::{layer::Context, registry};

    /// Counts the events that reach it.
    #[derive(Clone, Default)]
    struct Counter(Arc<Mutex<u32>>);

    impl<S: Subscriber> Layer<S> for Counter {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            *self.0.lock().unwrap() += 1;
        }
    }

    #[test]
    fn no_line_is_lost_after_somebody_asked_for_another() {
        let counter = Counter::default();
        let more = asked_each_time(EnvFilter::try_new("info,library=debug").unwrap());
        let less = asked_each_time(EnvFilter::try_new("info").unwrap());
        let subscriber = registry().with(Counter::default().with_filter(more)).with(counter.clone().with_filter(less));
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..3 {
                // As sqlx asks after each statement: one layer would write it, the other would not; and then nobody does.
                assert!(tracing::enabled!(target: "library", Level::DEBUG));
                tracing::info!("a line");
            }
        });
        assert_eq!(*counter.0.lock().unwrap(), 3);
    }
}
