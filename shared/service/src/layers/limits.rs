//! Limits on everything: calls under way, the time of each, the size of its messages; and what handlers may ask about both.

use super::{
    methods::{self, Shape},
    size::Bounded,
    streamed::Streamed,
};
use crate::{config::LimitsConfig, status::refusal};
use handsel_access::{Denial, TokenFault, TokenLife};
use http::{Extensions, HeaderMap, Request, Response};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

/// The most that is kept back of a caller's patience for the answer's way to him.
const LONGEST_WAY: Duration = Duration::from_millis(50);

/// When a call's answer is of no use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// The deadline of a request: what its caller waits, at most what the server allows a unary call. A stream has one only if
    /// its caller set it.
    pub fn of<T>(request: &tonic::Request<T>) -> Option<Instant> {
        request.extensions().get::<Self>().map(|deadline| deadline.0)
    }
}

/// Whether the program is about to end. A stream without an end of its own ends when this is cancelled.
#[derive(Debug, Clone)]
pub struct Draining(Arc<Limits>);

impl Draining {
    /// The token that is cancelled when the port closes; one that never is, outside a frame.
    pub fn of<T>(request: &tonic::Request<T>) -> CancellationToken {
        request.extensions().get::<Self>().map(|draining| draining.0.stage.draining.clone()).unwrap_or_default()
    }
}

/// How far the end of the program has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stage {
    /// The port has closed.
    pub(crate) draining: CancellationToken,
    /// The time for running calls is over.
    pub(crate) cut: CancellationToken,
}

/// Bounds every call but probes and reflection, which stay possible under any load.
#[derive(Clone)]
pub(crate) struct LimitsLayer(Arc<Limits>);

/// What is shared by all calls: one count of references, which every core writes to, and no lock (a clone of a token takes one).
#[derive(Debug)]
struct Limits {
    free: Semaphore,
    longest: Duration,
    largest_message: u32,
    stage: Stage,
}

/// A place among the calls under way, given back when it is dropped.
struct Place(Arc<Limits>);

impl Place {
    fn among(limits: &Arc<Limits>) -> Option<Self> {
        limits.free.try_acquire().ok()?.forget();
        Some(Self(Arc::clone(limits)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.free.add_permits(1);
    }
}

impl LimitsLayer {
    pub(crate) fn new(limits: &LimitsConfig, stage: Stage) -> Self {
        Self(Arc::new(Limits {
            free: Semaphore::new(limits.calls.min(Semaphore::MAX_PERMITS)),
            longest: Duration::from_millis(limits.call_timeout_millis),
            largest_message: limits.message_bytes,
            stage,
        }))
    }
}

impl Limits {
    /// When the call at `path` must have its answer.
    fn deadline(&self, path: &str, headers: &HeaderMap) -> Option<Instant> {
        let asked = headers.get("grpc-timeout").and_then(|value| patience(value.to_str().ok()?)).map(on_the_way);
        let allowed = match methods::shape(path) {
            Some(Shape::Unary) => Some(self.longest),
            Some(Shape::Streaming) | None => None,
        };
        let patience = asked.into_iter().chain(allowed).min()?;
        Instant::now().checked_add(patience)
    }
}

impl<S> Layer<S> for LimitsLayer {
    type Service = Limited<S>;
    fn layer(&self, inner: S) -> Limited<S> {
        Limited { inner, limits: Arc::clone(&self.0) }
    }
}

/// A service within limits.
#[derive(Clone)]
pub(crate) struct Limited<S> {
    inner: S,
    limits: Arc<Limits>,
}

impl<S> Service<Request<Body>> for Limited<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if request.uri().path().starts_with("/grpc.") {
            return Box::pin(self.inner.call(request));
        }
        let Some(place) = Place::among(&self.limits) else {
            return Box::pin(async { Ok(overloaded().into_http()) });
        };
        let deadline = self.limits.deadline(request.uri().path(), request.headers());
        let token_ends = token_ends(request.extensions());
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(Deadline(deadline));
        }
        request.extensions_mut().insert(Draining(Arc::clone(&self.limits)));
        let largest = self.limits.largest_message;
        let answer = self.inner.call(request.map(|body| Body::new(Bounded::new(body, largest))));
        Box::pin(async move {
            let cut = &place.0.stage.cut;
            tokio::select! {
                biased;
                answer = answer => match token_ends {
                    Some(ends) => answer.map(|response| until(response, ends, cut.clone())),
                    None => answer,
                },
                () = passed(deadline) => Ok(too_late().into_http()),
                () = passed(token_ends) => Ok(token_over().into_http()),
                () = cut.cancelled() => Ok(going_down().into_http()),
            }
        })
    }
}

/// When the token of a stream's caller ends. Only streams have it in their extensions: a unary call is shorter than its leeway.
fn token_ends(extensions: &Extensions) -> Option<Instant> {
    let TokenLife(life) = extensions.get::<TokenLife>()?;
    Instant::now().checked_add(*life)
}

