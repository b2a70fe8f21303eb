//! A bank that does not pull: instructions are sent to it until their outcome is known.

use crate::bank::{Bank, DAY, introduction_plan};
use handsel_proto::handsel::corebank::v1::{
    CheckPayoutsRequest, CheckPayoutsResponse, ExecuteInstructionsRequest, ExecuteInstructionsResponse, PayoutOutcome,
    ResolvePayeesRequest, ResolvePayeesResponse,
    core_banking_service_server::{CoreBankingService, CoreBankingServiceServer},
    payout_outcome::Status as Fate,
};
use handsel_proto::handsel::reward::v1 as wire;
use handsel_reward::Settlement;
use handsel_service::{Job, Part, Routes};
use handsel_testkit::{Lab, on_both_engines};
use std::sync::{Arc, Mutex};
use tonic::{Request, Response, Status};

/// Core banking: takes note of what it is told, fails on the first call, accepts on the second, settles on the third.
#[derive(Clone, Default)]
struct CoreBanking {
    told: Arc<Mutex<Vec<Vec<String>>>>,
}

#[tonic::async_trait]
impl CoreBankingService for CoreBanking {
    async fn check_payouts(&self, _: Request<CheckPayoutsRequest>) -> Result<Response<CheckPayoutsResponse>, Status> {
        Ok(Response::new(CheckPayoutsResponse::default()))
    }

    async fn execute_instructions(
        &self,
        request: Request<ExecuteInstructionsRequest>,
    ) -> Result<Response<ExecuteInstructionsResponse>, Status> {
        let instructions = request.into_inner().instructions;
        let call = {
            let mut told = self.told.lock().unwrap();
            told.push(instructions.iter().map(|one| one.end_to_end_id.clone()).collect());
            told.len()
        };
        let fate = match call {
            1 => return Err(Status::unavailable("maintenance")),
            2 => Fate::Accepted,
            _ => Fate::Settled,
        };
        let outcomes = instructions.into_iter().map(|one| PayoutOutcome {
            end_to_end_id: one.end_to_end_id,
            status: fate.into(),
            reason_code: String::new(),
            bank_reference: if fate == Fate::Settled { "TX-1".into() } else { String::new() },
            occur_time: one.instruct_time,
        });
        Ok(Response::new(ExecuteInstructionsResponse { outcomes: outcomes.collect() }))
    }

    async fn resolve_payees(
        &self,
        _: Request<ResolvePayeesRequest>,
    ) -> Result<Response<ResolvePayeesResponse>, Status> {
        Err(Status::failed_precondition("this bank takes no files"))
    }
}

impl Part for CoreBanking {
    fn name(&self) -> &'static str {
        "corebank"
    }
    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(CoreBankingServiceServer::new(self.clone()));
    }
    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }
    fn drain(&self) -> futures::future::BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// Core banking that pays everything, and says of the first payment of each call what no contract knows.
#[derive(Clone, Default)]
struct Garbled;

#[tonic::async_trait]
impl CoreBankingService for Garbled {
    async fn check_payouts(&self, _: Request<CheckPayoutsRequest>) -> Result<Response<CheckPayoutsResponse>, Status> {
        Ok(Response::new(CheckPayoutsResponse::default()))
    }

    async fn execute_instructions(
        &self,
        request: Request<ExecuteInstructionsRequest>,
    ) -> Result<Response<ExecuteInstructionsResponse>, Status> {
        let instructions = request.into_inner().instructions;
        let outcomes = instructions.into_iter().enumerate().map(|(at, one)| PayoutOutcome {
            end_to_end_id: one.end_to_end_id,
            status: Fate::Settled.into(),
            reason_code: String::new(),
            bank_reference: if at == 0 { "TX\0\u{1}".into() } else { format!("TX-{at}") },
            occur_time: one.instruct_time,
        });
        Ok(Response::new(ExecuteInstructionsResponse { outcomes: outcomes.collect() }))
    }

    async fn resolve_payees(
        &self,
        _: Request<ResolvePayeesRequest>,
    ) -> Result<Response<ResolvePayeesResponse>, Status> {
        Err(Status::failed_precondition("this bank takes no files"))
    }
}

impl Part for Garbled {
    fn name(&self) -> &'static str {
        "corebank"
    }
    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(CoreBankingServiceServer::new(self.clone()));
    }
    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }
    fn drain(&self) -> futures::future::BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

on_both_engines! {
    async fn an_answer_that_cannot_be_taken_holds_up_no_other(lab: Lab) {
        let server = lab.serve(Garbled).await;
        let bank = Bank::settling(lab.clone(), Settlement::Push(lab.peer(server.address()))).await;
        let mut plan = introduction_plan();
        plan.role_rules.remove(0);
        bank.put_in_force("spring", plan).await;
        let mut names = Vec::new();
        for number in 1..=2 {
            names.push(bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap().remove(0).name);
        }
        bank.pass(DAY * 30).await;
        let mut states = Vec::new();
        for name in &names {
            states.push(bank.reward(name).await.state());
        }
        states.sort();
        assert_eq!(states, [wire::reward::State::Paying, wire::reward::State::Paid]);
        bank.books().await;
    }

    async fn an_instruction_is_sent_until_its_outcome_is_known(lab: Lab) {
        let core = CoreBanking::default();
        let server = lab.serve(core.clone()).await;
        let bank = Bank::settling(lab.clone(), Settlement::Push(lab.peer(server.address()))).await;
        let mut plan = introduction_plan();
        plan.role_rules.remove(0);
        bank.put_in_force("spring", plan).await;
        let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
        bank.lab.clock.advance(DAY * 30).unwrap();
        bank.lab.system.advance(DAY * 30).unwrap();

        let jobs = bank.reward.jobs();
        let job = |name: &str| jobs.iter().find(|job| job.name == name).unwrap().clone();
        job("reward due").run_once().await.unwrap();
        job("reward instruct").run_once().await.unwrap();
        let push = job("reward push");
        assert!(push.run_once().await.is_err(), "the bank is down");
        let sent = bank.reward(&name).await;
        assert!(sent.attempts[0].first_send_time.is_some(), "it may have arrived");
        push.run_once().await.unwrap();
        assert_eq!(bank.reward(&name).await.waiting_for, "core banking to settle the payment");
        push.run_once().await.unwrap();
        assert_eq!(bank.reward(&name).await.state(), wire::reward::State::Paid);
        push.run_once().await.unwrap();

        let told = core.told.lock().unwrap().clone();
        assert_eq!(told.len(), 3, "nothing is left to send");
        assert!(told.iter().all(|call| *call == told[0] && call.len() == 1), "the same attempt each time");
    }
}
