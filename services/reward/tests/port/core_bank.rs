//! Core banking of which a payout is asked, its words in the test's hand.

use futures::future::BoxFuture;
use handsel_proto::handsel::corebank::v1::{
    CheckPayoutsRequest, CheckPayoutsResponse, ExecuteInstructionsRequest, ExecuteInstructionsResponse, PayoutAnswer,
    PayoutCheck, PayoutQuestion, ResolvePayeesRequest, ResolvePayeesResponse,
    core_banking_service_server::{CoreBankingService, CoreBankingServiceServer},
    payout_check::{Kind, Verdict},
};
use handsel_service::{Job, Part, Routes};
use std::sync::{Arc, Mutex};
use tonic::{Request, Response, Status};

/// What it says of a call.
type Words = Arc<dyn Fn(Vec<PayoutQuestion>) -> Result<Vec<PayoutAnswer>, Status> + Send + Sync>;

/// A bank that lists instructions by itself, and says of payouts what it was told to.
#[derive(Clone)]
pub(crate) struct CoreBank {
    words: Arc<Mutex<Words>>,
    asked: Arc<Mutex<Vec<PayoutQuestion>>>,
}

impl CoreBank {
    /// One that lets everybody be paid.
    pub(crate) fn content() -> Self {
        Self { words: Arc::new(Mutex::new(Arc::new(|asked| Ok(passed(asked))))), asked: Arc::default() }
    }

    /// From now on it says this.
    pub(crate) fn says(
        &self,
        words: impl Fn(Vec<PayoutQuestion>) -> Result<Vec<PayoutAnswer>, Status> + Send + Sync + 'static,
    ) {
        *self.words.lock().unwrap() = Arc::new(words);
    }

    /// From now on it has this against everybody, in this one respect.
    pub(crate) fn denies(&self, kind: Kind, code: &'static str) {
        self.says(move |asked| Ok(denied(asked, kind, Verdict::Fail, code)));
    }

    /// Everything that it was asked since the last time, in order.
    pub(crate) fn asked(&self) -> Vec<PayoutQuestion> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// Yes to everything.
pub(crate) fn passed(asked: Vec<PayoutQuestion>) -> Vec<PayoutAnswer> {
    denied(asked, Kind::Unspecified, Verdict::Pass, "")
}

/// Yes to everything but one.
pub(crate) fn denied(asked: Vec<PayoutQuestion>, but: Kind, verdict: Verdict, code: &str) -> Vec<PayoutAnswer> {
    let check = |kind: i32| {
        let (word, code) = if kind == i32::from(but) { (verdict, code) } else { (Verdict::Pass, "") };
        PayoutCheck { kind, verdict: word.into(), reason_code: code.into() }
    };
    let answer = |question: PayoutQuestion| PayoutAnswer {
        reward: question.reward,
        checks: question.checks.into_iter().map(check).collect(),
    };
    asked.into_iter().map(answer).collect()
}

#[tonic::async_trait]
impl CoreBankingService for CoreBank {
    async fn check_payouts(
        &self,
        request: Request<CheckPayoutsRequest>,
    ) -> Result<Response<CheckPayoutsResponse>, Status> {
        let asked = request.into_inner().questions;
        self.asked.lock().unwrap().extend(asked.clone());
        let words = Arc::clone(&self.words.lock().unwrap());
        words(asked).map(|answers| Response::new(CheckPayoutsResponse { answers }))
    }

    async fn execute_instructions(
        &self,
        _: Request<ExecuteInstructionsRequest>,
    ) -> Result<Response<ExecuteInstructionsResponse>, Status> {
        Err(Status::failed_precondition("this bank lists instructions"))
    }

    async fn resolve_payees(
        &self,
        _: Request<ResolvePayeesRequest>,
    ) -> Result<Response<ResolvePayeesResponse>, Status> {
        Err(Status::failed_precondition("this bank takes no files"))
    }
}

impl Part for CoreBank {
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
        Box::pin(async {})
    }
}