/// A streamed answer, until its caller's token ends or the program.
fn until(response: Response<Body>, token_ends: Instant, cut: CancellationToken) -> Response<Body> {
    let end = async move {
        tokio::select! {
            biased;
            () = sleep_until(token_ends) => token_over(),
            () = cut.cancelled() => going_down(),
        }
    };
    response.map(|body| Body::new(Streamed::new(body, Box::pin(end))))
}

/// An answer takes time to travel: it has to leave a little before its caller looks away.
fn on_the_way(patience: Duration) -> Duration {
    patience.saturating_sub((patience / 10).min(LONGEST_WAY))
}

async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn overloaded() -> Status {
    refusal(Code::ResourceExhausted, "OVERLOADED", "too many calls are under way; send it again later")
}

fn too_late() -> Status {
    let message = "its deadline passed; what it asked for may still be done: send it again with the same request_id";
    refusal(Code::DeadlineExceeded, "DEADLINE_PASSED", message)
}

fn token_over() -> Status {
    Denial::Token(TokenFault::Expired).into()
}

fn going_down() -> Status {
    let message = "this server is going down; send it again with the same request_id";
    refusal(Code::Unavailable, "GOING_DOWN", message)
}

/// Reads a `grpc-timeout`: at most eight digits and a unit. What is none is not there.
fn patience(text: &str) -> Option<Duration> {
    let (unit_at, unit) = text.char_indices().next_back()?;
    let digits = &text[..unit_at];
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        'H' => Some(Duration::from_secs(amount * 3600)),
        'M' => Some(Duration::from_secs(amount * 60)),
        'S' => Some(Duration::from_secs(amount)),
        'm' => Some(Duration::from_millis(amount)),
        'u' => Some(Duration::from_micros(amount)),
        'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use tonic_types::StatusExt as _;
    use tower::{ServiceExt as _, service_fn};

    #[test]
    fn timeouts_are_read_as_the_protocol_writes_them() {
        let table = [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("3S", Some(Duration::from_secs(3))),
            ("4m", Some(Duration::from_millis(4))),
            ("5u", Some(Duration::from_micros(5))),
            ("99999999n", Some(Duration::from_nanos(99_999_999))),
            ("123456789S", None),
            ("S", None),
            ("", None),
            ("-1S", None),
            ("1s", None),
            ("1é", None),
        ];
        for (text, expected) in table {
            assert_eq!(patience(text), expected, "{text}");
        }
    }

    const UNARY: &str = "/handsel.reward.v1.RewardService/GetReward";

    /// With a unary call a second long at most.
    fn limits() -> LimitsLayer {
        LimitsLayer::new(&LimitsConfig { call_timeout_millis: 1000, ..LimitsConfig::default() }, Stage::default())
    }

    fn headers(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static("grpc-timeout"), text.parse().unwrap())])
    }

    /// By the test's clock: the answer leaves a little before its caller looks away, and nobody's load shifts that.
    #[tokio::test(start_paused = true)]
    async fn no_unary_call_outlasts_its_caller_or_the_servers_limit() {
        let endless = service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Infallible>>());
        let calls = [
            (HeaderMap::new(), 1000),
            (headers("10S"), 1000),
            (headers("1050m"), 1000),
            (headers("500m"), 450),
            (headers("100m"), 90),
        ];
        for (headers, answered_millis) in calls {
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = UNARY.parse().unwrap();
            *request.headers_mut() = headers.clone();
            let began = Instant::now();
            let answer = limits().layer(endless).oneshot(request).await.unwrap();
            let waited_millis = began.elapsed().as_millis();
            // Timers go by whole milliseconds, and never too early.
            assert!((answered_millis..=answered_millis + 1).contains(&waited_millis), "{headers:?}: {waited_millis}");
            let status = Status::from_header_map(answer.headers()).unwrap();
            assert_eq!(status.code(), Code::DeadlineExceeded, "{headers:?}");
            assert_eq!(status.get_details_error_info().unwrap().reason, "DEADLINE_PASSED", "{headers:?}");
        }
    }

    #[test]
    fn a_unary_call_is_capped_and_a_stream_is_its_callers() {
        let limits = limits();
        let left = |path: &str, headers: HeaderMap| {
            limits.0.deadline(path, &headers).map(|deadline| (deadline - Instant::now()).as_millis())
        };
        let (unary, stream) = (UNARY, "/handsel.referral.v1.FactService/IngestFacts");
        assert!(left(unary, HeaderMap::new()).unwrap() <= 1000);
        assert!(left(unary, headers("10S")).unwrap() <= 1000);
        assert!(left(unary, headers("100m")).unwrap() <= 100);
        assert_eq!(left(stream, HeaderMap::new()), None);
        assert!(left(stream, headers("10S")).unwrap() > 1000);
    }
}
