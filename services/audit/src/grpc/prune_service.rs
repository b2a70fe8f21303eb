//! `PruneService`.

use super::{messages, officer::act, refused};
use crate::{
    commands::{ConfirmPrune, ProposePrune},
    domain::{
        hold::Step,
        prune::{Progress, Prune},
    },
    log::Log,
    queries,
};
use handsel_access::Caller;
use handsel_proto::handsel::audit::v1::{self as proto, prune_service_server::PruneService};
use handsel_service::{status::fault, wire};
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Serves `PruneService`.
pub(crate) struct PruneApi {
    log: Arc<Log>,
}

impl PruneApi {
    pub(crate) fn new(log: Arc<Log>) -> Self {
        Self { log }
    }

    async fn rendered(&self, id: &str) -> Result<Response<proto::Prune>, Status> {
        let found = queries::prune::one(&self.log.db, id).await.map_err(fault)?;
        found
            .map(|prune| Response::new(messages::prune(prune)))
            .ok_or_else(|| refused::not_found("there is no such prune"))
    }
}

fn id(name: &str) -> &str {
    name.strip_prefix("prunes/").unwrap_or(name)
}

#[tonic::async_trait]
impl PruneService for PruneApi {
    async fn propose_prune(
        &self,
        request: Request<proto::ProposePruneRequest>,
    ) -> Result<Response<proto::Prune>, Status> {
        let act = act(&self.log, Caller::of(&request)?);
        let proto::ProposePruneRequest { prune_id: id, mut types, before_time } = request.into_inner();
        types.sort_unstable();
        types.dedup();
        let before = wire::timestamp_from(before_time.as_ref(), "before_time")?;
        let proposed = Step { by: act.by.clone(), at: act.now };
        let prune = Prune { id: id.clone(), types, before, proposed, confirmed: None, progress: Progress::default() };
        let command = ProposePrune { act, prune, retention: self.log.retention.clone() };
        self.log.run(command).await.map_err(fault)?.map_err(|refused| refused::not_done(&refused))?;
        self.rendered(&id).await
    }

    async fn confirm_prune(
        &self,
        request: Request<proto::ConfirmPruneRequest>,
    ) -> Result<Response<proto::Prune>, Status> {
        let act = act(&self.log, Caller::of(&request)?);
        let proto::ConfirmPruneRequest { name } = request.into_inner();
        let command = ConfirmPrune { act, id: id(&name).to_owned() };
        self.log.run(command).await.map_err(fault)?.map_err(|refused| refused::not_done(&refused))?;
        self.rendered(id(&name)).await
    }

    async fn get_prune(&self, request: Request<proto::GetPruneRequest>) -> Result<Response<proto::Prune>, Status> {
        self.rendered(id(&request.into_inner().name)).await
    }
}
