//! Calls to another service: one lazily connected channel, the trace carried along, a token of our own, everything bounded.

mod token;

pub use token::TokenSource;

use crate::config::PeerConfig;
use futures::{FutureExt, future::BoxFuture};
use http::{Request, Response, header::AUTHORIZATION};
use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    task::{Context, Poll},
    time::Duration,
};
use tonic::{
    Status, TimeoutExpired,
    body::Body,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};
use tonic_tracing_opentelemetry::middleware::client::{OtelGrpcLayer, OtelGrpcService};
use tower::{Layer, Service};

/// How often an idle connection is asked whether its other end still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Another service, as the `T` of its generated clients: `RewardInboxServiceClient::new(peer.clone())`. Clones share the
/// connection. It connects at the first call, and again whenever the connection is lost.
#[derive(Clone)]
pub struct Peer {
    channel: OtelGrpcService<Channel>,
    tokens: TokenSource,
    address: String,
}

/// Why a peer cannot be called at all.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The address is none, or its TLS settings do not fit.
    #[error("peer {address}: {source}")]
    Address {
        /// The address as configured.
        address: String,
        /// What is wrong.
        source: tonic::transport::Error,
    },
    /// A certificate or a key could not be read.
    #[error("peer {address}: {file}: {source}")]
    File {
        /// The address as configured.
        address: String,
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Peer {
    /// The service at `config.address`, called with the tokens of `tokens`. Nothing is connected yet.
    ///
    /// # Errors
    /// An address that is none, or files that cannot be read.
    pub fn new(config: &PeerConfig, tokens: TokenSource) -> Result<Self, PeerError> {
        let wrong = |source| PeerError::Address { address: config.address.clone(), source };
        let mut endpoint = Endpoint::from_shared(config.address.clone())
            .map_err(wrong)?
            .connect_timeout(Duration::from_millis(config.connect_timeout_millis))
            .timeout(Duration::from_millis(config.call_timeout_millis))
            .concurrency_limit(config.calls_in_flight)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_while_idle(true)
            .tcp_nodelay(true);
        if config.address.starts_with("https:") {
            endpoint = endpoint.tls_config(tls(config)?).map_err(wrong)?;
        }
        let channel = OtelGrpcLayer.layer(endpoint.connect_lazy());
        Ok(Self { channel, tokens, address: config.address.clone() })
    }

    /// The service at a plain address (`http://127.0.0.1:5001`), with the default bounds.
    ///
    /// # Errors
    /// An address that is none.
    pub fn at(address: &str, tokens: TokenSource) -> Result<Self, PeerError> {
        Self::new(&PeerConfig { address: address.to_owned(), ..PeerConfig::default() }, tokens)
    }

    /// Where it is called.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Service<Request<Body>> for Peer {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Service::<Request<Body>>::poll_ready(&mut self.channel, context).map_err(status)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.tokens.header() {
            Ok(Some(header)) => {
                request.headers_mut().insert(AUTHORIZATION, header);
            }
            Ok(None) => {}
            Err(fault) => {
                tracing::error!(
                    peer = self.address,
                    error = format!("{fault:#}"),
                    "there is no token to call a peer with"
                );
                return std::future::ready(Err(Status::unavailable("this service has no token to call its peer with")))
                    .boxed();
            }
        }
        let call = Service::call(&mut self.channel, request);
        async move { call.await.map_err(status) }.boxed()
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Peer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What the channel itself says. Its own time running out is the deadline's doing, though tonic calls it cancelled.
fn status(error: tonic::transport::Error) -> Status {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if inner.is::<TimeoutExpired>() {
            return Status::deadline_exceeded("the peer did not answer in time");
        }
        cause = inner.source();
    }
    Status::from_error(error.into())
}

fn tls(config: &PeerConfig) -> Result<ClientTlsConfig, PeerError> {
    let read = |file: &Path| {
        fs::read(file).map_err(|source| PeerError::File {
            address: config.address.clone(),
            file: file.to_owned(),
            source,
        })
    };
    let mut tls = ClientTlsConfig::new();
    if let Some(authority) = &config.authority {
        tls = tls.ca_certificate(Certificate::from_pem(read(authority)?));
    }
    if let (Some(certificate), Some(key)) = (&config.certificate, &config.key) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(tls)
}
