//! A reward service for tests: a few plans, and an inbox that remembers what it was told.

use futures::{FutureExt, future::BoxFuture};
use handsel_proto::handsel::{
    relay::v1::{GreetRequest, GreetResponse, Outcome, Receipt},
    reward::v1::{
        ActivatePlanRequest, CreatePlanRequest, CreatePlanVersionRequest, DeliverRequest, DeliverResponse,
        EndPlanRequest, GetPlanRequest, GetTermsSheetRequest, ListPlansRequest, ListPlansResponse, PausePlanRequest,
        Plan, Qualification, ResumePlanRequest, Reversal, SubmitPlanRequest, SuspendPlanVersionRequest, TermsSheet,
        deliver_request::message::Content,
        plan::State,
        plan_service_server::{PlanService, PlanServiceServer},
        reward_inbox_service_server::{RewardInboxService, RewardInboxServiceServer},
    },
};
use handsel_service::{Job, Part, Routes};
use std::sync::{Arc, Mutex};
use tonic::{Request, Response, Status};

/// The reward service of a test.
#[derive(Clone, Default)]
pub(crate) struct FakeReward {
    told: Arc<Mutex<Vec<Qualification>>>,
    reversed: Arc<Mutex<Vec<Reversal>>>,
}

impl FakeReward {
    /// What it was told, in order.
    pub(crate) fn told(&self) -> Vec<Qualification> {
        self.told.lock().unwrap().clone()
    }

    /// What it was told to take back, in order.
    pub(crate) fn reversed(&self) -> Vec<Reversal> {
        self.reversed.lock().unwrap().clone()
    }
}

#[tonic::async_trait]
impl PlanService for FakeReward {
    async fn get_plan(&self, request: Request<GetPlanRequest>) -> Result<Response<Plan>, Status> {
        let GetPlanRequest { name, version: _ } = request.into_inner();
        let (state, version) = match name.as_str() {
            "plans/live" => (State::Active, 3),
            "plans/draft" => (State::Draft, 1),
            _ => return Err(Status::not_found("no such plan")),
        };
        Ok(Response::new(Plan { name, state: state.into(), version, ..plan() }))
    }
    async fn create_plan(&self, _: Request<CreatePlanRequest>) -> Result<Response<Plan>, Status> {
        Err(Status::internal("no test asks for this"))
    }
    async fn list_plans(&self, _: Request<ListPlansRequest>) -> Result<Response<ListPlansResponse>, Status> {
        Err(Status::internal("no test asks for this"))
    }
    async fn submit_plan(&self, _: Request<SubmitPlanRequest>) -> Result<Response<Plan>, Status> {
        Err(Status::internal("no test asks for this"))
    }
    async fn activate_plan(&self, _: Request<ActivatePlanRequest>) -> Result<Response<Plan>, Status> {
        Err(Status::internal("no test asks for this"))
    }
    async fn create_plan_version(&self, _: Request<CreatePlanVersionRequest>) -> Result<Response<Plan>, Status> {
        Err(Status::internal("no test asks for this"))
    }
    async fn get_terms_sheet(&self, _: Request<GetTermsSheetRequest>) -> Result<Response<TermsSheet>, Status> {
        Err(Status::internal("no test asks for this"))
    }
    async fn pause_plan(&self, _: Request<PausePlanRequest>) -> Result<Response<Plan>, Status> {
        Err(Status::internal("no test asks for this"))
    }
    async fn resume_plan(&self, _: Request<ResumePlanRequest>) -> Result<Response<Plan>, Status> {
        Err(Status::internal("no test asks for this"))
    }
    async fn end_plan(&self, _: Request<EndPlanRequest>) -> Result<Response<Plan>, Status> {
        Err(Status::internal("no test asks for this"))
    }
    async fn suspend_plan_version(&self, _: Request<SuspendPlanVersionRequest>) -> Result<Response<Plan>, Status> {
        Err(Status::internal("no test asks for this"))
    }
}

/// A plan as it must look to be answered.
fn plan() -> Plan {
    use handsel_proto::{
        google::r#type::Money,
        handsel::reward::v1::{BeneficiaryRole, FixedRule, RoleRule, role_rule::Base},
    };
    let amount = Some(Money { currency_code: "CZK".into(), units: 500, nanos: 0 });
    let role = RoleRule {
        role: BeneficiaryRole::Referrer.into(),
        base: Some(Base::Fixed(FixedRule { amount })),
        ..RoleRule::default()
    };
    Plan {
        display_name: "A plan".into(),
        currency_code: "CZK".into(),
        time_zone: "Europe/Prague".into(),
        role_rules: vec![role],
        ..Plan::default()
    }
}

#[tonic::async_trait]
impl RewardInboxService for FakeReward {
    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        let GreetRequest { epoch, acknowledged, .. } = request.into_inner();
        Ok(Response::new(GreetResponse { epoch, last_sequence: acknowledged, last_digest: Vec::new() }))
    }

    async fn deliver(&self, request: Request<DeliverRequest>) -> Result<Response<DeliverResponse>, Status> {
        let mut told = self.told.lock().unwrap();
        let mut receipts = Vec::new();
        for message in request.into_inner().messages {
            match message.content {
                Some(Content::Qualification(qualification)) => told.push(qualification),
                Some(Content::Reversal(reversal)) => self.reversed.lock().unwrap().push(reversal),
                Some(
                    Content::TierChange(_) | Content::HoldPlaced(_) | Content::HoldReleased(_) | Content::Parked(_),
                )
                | None => {}
            }
            let outcome = Outcome::Applied.into();
            receipts.push(Receipt { sequence: message.sequence, outcome, ..Receipt::default() });
        }
        Ok(Response::new(DeliverResponse { receipts }))
    }
}

impl Part for FakeReward {
    fn name(&self) -> &'static str {
        "reward"
    }
    fn add_to(&self, routes: &mut Routes) {
        routes
            .add_service(PlanServiceServer::new(self.clone()))
            .add_service(RewardInboxServiceServer::new(self.clone()));
    }
    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }
    fn drain(&self) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }
}
