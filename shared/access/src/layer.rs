//! The one layer in front of every handler: authentication, then the rpc's rule. Generic over bodies, so it stands in a
//! tonic server and in front of an axum router alike.

use crate::{
    caller::Caller,
    denial::{Denial, Denied, TokenFault},
    rules::Rules,
    verifier::{TokenLife, Verifier},
};
use futures::future::{Either, Ready, ready};
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tonic::Status;
use tower::{Layer, Service};

/// Services that anybody may call: probes carry no tokens, and the contract is no secret.
const OPEN: [&str; 3] =
    ["/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/", "/grpc.reflection.v1alpha.ServerReflection/"];

type Observer = Arc<dyn Fn(Denied<'_>) + Send + Sync>;

/// Lets through who may call, with the [`Caller`] in the request's extensions, and turns everybody else away with a
/// `google.rpc.Status`. Each denial is one line in the log and one call of the observer, without personal data.
///
/// The order is: is the service open to anybody → who calls → does the rpc exist → role → person → branch. Who is not known
/// learns nothing of what exists.
#[derive(Clone)]
pub struct AccessLayer {
    rules: Arc<Rules>,
    verifier: Verifier,
    observer: Observer,
}

/// Who was let through.
struct Admission {
    caller: Arc<Caller>,
    /// Where the call may outlast it.
    life: Option<TokenLife>,
}

/// A service behind the [`AccessLayer`].
#[derive(Clone, Debug)]
pub struct AccessService<S> {
    inner: S,
    layer: Arc<AccessLayer>,
}

impl AccessLayer {
    /// Holds callers known to the verifier against the rules.
    #[must_use]
    pub fn new(rules: Rules, verifier: Verifier) -> Self {
        Self { rules: Arc::new(rules), verifier, observer: Arc::new(|_| {}) }
    }

    /// Also tells the observer of each denial: for counters, and for the record of denials in sum. It is called within the
    /// request and must not block.
    #[must_use]
    pub fn observed_by(self, observer: impl Fn(Denied<'_>) + Send + Sync + 'static) -> Self {
        Self { observer: Arc::new(observer), ..self }
    }

    /// The caller, where there must be one.
    fn check(&self, path: &str, headers: &HeaderMap) -> Result<Option<Admission>, Status> {
        if OPEN.iter().any(|open| path.starts_with(open)) {
            return Ok(None);
        }
        self.admit(path, headers).map(Some).map_err(|denial| {
            let rpc = if self.rules.of(path).is_some() { path } else { "unknown" };
            tracing::info!(rpc, reason = denial.reason(), detail = %denial, "call denied");
            (self.observer)(Denied { rpc, denial });
            denial.into()
        })
    }

    fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Admission, Denial> {
        let (caller, life) = self.verifier.bearer(bearer(headers)?)?;
        let rule = self.rules.of(path).ok_or(Denial::UnknownRpc)?;
        rule.admits(&caller)?;
        Ok(Admission { caller, life: rule.streams.then_some(life) })
    }
}

impl std::fmt::Debug for AccessLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessLayer").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = AccessService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessService { inner, layer: Arc::new(self.clone()) }
    }
}

impl<S, B, R> Service<Request<B>> for AccessService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<Ready<Result<Self::Response, Self::Error>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.layer.check(request.uri().path(), request.headers()) {
            Err(status) => Either::Left(ready(Ok(status.into_http()))),
            Ok(admission) => {
                // Whatever stood there before is not what the token says.
                request.extensions_mut().remove::<Arc<Caller>>();
                if let Some(Admission { caller, life }) = admission {
                    request.extensions_mut().insert(caller);
                    if let Some(life) = life {
                        request.extensions_mut().insert(life);
                    }
                }
                Either::Right(self.inner.call(request))
            }
        }
    }
}

/// The token of the one `authorization: Bearer …` header (RFC 6750, 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, TokenFault> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(TokenFault::Missing)?;
    if values.next().is_some() {
        return Err(TokenFault::NotBearer);
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(TokenFault::NotBearer)?;
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() { Ok(token) } else { Err(TokenFault::NotBearer) }
}
