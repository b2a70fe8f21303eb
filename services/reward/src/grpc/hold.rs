//! `HoldService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::refused,
};
use crate::{
    commands::{place_hold::PlaceHold, release_hold::ReleaseHold},
    domain::refusal::Refusal,
    queries,
    wire::hold::{state_from, target_from, to_hold},
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    GetHoldRequest, Hold, ListHoldsRequest, ListHoldsResponse, PlaceHoldRequest, ReleaseHoldRequest,
    hold_service_server::HoldService,
};
use handsel_service::{page, status::fault, wire::id_from_name};
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The lane of holds.
const HOLDS: &str = "holds";

#[tonic::async_trait]
impl HoldService for Api {
    async fn place_hold(&self, request: Request<PlaceHoldRequest>) -> Result<Response<Hold>, Status> {
        let call = Call::of(request)?;
        let command = PlaceHold {
            means: self.service.means.clone(),
            target: target_from(&call.message.target, "target")?,
            reason: call.message.reason.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = PlaceHoldRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.PlaceHold", request_id: &call.message.request_id, content };
        let name = self.once(HOLDS, &call, again, command).await?;
        self.hold(&name).await
    }

    async fn release_hold(&self, request: Request<ReleaseHoldRequest>) -> Result<Response<Hold>, Status> {
        let call = Call::of(request)?;
        let command = ReleaseHold {
            means: self.service.means.clone(),
            id: id_from_name("holds/", &call.message.name, "name")?,
            etag: call.message.etag.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ReleaseHoldRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ReleaseHold", request_id: &call.message.request_id, content };
        let name = self.once(HOLDS, &call, again, command).await?;
        self.hold(&name).await
    }

    async fn get_hold(&self, request: Request<GetHoldRequest>) -> Result<Response<Hold>, Status> {
        self.hold(&request.into_inner().name).await
    }

    async fn list_holds(&self, request: Request<ListHoldsRequest>) -> Result<Response<ListHoldsResponse>, Status> {
        let asked = request.into_inner();
        let named = (!asked.target.is_empty()).then(|| target_from(&asked.target, "target"));
        let filters = ListHoldsRequest { page_size: 0, page_token: String::new(), ..asked.clone() };
        let size = PageSize::of(asked.page_size, page::DEFAULT_SIZE);
        let after: Option<(Timestamp, Uuid)> = page::cursor(&filters, &asked.page_token)?;
        let (target, state) = (named.transpose()?, state_from(asked.state()));
        let mut holds =
            queries::holds::list(&self.service.db, target, state, after, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut holds, &filters, |hold| (hold.placed_at, hold.id))?;
        Ok(Response::new(ListHoldsResponse { holds: holds.iter().map(to_hold).collect(), next_page_token }))
    }
}

impl Api {
    async fn hold(&self, name: &str) -> Result<Response<Hold>, Status> {
        let id = id_from_name("holds/", name, "name")?;
        match queries::holds::get(&self.service.db, id).await.map_err(fault)? {
            Some(hold) => Ok(Response::new(to_hold(&hold))),
            None => Err(refused(Refusal::NotFound(name.to_owned()))),
        }
    }
}
