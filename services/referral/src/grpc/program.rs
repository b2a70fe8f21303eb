//! `ProgramService`.

use super::{
    convert::{draft_from, tail},
    desk::Desk,
    refusal::Faulty,
    views,
};
use crate::{
    commands::{ActivateProgram, CreateProgram, SubmitProgram},
    domain::{
        program::{PlanAnswer, Program, ProgramState},
        refusal::Refusal,
    },
    queries,
};
use handsel_money::Timestamp;
use handsel_proto::handsel::{
    referral::v1::{
        self as proto, ActivateProgramRequest, CreateProgramRequest, GetProgramRequest, ListProgramsRequest,
        ListProgramsResponse, SubmitProgramRequest, program_service_server::ProgramService,
    },
    reward::v1::{GetPlanRequest, Plan, plan},
};
use handsel_service::{page, status};
use prost::Message;
use tonic::{Code, Request, Response, Status};

/// Programs.
#[derive(Clone)]
pub(crate) struct Programs(pub(crate) Desk);

impl Programs {
    async fn found(&self, id: &str) -> Result<Program, Status> {
        let found = queries::programs::get(&self.0.0.db, id).await.map_err(status::fault)?;
        found.ok_or_else(|| status::refuse(&Refusal::NotFound(format!("programs/{id}"))))
    }

    async fn rendered(&self, name: &str) -> Result<Response<proto::Program>, Status> {
        Ok(Response::new(views::program(self.found(&tail(name)).await?)))
    }

    /// What the reward service says of a plan. A program in force is not asked about: the call can only be a
    /// repetition.
    async fn ask(&self, program: &Program) -> PlanAnswer {
        if program.state == ProgramState::Active {
            let version = program.plan_version;
            let currency = program.terms.success.plan_currency;
            return currency.map_or(PlanAnswer::Unavailable, |currency| PlanAnswer::Active { version, currency });
        }
        let mut request = Request::new(GetPlanRequest { name: program.terms.plan.clone(), version: 0 });
        request.set_timeout(self.0.0.plan_patience);
        let mut client = self.0.0.plans.clone();
        match tokio::time::timeout(self.0.0.plan_patience, client.get_plan(request)).await {
            Ok(Ok(plan)) if plan.get_ref().state() == plan::State::Active => active(plan.get_ref()),
            Ok(Ok(_)) => PlanAnswer::NotActive,
            Ok(Err(answer)) if answer.code() == Code::NotFound => PlanAnswer::NotActive,
            Ok(Err(answer)) => {
                tracing::warn!(code = ?answer.code(), "the reward service did not say whether a plan is active");
                PlanAnswer::Unavailable
            }
            Err(_) => {
                tracing::warn!("the reward service did not say in time whether a plan is active");
                PlanAnswer::Unavailable
            }
        }
    }
}

/// An active plan in a currency that is not known here is one that cannot be judged.
fn active(plan: &Plan) -> PlanAnswer {
    let version = plan.version.into();
    plan.currency_code.parse().map_or(PlanAnswer::Unavailable, |currency| PlanAnswer::Active { version, currency })
}

#[tonic::async_trait]
impl ProgramService for Programs {
    async fn create_program(&self, request: Request<CreateProgramRequest>) -> Result<Response<proto::Program>, Status> {
        let content = CreateProgramRequest { request_id: String::new(), ..request.get_ref().clone() }.encode_to_vec();
        let call = self.0.call(
            &request,
            "handsel.referral.v1.ProgramService/CreateProgram",
            &request.get_ref().request_id,
            &content,
        )?;
        let CreateProgramRequest { request_id: _, program_id, program } = request.into_inner();
        let terms = draft_from(program.unwrap_or_default()).map_err(Faulty::status)?;
        let program = Program::draft(program_id, terms, call.act.by.clone(), call.act.now);
        let lane = program.name();
        let command = CreateProgram { act: call.act.clone(), program };
        self.rendered(&self.0.once(call, &lane, command).await?).await
    }

    async fn get_program(&self, request: Request<GetProgramRequest>) -> Result<Response<proto::Program>, Status> {
        self.rendered(&request.get_ref().name).await
    }

    async fn list_programs(
        &self,
        request: Request<ListProgramsRequest>,
    ) -> Result<Response<ListProgramsResponse>, Status> {
        let ListProgramsRequest { page_size, page_token } = request.into_inner();
        let filters = ListProgramsRequest::default();
        let behind: Option<(Timestamp, String)> = page::cursor(&filters, &page_token)?;
        let size = page::size(page_size);
        let limit = i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1);
        let mut programs = queries::programs::page(&self.0.0.db, behind, limit).await.map_err(status::fault)?;
        let more = programs.len() > size;
        programs.truncate(size);
        let next_page_token = match programs.last().filter(|_| more) {
            Some(last) => page::token(&filters, &(last.created_at, &last.id))?,
            None => String::new(),
        };
        let programs = programs.into_iter().map(views::program).collect();
        Ok(Response::new(ListProgramsResponse { programs, next_page_token }))
    }

    async fn submit_program(&self, request: Request<SubmitProgramRequest>) -> Result<Response<proto::Program>, Status> {
        let content = SubmitProgramRequest { request_id: String::new(), ..request.get_ref().clone() }.encode_to_vec();
        let call = self.0.call(
            &request,
            "handsel.referral.v1.ProgramService/SubmitProgram",
            &request.get_ref().request_id,
            &content,
        )?;
        let SubmitProgramRequest { request_id: _, name, etag } = request.into_inner();
        let command = SubmitProgram { act: call.act.clone(), program: tail(&name), etag };
        self.rendered(&self.0.once(call, &name, command).await?).await
    }

    async fn activate_program(
        &self,
        request: Request<ActivateProgramRequest>,
    ) -> Result<Response<proto::Program>, Status> {
        let content = ActivateProgramRequest { request_id: String::new(), ..request.get_ref().clone() }.encode_to_vec();
        let call = self.0.call(
            &request,
            "handsel.referral.v1.ProgramService/ActivateProgram",
            &request.get_ref().request_id,
            &content,
        )?;
        let ActivateProgramRequest { request_id: _, name, etag } = request.into_inner();
        let program = self.found(&tail(&name)).await?;
        let plan = self.ask(&program).await;
        let command = ActivateProgram { act: call.act.clone(), program: program.id, etag, plan };
        self.rendered(&self.0.once(call, &name, command).await?).await
    }
}
