//! `AuditIngestService`: what the services hand in.

use super::{messages, refused};
use crate::{
    commands::present,
    domain::{
        admission::{Call, Presented, Refusal},
        violation::{Kind, Violation},
    },
    log::Log,
    queries::source::Known,
};
use handsel_proto::handsel::{
    audit::v1::{AppendRequest, AppendResponse, SealedStatement, audit_ingest_service_server::AuditIngestService},
    relay::v1::{GreetRequest, GreetResponse},
};
use handsel_service::status::{self, fault};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Serves `AuditIngestService`.
pub(crate) struct IngestApi {
    log: Arc<Log>,
}

impl IngestApi {
    pub(crate) fn new(log: Arc<Log>) -> Self {
        Self { log }
    }
}

#[tonic::async_trait]
impl AuditIngestService for IngestApi {
    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        let GreetRequest { source, .. } = request.into_inner();
        let known = self.log.db.transact(&Known { source }).await.map_err(fault)?;
        Ok(Response::new(messages::known(known)))
    }

    async fn append(&self, request: Request<AppendRequest>) -> Result<Response<AppendResponse>, Status> {
        let AppendRequest { origin, statements } = request.into_inner();
        let origin = origin.ok_or_else(|| status::Violation::new("origin", "missing"))?;
        let statements = statements.into_iter().map(presented).collect();
        let call = Call { source: origin.source, epoch: origin.epoch, statements };
        let (source, first) = (call.source.clone(), call.statements.first().map_or(0, |first| first.sequence));
        // Asked here as well, so that what can never be taken does not wait.
        call.check().map_err(|refusal| refused::not_taken(&refusal))?;
        let taken = self.log.append(call).await.map_err(fault)?;
        if let Err(Refusal::SequenceGap { expected }) = &taken {
            self.log.report(vec![lost(&source, *expected, first)]).await.map_err(fault)?;
        }
        let receipts = taken.map_err(|refusal| refused::not_taken(&refusal))?;
        let receipts = receipts.into_iter().map(messages::receipt).collect();
        Ok(Response::new(AppendResponse { receipts, covered_size: self.log.covered().cast_signed() }))
    }
}

/// A source sends its statements in order, and again until they are answered: one that leaves some out has lost them, or was
/// answered for what the log has lost.
fn lost(source: &str, expected: i64, first: i64) -> Violation {
    Violation::new(Kind::StatementsLost, source.to_owned(), expected, first)
}

fn presented(statement: SealedStatement) -> Presented {
    let SealedStatement { sequence, statement, body, body_salt } = statement;
    present(sequence, statement, body, body_salt)
}
