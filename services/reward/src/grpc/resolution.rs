//! `ResolutionService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::refused,
};
use crate::{
    commands::{
        confirm_resolution::ConfirmResolution,
        propose_resolution::{About, ProposeResolution},
    },
    domain::refusal::Refusal,
    queries,
    wire::resolution::{found_from, state_from, to_conflict, to_resolution},
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    ConfirmResolutionRequest, ConfirmWriteOffRequest, GetResolutionRequest, ListConflictsRequest,
    ListConflictsResponse, ListResolutionsRequest, ListResolutionsResponse, ProposeResolutionRequest,
    ProposeWriteOffRequest, Resolution, resolution_service_server::ResolutionService,
};
use handsel_service::{page, status::fault, wire::id_from_name};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The lane of everything that moves payouts, as the others'.
const PAYOUTS: &str = "payouts";

#[tonic::async_trait]
impl ResolutionService for Api {
    async fn propose_resolution(
        &self,
        request: Request<ProposeResolutionRequest>,
    ) -> Result<Response<Resolution>, Status> {
        let call = Call::of(request)?;
        let found = found_from(&call.message)?;
        let reward = queries::resolutions::reward_of(&self.service.db, &found.end_to_end_id).await.map_err(fault)?;
        let command = ProposeResolution {
            means: self.service.means.clone(),
            about: About::Attempt(found),
            reward: reward.unwrap_or_default(),
            reason: call.message.reason.clone(),
            evidence: call.message.evidence.clone(),
            by: call.person(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ProposeResolutionRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ProposeResolution", request_id: &call.message.request_id, content };
        let name = self.once(PAYOUTS, &call, again, command).await?;
        self.resolution(&name).await
    }

    async fn confirm_resolution(
        &self,
        request: Request<ConfirmResolutionRequest>,
    ) -> Result<Response<Resolution>, Status> {
        let call = Call::of(request)?;
        let command = self.confirmation(&call, &call.message.name, false).await?;
        let content = ConfirmResolutionRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ConfirmResolution", request_id: &call.message.request_id, content };
        let name = self.once(PAYOUTS, &call, again, command).await?;
        self.resolution(&name).await
    }

    async fn propose_write_off(
        &self,
        request: Request<ProposeWriteOffRequest>,
    ) -> Result<Response<Resolution>, Status> {
        let call = Call::of(request)?;
        let reward = id_from_name("rewards/", &call.message.reward, "reward")?;
        let command = ProposeResolution {
            means: self.service.means.clone(),
            about: About::Reward(reward),
            reward,
            reason: call.message.reason.clone(),
            evidence: String::new(),
            by: call.person(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ProposeWriteOffRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ProposeWriteOff", request_id: &call.message.request_id, content };
        let name = self.once(PAYOUTS, &call, again, command).await?;
        self.resolution(&name).await
    }

    async fn confirm_write_off(
        &self,
        request: Request<ConfirmWriteOffRequest>,
    ) -> Result<Response<Resolution>, Status> {
        let call = Call::of(request)?;
        let command = self.confirmation(&call, &call.message.name, true).await?;
        let content = ConfirmWriteOffRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ConfirmWriteOff", request_id: &call.message.request_id, content };
        let name = self.once(PAYOUTS, &call, again, command).await?;
        self.resolution(&name).await
    }

    async fn get_resolution(&self, request: Request<GetResolutionRequest>) -> Result<Response<Resolution>, Status> {
        self.resolution(&request.into_inner().name).await
    }

    async fn list_resolutions(
        &self,
        request: Request<ListResolutionsRequest>,
    ) -> Result<Response<ListResolutionsResponse>, Status> {
        let asked = request.into_inner();
        let filters = ListResolutionsRequest { page_size: 0, page_token: String::new(), ..asked.clone() };
        let size = PageSize::of(asked.page_size, page::DEFAULT_SIZE);
        let after: Option<(Timestamp, Uuid)> = page::cursor(&filters, &asked.page_token)?;
        let reward =
            (!asked.reward.is_empty()).then(|| id_from_name("rewards/", &asked.reward, "reward")).transpose()?;
        let state = state_from(asked.state());
        let mut found =
            queries::resolutions::list(&self.service.db, reward, state, after, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut found, &filters, |one| (one.proposed_at, one.id))?;
        let resolutions = found.iter().map(to_resolution).collect();
        Ok(Response::new(ListResolutionsResponse { resolutions, next_page_token }))
    }

    async fn list_conflicts(
        &self,
        request: Request<ListConflictsRequest>,
    ) -> Result<Response<ListConflictsResponse>, Status> {
        let asked = request.into_inner();
        let filters = ListConflictsRequest { page_size: 0, page_token: String::new() };
        let size = PageSize::of(asked.page_size, page::DEFAULT_SIZE);
        let after: Option<(Timestamp, Uuid)> = page::cursor(&filters, &asked.page_token)?;
        let mut open = queries::resolutions::conflicts(&self.service.db, after, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut open, &filters, |one| (one.recorded_at, one.id))?;
        Ok(Response::new(ListConflictsResponse { conflicts: open.iter().map(to_conflict).collect(), next_page_token }))
    }
}

impl Api {
    async fn confirmation<M: Sync>(
        &self,
        call: &Call<M>,
        name: &str,
        write_off: bool,
    ) -> Result<ConfirmResolution, Status> {
        let id = id_from_name("resolutions/", name, "name")?;
        let place = queries::resolutions::place(&self.service.db, id).await.map_err(fault)?;
        let (reward, plan) = place.unwrap_or_default();
        Ok(ConfirmResolution {
            means: self.service.means.clone(),
            id,
            reward,
            plan,
            write_off,
            by: call.person(),
            actor: call.actor(),
            now: self.now(),
        })
    }

    async fn resolution(&self, name: &str) -> Result<Response<Resolution>, Status> {
        let id = id_from_name("resolutions/", name, "name")?;
        match queries::resolutions::get(&self.service.db, id).await.map_err(fault)? {
            Some(resolution) => Ok(Response::new(to_resolution(&resolution))),
            None => Err(refused(Refusal::NotFound(name.to_owned()))),
        }
    }
}
