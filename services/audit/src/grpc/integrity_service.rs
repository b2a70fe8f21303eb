//! `IntegrityService`: rounds on demand, findings, and what people decide about them.

use super::{messages, refused};
use crate::{
    domain::{decision::Verdict, round::Round},
    log::Log,
    queries::{finding, scrub},
};
use handsel_access::Caller;
use handsel_proto::handsel::audit::v1::{self as proto, integrity_service_server::IntegrityService};
use handsel_service::{
    page,
    status::{Violation, fault},
};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

/// Leaves between two messages of a round on demand.
const PORTION: u64 = 1_024;
/// Messages that wait for a slow reader.
const WAITING: usize = 1;

type Progress = mpsc::Sender<Result<proto::VerifyNowResponse, Status>>;

/// Serves `IntegrityService`.
pub(crate) struct IntegrityApi {
    log: Arc<Log>,
}

impl IntegrityApi {
    pub(crate) fn new(log: Arc<Log>) -> Self {
        Self { log }
    }

    async fn decide(
        &self,
        caller: Caller,
        name: &str,
        verdict: Verdict,
        comment: String,
    ) -> Result<Response<proto::Finding>, Status> {
        let number = name.strip_prefix("findings/").and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| Violation::new("name", "not findings/{number}"))?;
        let person = caller.person.clone().ok_or_else(|| Status::internal("a decision without a person"))?;
        let actor = messages::actor(&caller);
        let decided = self.log.decide(number, verdict, (person, comment), actor).await.map_err(fault)?;
        Ok(Response::new(messages::finding(decided.map_err(refused::not_decided)?)))
    }
}

#[tonic::async_trait]
impl IntegrityService for IntegrityApi {
    type VerifyNowStream = ReceiverStream<Result<proto::VerifyNowResponse, Status>>;

    async fn verify_now(
        &self,
        request: Request<proto::VerifyNowRequest>,
    ) -> Result<Response<Self::VerifyNowStream>, Status> {
        let proto::VerifyNowRequest {} = request.into_inner();
        let permit = Arc::clone(&self.log.streams).try_acquire_owned().map_err(|_| refused::busy())?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let log = Arc::clone(&self.log);
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(status) = verify(&log, &sender).await {
                // Whoever has gone does not hear it.
                let _ = sender.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn list_findings(
        &self,
        request: Request<proto::ListFindingsRequest>,
    ) -> Result<Response<proto::ListFindingsResponse>, Status> {
        let proto::ListFindingsRequest { open_only, page_size, page_token } = request.into_inner();
        let filters = proto::ListFindingsRequest { open_only, ..proto::ListFindingsRequest::default() };
        let below: Option<i64> = page::cursor(&filters, &page_token)?;
        let size = page::size(page_size);
        let most = i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1);
        let page = finding::page(&self.log.db, below.unwrap_or(i64::MAX), open_only, most).await;
        let (mut findings, frozen) = page.map_err(fault)?;
        let more = findings.len() > size;
        findings.truncate(size);
        let last = findings.last().map(|last| last.number);
        let next_page_token = match last {
            Some(last) if more => page::token(&filters, &last)?,
            _ => String::new(),
        };
        let findings = findings.into_iter().map(messages::finding).collect();
        Ok(Response::new(proto::ListFindingsResponse { findings, next_page_token, frozen }))
    }

    async fn acknowledge_finding(
        &self,
        request: Request<proto::AcknowledgeFindingRequest>,
    ) -> Result<Response<proto::Finding>, Status> {
        let caller = Caller::of(&request)?.clone();
        let proto::AcknowledgeFindingRequest { name, comment } = request.into_inner();
        self.decide(caller, &name, Verdict::Acknowledge, comment).await
    }

    async fn resume(&self, request: Request<proto::ResumeRequest>) -> Result<Response<proto::Finding>, Status> {
        let caller = Caller::of(&request)?.clone();
        let proto::ResumeRequest { name, comment } = request.into_inner();
        self.decide(caller, &name, Verdict::Resume, comment).await
    }
}

/// A round of its own, from the first record to the end, as fast as its reader reads.
async fn verify(log: &Log, to: &Progress) -> Result<(), Status> {
    let (mut round, keys) = (Round::default(), log.keys());
    loop {
        let read = scrub::portion(&log.db, &mut round, PORTION, (&keys, log.pseudonyms())).await.map_err(fault)?;
        let numbers = log.report(read.found).await.map_err(fault)?;
        let findings = finding::of_numbers(&log.db, &numbers).await.map_err(fault)?;
        let message = proto::VerifyNowResponse {
            checked: round.size().cast_signed(),
            tree_size: read.size.cast_signed(),
            findings: findings.into_iter().map(messages::finding).collect(),
        };
        if to.send(Ok(message)).await.is_err() {
            return Ok(());
        }
        if read.over {
            return if log.is_frozen() { Err(refused::frozen()) } else { Ok(()) };
        }
    }
}
