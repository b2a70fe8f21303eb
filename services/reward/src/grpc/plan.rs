//! `PlanService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::{Invalid, refused},
};
use crate::{
    commands::{activate_plan::ActivatePlan, create_plan::CreatePlan, submit_plan::SubmitPlan},
    domain::refusal::Refusal,
    queries,
    wire::{
        plan::to_plan,
        qualification::after,
        terms::{shared_reason, terms_from},
    },
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    ActivatePlanRequest, CreatePlanRequest, GetPlanRequest, ListPlansRequest, ListPlansResponse, Plan,
    SubmitPlanRequest, plan_service_server::PlanService,
};
use handsel_service::{
    page,
    status::{fault, refuse},
};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl PlanService for Api {
    async fn create_plan(&self, request: Request<CreatePlanRequest>) -> Result<Response<Plan>, Status> {
        let call = Call::of(request)?;
        let proposed = call.message.plan.clone().unwrap_or_default();
        let terms = terms_from(&proposed)
            .map_err(|violations| refuse(&Invalid { reason: shared_reason(&violations), violations }))?;
        let id = call.message.plan_id.clone();
        let command = CreatePlan {
            means: self.service.means.clone(),
            id: id.clone(),
            display_name: proposed.display_name,
            terms,
            maker: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = CreatePlanRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.CreatePlan", request_id: &call.message.request_id, content };
        self.once(&id, &call, again, command).await?;
        self.plan(&id).await
    }

    async fn get_plan(&self, request: Request<GetPlanRequest>) -> Result<Response<Plan>, Status> {
        self.plan(&after("plans/", &request.into_inner().name)).await
    }

    async fn list_plans(&self, request: Request<ListPlansRequest>) -> Result<Response<ListPlansResponse>, Status> {
        let request = request.into_inner();
        let filters = ListPlansRequest { page_size: 0, page_token: String::new() };
        let size = PageSize::of(request.page_size, page::DEFAULT_SIZE);
        let cursor: Option<(Timestamp, String)> = page::cursor(&filters, &request.page_token)?;
        let mut plans = queries::plans::list(&self.service.db, cursor, size.limit()).await.map_err(fault)?;
        let next_page_token = size.cut(&mut plans, &filters, |(plan, _)| (plan.created_at, plan.id.clone()))?;
        let plans = plans.iter().map(|(plan, granted)| to_plan(plan, *granted)).collect();
        Ok(Response::new(ListPlansResponse { plans, next_page_token }))
    }

    async fn submit_plan(&self, request: Request<SubmitPlanRequest>) -> Result<Response<Plan>, Status> {
        let call = Call::of(request)?;
        let id = after("plans/", &call.message.name);
        let command = SubmitPlan {
            means: self.service.means.clone(),
            id: id.clone(),
            etag: call.message.etag.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = SubmitPlanRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.SubmitPlan", request_id: &call.message.request_id, content };
        self.once(&id, &call, again, command).await?;
        self.plan(&id).await
    }

    async fn activate_plan(&self, request: Request<ActivatePlanRequest>) -> Result<Response<Plan>, Status> {
        let call = Call::of(request)?;
        let id = after("plans/", &call.message.name);
        let command = ActivatePlan {
            means: self.service.means.clone(),
            id: id.clone(),
            etag: call.message.etag.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = ActivatePlanRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.ActivatePlan", request_id: &call.message.request_id, content };
        self.once(&id, &call, again, command).await?;
        self.plan(&id).await
    }
}

impl Api {
    async fn plan(&self, id: &str) -> Result<Response<Plan>, Status> {
        match queries::plans::get(&self.service.db, id).await.map_err(fault)? {
            Some((plan, granted)) => Ok(Response::new(to_plan(&plan, granted))),
            None => Err(refused(Refusal::NotFound(format!("plans/{id}")))),
        }
    }
}
