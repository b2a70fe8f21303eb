//! The two services that are told of tiers, as small as they can be: they note what they are told, each number once.

use futures::future::BoxFuture;
use handsel_proto::handsel::{
    referral::v1::{self as referral, referral_inbox_service_server as referral_server},
    relay::v1::{GreetRequest, GreetResponse, Origin, Outcome, Receipt},
    reward::v1::{self as reward, reward_inbox_service_server as reward_server},
};
use handsel_service::{Job, Part, Routes, wire};
use std::sync::{Arc, Mutex};
use tonic::{Request, Response, Status};

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It is not taken.
    Before,
    /// It is taken, and the answer is lost.
    After,
}

/// One inbox. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inbox {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// What it was told, a line each, by number from 1 on.
    told: Vec<String>,
    /// The calls to come that go wrong, the last one first.
    troubles: Vec<Trouble>,
}

impl Inbox {
    pub(crate) fn troubled(&self, troubles: &[Trouble]) {
        self.kept.lock().unwrap().troubles = troubles.iter().rev().copied().collect();
    }

    pub(crate) fn told(&self) -> Vec<String> {
        self.kept.lock().unwrap().told.clone()
    }

    fn take(&self, origin: Option<Origin>, from: &str, messages: Vec<(i64, String)>) -> Result<Vec<Receipt>, Status> {
        let mut kept = self.kept.lock().unwrap();
        assert_eq!(origin.unwrap().source, from);
        let trouble = kept.troubles.pop();
        if trouble == Some(Trouble::Before) {
            return Err(Status::unavailable("not now"));
        }
        let mut receipts = Vec::new();
        for (sequence, line) in messages {
            let place = usize::try_from(sequence).unwrap() - 1;
            match kept.told.get(place) {
                Some(told) => assert_eq!(*told, line, "the same number says the same"),
                None if place == kept.told.len() => kept.told.push(line),
                None => panic!("number {sequence} leaves a gap"),
            }
            receipts.push(Receipt { sequence, outcome: Outcome::Applied.into(), ..Receipt::default() });
        }
        if trouble == Some(Trouble::After) { Err(Status::unavailable("lost")) } else { Ok(receipts) }
    }
}

fn at(time: Option<prost_types::Timestamp>) -> String {
    wire::timestamp_from(time.as_ref(), "effective_time").unwrap().to_string()
}

/// The reward service's inbox.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reward(pub(crate) Inbox);

/// Says that it remembers whatever the sender does.
fn level(greeting: Request<GreetRequest>) -> Response<GreetResponse> {
    let GreetRequest { epoch, acknowledged, .. } = greeting.into_inner();
    Response::new(GreetResponse { epoch, last_sequence: acknowledged, last_digest: Vec::new() })
}

#[tonic::async_trait]
impl reward_server::RewardInboxService for Reward {
    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        Ok(level(request))
    }

    async fn deliver(
        &self,
        request: Request<reward::DeliverRequest>,
    ) -> Result<Response<reward::DeliverResponse>, Status> {
        let reward::DeliverRequest { origin, messages } = request.into_inner();
        let said = |message: reward::deliver_request::Message| {
            let Some(reward::deliver_request::message::Content::TierChange(change)) = message.content else {
                panic!("not a tier: {message:?}")
            };
            let reward::TierChange { customer, tier, effective_time } = change;
            (message.sequence, format!("{customer} {tier} from {}", at(effective_time)))
        };
        let receipts = self.0.take(origin, "tier/reward", messages.into_iter().map(said).collect())?;
        Ok(Response::new(reward::DeliverResponse { receipts }))
    }
}

/// The referral service's inbox.
#[derive(Debug, Clone, Default)]
pub(crate) struct Referral(pub(crate) Inbox);

#[tonic::async_trait]
impl referral_server::ReferralInboxService for Referral {
    async fn greet(&self, request: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        Ok(level(request))
    }

    async fn deliver(
        &self,
        request: Request<referral::DeliverRequest>,
    ) -> Result<Response<referral::DeliverResponse>, Status> {
        let referral::DeliverRequest { origin, messages } = request.into_inner();
        let said = |message: referral::deliver_request::Message| {
            let Some(referral::deliver_request::message::Content::TierChange(change)) = message.content else {
                panic!("not a tier: {message:?}")
            };
            let referral::TierChange { customer, tier, effective_time, core } = change;
            let core = if core { " (core)" } else { "" };
            (message.sequence, format!("{customer} {tier}{core} from {}", at(effective_time)))
        };
        let receipts = self.0.take(origin, "tier/referral", messages.into_iter().map(said).collect())?;
        Ok(Response::new(referral::DeliverResponse { receipts }))
    }
}

impl Part for Reward {
    fn name(&self) -> &'static str {
        "reward"
    }
    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(reward_server::RewardInboxServiceServer::new(self.clone()));
    }
    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }
    fn drain(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

impl Part for Referral {
    fn name(&self) -> &'static str {
        "referral"
    }
    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(referral_server::ReferralInboxServiceServer::new(self.clone()));
    }
    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }
    fn drain(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
