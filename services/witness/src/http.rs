//! The witness over HTTP/1.1 (C2SP tlog-witness): `POST /add-checkpoint`, and `GET /<origin hash>/checkpoint` for monitors.
//! Nothing else answers. Neither needs a token: what counts is what is signed.

use crate::{Answer, Refusal, Witness};
use anyhow::Result;
use bytes::Bytes;
use handsel_tlog::Hash;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// More than any request of the protocol: sixty-three hashes and a note.
const MOST_BYTES: usize = 64 * 1024;
/// A request's headers must have come by then.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Its body must have come by then.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Connections at the same moment at most.
const MOST_CONNECTIONS: usize = 256;
/// After an accept that failed, for want of file descriptors, say.
const BREATH: Duration = Duration::from_millis(100);

/// Answers until it is stopped; calls under way are finished.
///
/// # Errors
/// None today: what fails is one connection's own.
pub async fn serve(listener: TcpListener, witness: Arc<Witness>, stop: CancellationToken) -> Result<()> {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) if connections.len() < MOST_CONNECTIONS => {
                connections.spawn(converse(stream, Arc::clone(&witness), stop.clone()));
            }
            Ok(_) => tracing::warn!("too many connections; one was turned away"),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    connections.close();
    connections.wait().await;
    Ok(())
}

async fn converse(stream: TcpStream, witness: Arc<Witness>, stop: CancellationToken) {
    let answer = service_fn(move |request| {
        let witness = Arc::clone(&witness);
        async move { Ok::<_, Infallible>(respond(request, witness).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn respond(request: Request<Incoming>, witness: Arc<Witness>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    match (request.method(), path.as_str()) {
        (&Method::POST, "/add-checkpoint") => add_checkpoint(request, witness).await,
        (&Method::GET, path) => match monitored(path).and_then(|origin| witness.checkpoint(origin)) {
            Some(note) => text(StatusCode::OK, note),
            None => text(StatusCode::NOT_FOUND, "no checkpoint\n"),
        },
        _ => text(StatusCode::NOT_FOUND, "a witness: POST /add-checkpoint\n"),
    }
}

/// The origin's hash in `/<origin hash>/checkpoint`.
fn monitored(path: &str) -> Option<Hash> {
    path.strip_prefix('/')?.strip_suffix("/checkpoint")?.parse().ok()
}

async fn add_checkpoint(request: Request<Incoming>, witness: Arc<Witness>) -> Response<Full<Bytes>> {
    let body = Limited::new(request.into_body(), MOST_BYTES).collect();
    let body = match tokio::time::timeout(BODY_WITHIN, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return text(StatusCode::BAD_REQUEST, "the body is too long, or was cut\n"),
        Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the body did not come\n"),
    };
    let Ok(body) = String::from_utf8(body.into()) else { return refused(Refusal::Malformed) };
    // The disk is waited for elsewhere. Whoever goes away in the meantime has been cosigned all the same.
    match tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await {
        Ok(Ok(Answer::Cosigned(line))) => text(StatusCode::OK, line),
        Ok(Ok(Answer::Refused(refusal))) => refused(refusal),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error.into()),
    }
}

fn refused(refusal: Refusal) -> Response<Full<Bytes>> {
    let code = match refusal {
        Refusal::Malformed | Refusal::OldSizeBeyond => StatusCode::BAD_REQUEST,
        Refusal::UnknownLog => StatusCode::NOT_FOUND,
        Refusal::Unsigned => StatusCode::FORBIDDEN,
        Refusal::Inconsistent => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Elsewhere { size } => {
            let mut response = text(StatusCode::CONFLICT, format!("{size}\n"));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/x.tlog.size"));
            return response;
        }
    };
    text(code, format!("{refusal}\n"))
}

fn failed(error: &anyhow::Error) -> Response<Full<Bytes>> {
    tracing::error!(error = format!("{error:#}"), "a checkpoint could not be kept, and was not cosigned");
    text(StatusCode::INTERNAL_SERVER_ERROR, "it failed here\n")
}

fn text(code: StatusCode, body: impl Into<String>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.into())));
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
