//! `ClearanceService`.

use super::{officer::act, refused};
use crate::{
    commands::{CheckErasure, ClearErasure},
    log::Log,
};
use handsel_access::Caller;
use handsel_proto::handsel::audit::v1::{self as proto, clearance_service_server::ClearanceService};
use handsel_service::status::fault;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Serves `ClearanceService`.
pub(crate) struct ClearanceApi {
    log: Arc<Log>,
}

impl ClearanceApi {
    pub(crate) fn new(log: Arc<Log>) -> Self {
        Self { log }
    }
}

#[tonic::async_trait]
impl ClearanceService for ClearanceApi {
    async fn check_erasure(
        &self,
        request: Request<proto::CheckErasureRequest>,
    ) -> Result<Response<proto::CheckErasureResponse>, Status> {
        let act = act(&self.log, Caller::of(&request)?);
        let proto::CheckErasureRequest { subjects } = request.into_inner();
        let held = self.log.run(CheckErasure { act, subjects }).await.map_err(fault)?;
        let hold = held.map_or_else(String::new, |hold| format!("holds/{hold}"));
        Ok(Response::new(proto::CheckErasureResponse { hold }))
    }

    async fn clear_erasure(
        &self,
        request: Request<proto::ClearErasureRequest>,
    ) -> Result<Response<proto::ClearErasureResponse>, Status> {
        let act = act(&self.log, Caller::of(&request)?);
        let proto::ClearErasureRequest { erasure, subjects } = request.into_inner();
        let cleared = self.log.run(ClearErasure { act, erasure, subjects }).await.map_err(fault)?;
        let record = cleared.map_err(|refused| refused::not_done(&refused))?;
        Ok(Response::new(proto::ClearErasureResponse { record }))
    }
}
