//! A witness as the log sees it: somebody elsewhere, asked over HTTP (C2SP tlog-witness). Nothing it says is believed that it has
//! not signed.

use crate::tlog::{Cosignature, CosignerKey, Hash, NoteError, Submission, with_lines};
use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, StatusCode};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{fmt, time::Duration};
use thiserror::Error;

/// An answer takes no longer, or there is none.
const WITHIN: Duration = Duration::from_secs(5);
/// More than any answer of the protocol.
const MOST_BYTES: usize = 16 * 1024;

/// A witness to be asked.
#[derive(Clone)]
pub struct Witness {
    key: CosignerKey,
    address: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What a witness answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It cosigned.
    Cosigned(Cosignature),
    /// It has a checkpoint of this size, not of the one it was asked to go on from.
    Elsewhere(u64),
    /// It says that the checkpoint does not continue what it saw.
    Inconsistent,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum NoAnswer {
    /// It was not reached, or did not answer in time, or in no form of the protocol.
    #[error("witness {name}: {why:#}")]
    Away {
        /// Whose.
        name: String,
        /// Why.
        why: anyhow::Error,
    },
    /// It refuses this log: it does not know its key, or we have the wrong key of its.
    #[error("witness {name} refuses: {why}")]
    Refused {
        /// Whose.
        name: String,
        /// What it says.
        why: String,
    },
}

impl Witness {
    /// A witness with this key, its submission and monitoring prefix at `address`, `http://host:port/path`. Plain HTTP: what counts
    /// is signed; where the network asks for TLS, a proxy brings it.
    ///
    /// # Errors
    /// The address is none of that form.
    pub fn new(key: CosignerKey, address: &str) -> anyhow::Result<Self> {
        let address = address.trim_end_matches('/').to_owned();
        let uri: hyper::Uri = address.parse().with_context(|| format!("a witness's address: {address:?}"))?;
        let whole = uri.scheme_str() == Some("http") && uri.host().is_some();
        ensure!(whole, "a witness's address is not http://host:port: {address:?}");
        Ok(Self { key, address, client: Client::builder(TokioExecutor::new()).build_http() })
    }

    /// The key to check its cosignatures with.
    #[must_use]
    pub fn key(&self) -> &CosignerKey {
        &self.key
    }

    /// Asks it to cosign a checkpoint.
    pub(crate) async fn add_checkpoint(&self, submission: &Submission) -> Result<Answer, NoAnswer> {
        let request = Request::post(format!("{}/add-checkpoint", self.address)).body(submission.to_text().into());
        let (code, body) = self.ask(request).await?;
        match code {
            StatusCode::OK => self.cosigned(&submission.note, &body).map(Answer::Cosigned),
            StatusCode::CONFLICT => match body.trim_end().parse() {
                Ok(size) => Ok(Answer::Elsewhere(size)),
                Err(_) => Err(self.refused(code, &body)),
            },
            StatusCode::UNPROCESSABLE_ENTITY => Ok(Answer::Inconsistent),
            code => Err(self.refused(code, &body)),
        }
    }

    /// The last checkpoint of a log that it cosigned, as it shows it to everybody; none: it never did.
    pub(crate) async fn latest(&self, origin: &str) -> Result<Option<String>, NoAnswer> {
        let path = format!("{}/{}/checkpoint", self.address, Hash::of(origin.as_bytes()));
        let (code, body) = self.ask(Request::get(path).body(Full::default())).await?;
        match code {
            StatusCode::OK => Ok(Some(body)),
            StatusCode::NOT_FOUND => Ok(None),
            code => Err(self.refused(code, &body)),
        }
    }

    fn cosigned(&self, note: &str, answer: &str) -> Result<Cosignature, NoAnswer> {
        let lines: Vec<&str> = answer.lines().collect();
        let found = self.key.find(&with_lines(note, &lines));
        found.map_err(|error: NoteError| self.refused(StatusCode::OK, &format!("its cosignature: {error}")))
    }

    async fn ask(
        &self,
        request: Result<Request<Full<Bytes>>, hyper::http::Error>,
    ) -> Result<(StatusCode, String), NoAnswer> {
        let conversation = async {
            let response = self.client.request(request?).await?;
            let code = response.status();
            let body = Limited::new(response.into_body(), MOST_BYTES).collect().await;
            let body = body.map_err(anyhow::Error::from_boxed)?.to_bytes();
            Ok((code, String::from_utf8(body.into())?))
        };
        let answer = tokio::time::timeout(WITHIN, conversation).await.context("no answer in time").flatten();
        answer.map_err(|why: anyhow::Error| NoAnswer::Away { name: self.key.name().to_owned(), why })
    }

    fn refused(&self, code: StatusCode, body: &str) -> NoAnswer {
        let told: String = body.chars().take(200).collect();
        NoAnswer::Refused { name: self.key.name().to_owned(), why: format!("{code}: {}", told.trim_end()) }
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {}", self.key, self.address)
    }
}
