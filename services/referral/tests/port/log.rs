//! A log for tests, as far as it knows of holds: it clears erasures, or says which hold is in the way, or is away.

use futures::{FutureExt, future::BoxFuture};
use handsel_proto::handsel::audit::v1::{
    CheckErasureRequest, CheckErasureResponse, ClearErasureRequest, ClearErasureResponse,
    clearance_service_server::{ClearanceService, ClearanceServiceServer},
};
use handsel_service::{Job, Part, Routes, status::DOMAIN};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// How it answers.
#[derive(Clone, Default)]
pub(crate) enum Answer {
    #[default]
    Clear,
    Held,
    Away,
}

#[derive(Default)]
struct State {
    answer: Answer,
    cleared: Vec<String>,
    asked_about: Vec<String>,
}

/// The log of a test.
#[derive(Clone, Default)]
pub(crate) struct FakeLog(Arc<Mutex<State>>);

impl FakeLog {
    pub(crate) fn answers(&self, answer: Answer) {
        self.0.lock().unwrap().answer = answer;
    }

    /// The erasures that it has cleared, each once.
    pub(crate) fn cleared(&self) -> Vec<String> {
        self.0.lock().unwrap().cleared.clone()
    }

    /// Whom it was asked about last.
    pub(crate) fn asked_about(&self) -> Vec<String> {
        self.0.lock().unwrap().asked_about.clone()
    }
}

#[tonic::async_trait]
impl ClearanceService for FakeLog {
    async fn check_erasure(
        &self,
        request: Request<CheckErasureRequest>,
    ) -> Result<Response<CheckErasureResponse>, Status> {
        let mut state = self.0.lock().unwrap();
        state.asked_about = request.into_inner().subjects;
        match state.answer {
            Answer::Clear => Ok(Response::new(CheckErasureResponse { hold: String::new() })),
            Answer::Held => Ok(Response::new(CheckErasureResponse { hold: "holds/7".into() })),
            Answer::Away => Err(Status::unavailable("away")),
        }
    }

    async fn clear_erasure(
        &self,
        request: Request<ClearErasureRequest>,
    ) -> Result<Response<ClearErasureResponse>, Status> {
        let mut state = self.0.lock().unwrap();
        let ClearErasureRequest { erasure, subjects } = request.into_inner();
        state.asked_about = subjects;
        match state.answer {
            Answer::Clear => {
                let found = state.cleared.iter().position(|cleared| *cleared == erasure);
                let record = found.unwrap_or_else(|| {
                    state.cleared.push(erasure);
                    state.cleared.len() - 1
                });
                Ok(Response::new(ClearErasureResponse { record: i64::try_from(record).unwrap() }))
            }
            Answer::Held => {
                let hold = HashMap::from([("hold".to_owned(), "holds/7".to_owned())]);
                let details = ErrorDetails::with_error_info("HELD", DOMAIN, hold);
                Err(Status::with_error_details(Code::FailedPrecondition, "held", details))
            }
            Answer::Away => Err(Status::unavailable("away")),
        }
    }
}

impl Part for FakeLog {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(ClearanceServiceServer::new(self.clone()));
    }

    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        async {}.boxed()
    }
}
