//! `AuditIngestService`: what the services hand in.

use super::{messages, refused};
use crate::{
    commands::present,
    domain::admission::{Call, Presented},
    log::Log,
    queries::source::Known,
};
use handsel_proto::handsel::{
    audit::v1::{AppendRequest, AppendResponse, SealedStatement, audit_ingest_service_server::AuditIngestService},
    relay::v1::{GreetRequest, GreetResponse},
};
use handsel_service::status::{Violation, fault};
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
        let origin = origin.ok_or_else(|| Violation::new("origin", "missing"))?;
        let statements = statements.into_iter().map(presented).collect();
        let call = Call { source: origin.source, epoch: origin.epoch, statements };
        // Asked here as well, so that what can never be taken does not wait.
        call.check().map_err(|refusal| refused::not_taken(&refusal))?;
        let taken = self.log.append(call).await.map_err(fault)?;
        let receipts = taken.map_err(|refusal| refused::not_taken(&refusal))?;
        Ok(Response::new(AppendResponse { receipts: receipts.into_iter().map(messages::receipt).collect() }))
    }
}

fn presented(statement: SealedStatement) -> Presented {
    let SealedStatement { sequence, statement, body, body_salt } = statement;
    present(sequence, statement, body, body_salt)
}
