//! The emptiest server that tonic makes: takes nothing, answers nothing. In a process of its own, like what is held beside it.

use crate::program;
use anstream::println;
use anyhow::{Context as _, Result};
use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::Ipv4Addr,
    process::Stdio,
    task::{self, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
};
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
    transport::{Endpoint, Server, server::TcpIncoming},
};
use tonic_prost::ProstCodec;

/// Its one method.
pub(crate) const PATH: &str = "/load.Echo/Echo";
/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves until the process is told to stop; prints its address first.
///
/// # Errors
/// It cannot listen.
pub(crate) async fn serve() -> Result<()> {
    let stopped = handsel_service::stop_on_signal()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("http://{}", listener.local_addr()?);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder().add_service(Echo).serve_with_incoming_shutdown(incoming, stopped.cancelled()).await?;
    Ok(())
}

/// This program once more, as the echo.
pub(crate) struct EchoProcess {
    child: Child,
    /// Where it listens.
    pub(crate) endpoint: Endpoint,
}

impl EchoProcess {
    /// Starts it.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--serve-echo")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("a program without output")?).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.context("the echo does not start")??;
        let endpoint = Endpoint::from_shared(line.context("the echo ended before it was ready")?)?.tcp_nodelay(true);
        Ok(Self { child, endpoint })
    }

    /// Its process.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn process(&self) -> Result<u32> {
        self.child.id().context("the echo has ended")
    }

    /// Stops it.
    ///
    /// # Errors
    /// It does not end well.
    pub(crate) async fn stop(self) -> Result<()> {
        program::stop(self.child).await
    }
}

#[derive(Clone, Copy)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "load.Echo";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async { Ok(Grpc::new(ProstCodec::<(), ()>::default()).unary(Nothing, request).await) })
    }
}

struct Nothing;

impl UnaryService<()> for Nothing {
    type Response = ();
    type Future = Ready<Result<Response<()>, Status>>;

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}
