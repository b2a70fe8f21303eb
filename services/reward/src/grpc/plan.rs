//! `PlanService`.

use super::{
    Api,
    call::{Again, Call, PageSize},
    refusal::{Invalid, refused},
};
use crate::{
    commands::{
        activate_plan::ActivatePlan,
        change_plan::{Change, ChangePlan},
        create_plan::CreatePlan,
        create_plan_version::CreatePlanVersion,
        submit_plan::SubmitPlan,
        suspend_plan_version::SuspendPlanVersion,
    },
    domain::refusal::Refusal,
    queries,
    wire::{
        plan::{to_plan, to_terms_sheet},
        qualification::after,
        quote::language_from,
        terms::{shared_reason, terms_from},
    },
};
use handsel_money::Timestamp;
use handsel_proto::handsel::reward::v1::{
    ActivatePlanRequest, CreatePlanRequest, CreatePlanVersionRequest, EndPlanRequest, GetPlanRequest,
    GetTermsSheetRequest, ListPlansRequest, ListPlansResponse, PausePlanRequest, Plan, ResumePlanRequest,
    SubmitPlanRequest, SuspendPlanVersionRequest, TermsSheet, plan_service_server::PlanService,
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
        let version = self.once(&id, &call, again, command).await?;
        self.version(&version).await
    }

    async fn get_plan(&self, request: Request<GetPlanRequest>) -> Result<Response<Plan>, Status> {
        let GetPlanRequest { name, version } = request.into_inner();
        self.plan(&after("plans/", &name), version.into()).await
    }

    async fn list_plans(&self, request: Request<ListPlansRequest>) -> Result<Response<ListPlansResponse>, Status> {
        let request = request.into_inner();
        let filters = ListPlansRequest { page_size: 0, page_token: String::new() };
        let size = PageSize::of(request.page_size, page::DEFAULT_SIZE);
        let cursor: Option<(Timestamp, String, i64)> = page::cursor(&filters, &request.page_token)?;
        let mut plans = queries::plans::list(&self.service.db, cursor, size.limit()).await.map_err(fault)?;
        let next_page_token =
            size.cut(&mut plans, &filters, |(plan, _)| (plan.created_at, plan.id.clone(), plan.version))?;
        let plans = plans.iter().map(|(plan, uses)| to_plan(plan, uses)).collect();
        Ok(Response::new(ListPlansResponse { plans, next_page_token }))
    }

    async fn get_terms_sheet(&self, request: Request<GetTermsSheetRequest>) -> Result<Response<TermsSheet>, Status> {
        let GetTermsSheetRequest { name, version, language_code } = request.into_inner();
        let language = language_from(&language_code)?;
        let id = after("plans/", &name);
        match queries::terms_sheets::get(&self.service.db, &id, version.into(), language).await.map_err(fault)? {
            Some((plan, sheet)) => Ok(Response::new(to_terms_sheet(&plan, sheet))),
            None => Err(refused(Refusal::NotFound(format!("{name} version {version}")))),
        }
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
        let version = self.once(&id, &call, again, command).await?;
        self.version(&version).await
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
        let version = self.once(&id, &call, again, command).await?;
        self.version(&version).await
    }

    async fn create_plan_version(&self, request: Request<CreatePlanVersionRequest>) -> Result<Response<Plan>, Status> {
        let call = Call::of(request)?;
        let proposed = call.message.plan.clone().unwrap_or_default();
        let terms = terms_from(&proposed)
            .map_err(|violations| refuse(&Invalid { reason: shared_reason(&violations), violations }))?;
        let id = after("plans/", &call.message.name);
        let command = CreatePlanVersion {
            means: self.service.means.clone(),
            id: id.clone(),
            display_name: proposed.display_name,
            terms,
            maker: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = CreatePlanVersionRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.CreatePlanVersion", request_id: &call.message.request_id, content };
        let version = self.once(&id, &call, again, command).await?;
        self.version(&version).await
    }

    async fn pause_plan(&self, request: Request<PausePlanRequest>) -> Result<Response<Plan>, Status> {
        let call = Call::of(request)?;
        let PausePlanRequest { request_id, name, etag } = call.message.clone();
        let content = PausePlanRequest { request_id: String::new(), ..call.message.clone() };
        let (rpc, change) = ("reward.PausePlan", Change::Pause);
        let asked = Asked { rpc, request_id: &request_id, name: &name, etag: &etag, change };
        self.change(call, asked, content).await
    }

    async fn resume_plan(&self, request: Request<ResumePlanRequest>) -> Result<Response<Plan>, Status> {
        let call = Call::of(request)?;
        let ResumePlanRequest { request_id, name, etag } = call.message.clone();
        let content = ResumePlanRequest { request_id: String::new(), ..call.message.clone() };
        let (rpc, change) = ("reward.ResumePlan", Change::Resume);
        let asked = Asked { rpc, request_id: &request_id, name: &name, etag: &etag, change };
        self.change(call, asked, content).await
    }

    async fn end_plan(&self, request: Request<EndPlanRequest>) -> Result<Response<Plan>, Status> {
        let call = Call::of(request)?;
        let EndPlanRequest { request_id, name, etag } = call.message.clone();
        let content = EndPlanRequest { request_id: String::new(), ..call.message.clone() };
        let (rpc, change) = ("reward.EndPlan", Change::End);
        let asked = Asked { rpc, request_id: &request_id, name: &name, etag: &etag, change };
        self.change(call, asked, content).await
    }

    async fn suspend_plan_version(
        &self,
        request: Request<SuspendPlanVersionRequest>,
    ) -> Result<Response<Plan>, Status> {
        let call = Call::of(request)?;
        let id = after("plans/", &call.message.name);
        let command = SuspendPlanVersion {
            means: self.service.means.clone(),
            id: id.clone(),
            version: call.message.version.into(),
            reason: call.message.reason.clone(),
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let content = SuspendPlanVersionRequest { request_id: String::new(), ..call.message.clone() };
        let again = Again { rpc: "reward.SuspendPlanVersion", request_id: &call.message.request_id, content };
        let version = self.once(&id, &call, again, command).await?;
        self.version(&version).await
    }
}

impl Api {
    /// A version by the name that commands answer with: `plans/{plan}@{version}`.
    async fn version(&self, name: &str) -> Result<Response<Plan>, Status> {
        let (id, version) = name.split_once('@').unwrap_or((name, "0"));
        self.plan(&after("plans/", id), version.parse().unwrap_or_default()).await
    }

    async fn change<M>(&self, call: Call<M>, asked: Asked<'_>, content: M) -> Result<Response<Plan>, Status>
    where
        M: prost::Message,
    {
        let Asked { rpc, request_id, name, etag, change } = asked;
        let id = after("plans/", name);
        let command = ChangePlan {
            means: self.service.means.clone(),
            id: id.clone(),
            etag: etag.to_owned(),
            change,
            by: call.by(),
            actor: call.actor(),
            now: self.now(),
        };
        let again = Again { rpc, request_id, content };
        let version = self.once(&id, &call, again, command).await?;
        self.version(&version).await
    }

    async fn plan(&self, id: &str, version: i64) -> Result<Response<Plan>, Status> {
        match queries::plans::get(&self.service.db, id, version).await.map_err(fault)? {
            Some((plan, uses)) => Ok(Response::new(to_plan(&plan, &uses))),
            None if version == 0 => Err(refused(Refusal::NotFound(format!("plans/{id}")))),
            None => Err(refused(Refusal::NotFound(format!("plans/{id} version {version}")))),
        }
    }
}

/// What is asked of the version in force.
struct Asked<'a> {
    rpc: &'static str,
    request_id: &'a str,
    name: &'a str,
    etag: &'a str,
    change: Change,
}
