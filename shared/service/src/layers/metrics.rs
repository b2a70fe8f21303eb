//! How long each call took and how it ended, as OpenTelemetry names it: `rpc.server.call.duration` by method and status; and its span.

use super::{
    codes, methods,
    trace::{self, Traced},
};
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use opentelemetry::{KeyValue, global, metrics::Histogram};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

#[expect(clippy::disallowed_types, reason = "seconds of a histogram, as OpenTelemetry's convention has them")]
type Seconds = Histogram<f64>;

/// Measures and traces every call.
#[derive(Clone)]
pub(crate) struct MetricsLayer(Seconds);

impl MetricsLayer {
    pub(crate) fn new() -> Self {
        // The bounds that the convention advises, with finer ones below: most calls here end within milliseconds.
        let bounds = vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        let meter = global::meter("handsel");
        Self(meter.f64_histogram("rpc.server.call.duration").with_unit("s").with_boundaries(bounds).build())
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Metered<S>;
    fn layer(&self, inner: S) -> Metered<S> {
        Metered { inner, seconds: self.0.clone() }
    }
}

/// A measured service.
#[derive(Clone)]
pub(crate) struct Metered<S> {
    inner: S,
    seconds: Seconds,
}

type CallFuture<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S, B> Service<Request<B>> for Metered<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = CallFuture<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let method = methods::of(request.uri().path());
        let mut call = Call { method: method.label, began: Instant::now(), seconds: Some(self.seconds.clone()) };
        let traced = Traced::call(method, request.headers());
        let answer = traced.begin(|| self.inner.call(request));
        let watched = async move {
            let response = answer.await?;
            // An answer that is all trailers is over now, and not well; another when its body is.
            if let Some(status) = Status::from_header_map(response.headers()) {
                trace::ended(status.code());
                call.end(status.code());
                Ok(response)
            } else {
                Ok(response.map(|inner| Body::new(Watched { inner, call })))
            }
        };
        traced.go_on(watched)
    }
}

/// A call under way. Dropped before its end, it was given up by its caller.
struct Call {
    method: &'static str,
    began: Instant,
    seconds: Option<Seconds>,
}

impl Call {
    fn end(&mut self, code: Code) {
        let Some(seconds) = self.seconds.take() else { return };
        let attributes = [
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", self.method),
            KeyValue::new("rpc.response.status_code", codes::name(code)),
        ];
        seconds.record(self.began.elapsed().as_secs_f64(), &attributes);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// A body whose trailers say how the call ended.
struct Watched {
    inner: Body,
    call: Call,
}

impl http_body::Body for Watched {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(status) = frame.trailers_ref().and_then(Status::from_header_map) {
                    self.call.end(status.code());
                }
            }
            Poll::Ready(Some(Err(status))) => self.call.end(status.code()),
            Poll::Ready(None) => self.call.end(Code::Unknown),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
