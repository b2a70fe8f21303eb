//! The gRPC services of a program by their names: a call is handed over by the first half of its path, and nothing is made for that.
//! (tonic's own router is one for web pages: it takes the path apart, keeps its parts and copies the service for every call.)

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};
use tonic::{
    Code, Status,
    body::Body,
    codegen::{
        BoxFuture,
        http::{Request, Response},
    },
    server::NamedService,
};
use tower::Service;

type Answer = BoxFuture<Response<Body>, Infallible>;
type Handler = Arc<dyn Fn(Request<Body>) -> Answer + Send + Sync>;

/// gRPC services, as parts add them.
#[derive(Clone, Default)]
pub struct Routes {
    by_name: HashMap<&'static str, Handler>,
}

impl Routes {
    /// Adds a service, as tonic generates them. One of the same name takes the place of an earlier one.
    pub fn add_service<S>(&mut self, service: S) -> &mut Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answer>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
    {
        // A generated service is always ready: its handlers wait, if anything does.
        self.by_name.insert(S::NAME, Arc::new(move |request| service.clone().call(request)));
        self
    }

    /// Closed to further services, and shared by every call.
    pub(crate) fn closed(self) -> Closed {
        Closed(Arc::new(self))
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.by_name.keys()).finish()
    }
}

/// The services of a server that serves.
#[derive(Clone, Debug)]
pub(crate) struct Closed(Arc<Routes>);

impl Service<Request<Body>> for Closed {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        match service_of(request.uri().path()).and_then(|name| self.0.by_name.get(name)) {
            Some(handler) => handler(request),
            // As gRPC has it for a path that nobody serves.
            None => Box::pin(async { Ok(Status::new(Code::Unimplemented, "no service has this path").into_http()) }),
        }
    }
}

/// The service that a path names: `/handsel.reward.v1.QuoteService/QuoteReward` that of quotes.
fn service_of(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.split_once('/').map(|(service, _)| service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_health::server::health_reporter;

    #[tokio::test]
    async fn a_path_goes_to_its_service_and_any_other_nowhere() {
        let mut routes = Routes::default();
        routes.add_service(health_reporter().1);
        let mut closed = routes.closed();
        for (path, code) in [
            ("/grpc.health.v1.Health/Nothing", Code::Unimplemented),
            ("/grpc.health.v1.Health", Code::Unimplemented),
            ("/grpc.health.v1.Healthy/Check", Code::Unimplemented),
            ("//Check", Code::Unimplemented),
            ("/", Code::Unimplemented),
            // An empty body is no message.
            ("/grpc.health.v1.Health/Check", Code::Internal),
        ] {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let answer = closed.call(request).await.unwrap();
            assert_eq!(Status::from_header_map(answer.headers()).map(|status| status.code()), Some(code), "{path}");
        }
    }
}
