//! The part that the frame's tests serve: a bank whose answers wait, or ask another bank first, where the test wants it.

use futures::future::BoxFuture;
use handsel_proto::handsel::corebank::v1::{
    CheckPayoutsRequest, CheckPayoutsResponse, ExecuteInstructionsRequest, ExecuteInstructionsResponse, Instruction,
    ResolvePayeesRequest, ResolvePayeesResponse,
    core_banking_service_client::CoreBankingServiceClient,
    core_banking_service_server::{CoreBankingService, CoreBankingServiceServer},
};
use handsel_service::{Job, Part, Peer, Routes};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

/// Remittance texts that the bank heeds.
pub(crate) const WAIT: &str = "wait";

/// A stand-in for a bank's core system.
#[derive(Clone, Default)]
pub(crate) struct Bank {
    /// Asked first, where there is one.
    pub(crate) next: Option<Peer>,
    /// Told of each call that waits.
    pub(crate) arrived: Arc<Notify>,
    /// Lets one waiting call go on.
    pub(crate) go: Arc<Notify>,
    /// Whether it has been drained.
    pub(crate) drained: Arc<AtomicBool>,
}

#[tonic::async_trait]
impl CoreBankingService for Bank {
    async fn resolve_payees(
        &self,
        _: Request<ResolvePayeesRequest>,
    ) -> Result<Response<ResolvePayeesResponse>, Status> {
        Ok(Response::new(ResolvePayeesResponse::default()))
    }

    async fn check_payouts(&self, _: Request<CheckPayoutsRequest>) -> Result<Response<CheckPayoutsResponse>, Status> {
        Ok(Response::new(CheckPayoutsResponse::default()))
    }

    async fn execute_instructions(
        &self,
        request: Request<ExecuteInstructionsRequest>,
    ) -> Result<Response<ExecuteInstructionsResponse>, Status> {
        let request = request.into_inner();
        if request.instructions.iter().any(|instruction| instruction.remittance_text == WAIT) {
            self.arrived.notify_one();
            self.go.notified().await;
        }
        if let Some(next) = &self.next {
            CoreBankingServiceClient::new(next.clone()).execute_instructions(request).await?;
        }
        Ok(Response::new(ExecuteInstructionsResponse::default()))
    }
}

impl Part for Bank {
    fn name(&self) -> &'static str {
        "corebank"
    }
    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(CoreBankingServiceServer::new(self.clone()));
    }
    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }
    fn drain(&self) -> BoxFuture<'_, ()> {
        Box::pin(async { self.drained.store(true, Ordering::SeqCst) })
    }
}

/// One instruction with a remittance text.
pub(crate) fn saying(text: &str) -> ExecuteInstructionsRequest {
    let instruction =
        Instruction { end_to_end_id: "E1".into(), remittance_text: text.into(), ..Instruction::default() };
    ExecuteInstructionsRequest { instructions: vec![instruction] }
}
