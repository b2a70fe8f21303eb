//! How a log line looks: for people, or one JSON object a line. Either names the trace it belongs to.

use opentelemetry::{Context, trace::TraceContextExt};
use serde_json::{Map, Value, json};
use std::fmt;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

/// For whom a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Human,
    Json,
}

/// Writes lines.
pub(super) struct Line(pub(super) Look);

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let trace = current_trace();
        match self.0 {
            Look::Human => human(&mut writer, event, &fields, trace.as_deref()),
            Look::Json => writeln!(writer, "{}", machine(event, fields, trace)?),
        }
    }
}

/// `2026-11-21T20:00:00.000000Z  INFO handsel_service::frame: serving address=127.0.0.1:7000 trace_id=…`
fn human(writer: &mut Writer<'_>, event: &Event<'_>, fields: &Fields, trace: Option<&str>) -> fmt::Result {
    let level = event.metadata().level();
    SystemTime.format_time(writer)?;
    if writer.has_ansi_escapes() {
        write!(writer, " \x1b[{}m{level:>5}\x1b[0m", colour(*level))?;
    } else {
        write!(writer, " {level:>5}")?;
    }
    write!(writer, " {}: {}", event.metadata().target(), fields.message)?;
    for (name, value) in &fields.others {
        match value {
            Value::String(text) => write!(writer, " {name}={text}")?,
            other => write!(writer, " {name}={other}")?,
        }
    }
    if let Some(trace) = trace {
        write!(writer, " trace_id={trace}")?;
    }
    writeln!(writer)
}

fn colour(level: Level) -> u8 {
    match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        Level::TRACE => 35,
    }
}

fn machine(event: &Event<'_>, fields: Fields, trace: Option<String>) -> Result<Value, fmt::Error> {
    let mut time = String::new();
    SystemTime.format_time(&mut Writer::new(&mut time))?;
    let mut line = Map::new();
    line.insert("time".into(), json!(time));
    line.insert("level".into(), json!(event.metadata().level().as_str()));
    line.insert("target".into(), json!(event.metadata().target()));
    line.insert("message".into(), json!(fields.message));
    if let Some(trace) = trace {
        line.insert("trace_id".into(), json!(trace));
    }
    if !fields.others.is_empty() {
        line.insert("fields".into(), Value::Object(fields.others));
    }
    Ok(Value::Object(line))
}

/// The trace of the span that is entered: its layer makes the two contexts one.
fn current_trace() -> Option<String> {
    let context = Context::current();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| span.trace_id().to_string())
}

/// What an event says.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => {
                self.others.insert(name.to_owned(), value);
            }
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Value::String(format!("{value:?}")));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::String(value.to_owned()));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use std::{
        io,
        sync::{Arc, Mutex},
    };
    use tracing_subscriber::{Layer, layer::SubscriberExt as _};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(look: Look) -> String {
        let page = Page::default();
        let writer = page.clone();
        let provider = SdkTracerProvider::builder().build();
        let subscriber = tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
            .with(
                tracing_subscriber::fmt::layer()
                    .event_format(Line(look))
                    .with_ansi(false)
                    .with_writer(move || writer.clone())
                    .boxed(),
            );
        tracing::subscriber::with_default(subscriber, || {
            let _span = tracing::info_span!("outer").entered();
            tracing::warn!(count = 3_u64, name = "a \"b\"", "it is late");
        });
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_machines_line_is_one_json_object_with_its_trace() {
        let line: Value = serde_json::from_str(&written(Look::Json)).unwrap();
        assert_eq!((&line["level"], &line["message"]), (&json!("WARN"), &json!("it is late")));
        assert_eq!(line["fields"], json!({"count": 3, "name": "a \"b\""}));
        assert_eq!(line["trace_id"].as_str().unwrap().len(), 32);
    }

    #[test]
    fn a_persons_line_says_the_same() {
        let line = written(Look::Human);
        assert!(
            line.contains(" WARN handsel_service::telemetry::line::tests: it is late count=3 name=a \"b\" trace_id="),
            "{line}"
        );
    }
}
