//! One gRPC server for any number of parts: bind → serve → drain.

mod drain;
mod gathered;
mod routes;
mod signal;

pub use signal::stop_on_signal;

use crate::{
    Jobs, Part,
    config::{LimitsConfig, ServerConfig, TlsConfig},
    layers::{LimitsLayer, MetricsLayer, Stage},
};
use futures::StreamExt as _;
use gathered::Gathered;
use handsel_access::AccessLayer;
use routes::Served;
use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig, server::TcpIncoming};

/// How often a silent connection is asked whether its other end still lives, and how long that may take to answer.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(10);

/// A bound port, not yet served. Binding and serving are two steps so that parts can be given each other's address, and so
/// that a port in use is found before a database is opened.
#[derive(Debug)]
pub struct Frame {
    listener: TcpListener,
    address: SocketAddr,
    server: ServerConfig,
    limits: LimitsConfig,
    tls: Option<ServerTlsConfig>,
    jobs_wanted: JobsWanted,
}

/// Whether the parts' loops run beside the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JobsWanted {
    Yes,
    No,
}

/// Why nothing is served, or no longer.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The port cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address as configured.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A certificate or a key cannot be read.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The certificates do not serve, or the server failed.
    #[error("the server cannot serve: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors cannot be reflected.
    #[error("no reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// It ended and nobody asked it to.
    #[error("the server ended by itself")]
    Ended,
}

impl Frame {
    /// Binds the port and reads the certificates.
    ///
    /// # Errors
    /// The port cannot be had, or a file not be read.
    pub async fn bind(server: &ServerConfig, limits: LimitsConfig) -> Result<Self, FrameError> {
        let tls = server.tls.as_ref().map(tls).transpose()?;
        let failed = |source| FrameError::Bind { address: server.listen, source };
        let listener = TcpListener::bind(server.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, server: server.clone(), limits, tls, jobs_wanted: JobsWanted::Yes })
    }

    /// The address that is bound: with port 0 asked for, the one that was free.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leaves the parts' loops to somebody else: a test that runs them by hand.
    #[must_use]
    pub fn without_jobs(self) -> Self {
        Self { jobs_wanted: JobsWanted::No, ..self }
    }

    /// Serves until `stop` is cancelled, then drains: health says NOT_SERVING, the port closes, running calls end, jobs stop,
    /// the parts finish what they have accepted. Each step has a bound ([`ServerConfig`]). Flushing telemetry is left to the
    /// program, which may have more to say.
    ///
    /// # Errors
    /// The server could not start, or failed.
    pub async fn serve(
        self,
        parts: Vec<Arc<dyn Part>>,
        access: AccessLayer,
        stop: CancellationToken,
    ) -> Result<(), FrameError> {
        let stage = Stage::default();
        let Served { routes, health } = routes::of(&parts).await?;
        let mut builder = Server::builder()
            .http2_keepalive_interval(Some(KEEP_ALIVE))
            .http2_keepalive_timeout(Some(KEEP_ALIVE_ANSWER))
            .max_concurrent_streams(Some(self.limits.streams_per_connection));
        if let Some(tls) = self.tls {
            builder = builder.tls_config(tls)?;
        }
        let incoming = TcpIncoming::from(self.listener).with_nodelay(Some(true));
        let server = builder
            .layer(MetricsLayer::new())
            .layer(access)
            .layer(LimitsLayer::new(&self.limits, stage.clone()))
            .serve_with_incoming_shutdown(
                routes,
                incoming.map(|accepted| accepted.map(Gathered::new)),
                stage.draining.clone().cancelled_owned(),
            );
        let mut server = tokio::spawn(server);
        let loops = match self.jobs_wanted {
            JobsWanted::Yes => parts.iter().flat_map(|part| part.jobs()).collect(),
            JobsWanted::No => Vec::new(),
        };
        let jobs = Jobs::start(loops);
        tracing::info!(address = %self.address, parts = names(&parts), "serving");

        tokio::select! {
            () = stop.cancelled() => {}
            ended = &mut server => {
                stage.cut.cancel();
                drain::finish(&self.server, jobs, &parts).await;
                return Err(ended.map_or(FrameError::Ended, |outcome| outcome.map_or_else(FrameError::from, |()| FrameError::Ended)));
            }
        }
        tracing::info!("draining");
        drain::calls(&self.server, health, &stage, server).await;
        drain::finish(&self.server, jobs, &parts).await;
        tracing::info!("drained");
        Ok(())
    }
}

fn names(parts: &[Arc<dyn Part>]) -> String {
    parts.iter().map(|part| part.name()).collect::<Vec<_>>().join(", ")
}

fn tls(config: &TlsConfig) -> Result<ServerTlsConfig, FrameError> {
    let read = |file: &Path| fs::read(file).map_err(|source| FrameError::File { file: file.to_owned(), source });
    let tls = ServerTlsConfig::new().identity(Identity::from_pem(read(&config.certificate)?, read(&config.key)?));
    Ok(match &config.client_authority {
        Some(authority) => tls.client_ca_root(Certificate::from_pem(read(authority)?)),
        None => tls,
    })
}
