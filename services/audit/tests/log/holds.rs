//! What is kept as it is: by whom it is released, and that a reward service that is away, dies or refuses is told until it answers.

use crate::{
    cases::id,
    stage::{Stage, config},
};
use handsel_audit::AuditConfig;
use handsel_proto::handsel::{
    audit::v1::{
        CloseCaseRequest, GetHoldRequest, Hold, ListHoldsRequest, PlaceHoldRequest, ReleaseHoldRequest,
        hold::{Records, Scope, State, payments::State as Payments, scope::What},
        hold_service_client::HoldServiceClient,
    },
    relay::v1::{GreetRequest, GreetResponse, Outcome, Receipt},
    reward::v1::{
        DeliverRequest, DeliverResponse,
        deliver_request::message::Content,
        reward_inbox_service_server::{RewardInboxService, RewardInboxServiceServer},
    },
};
use handsel_service::{Job, Part, Routes};
use handsel_testkit::{Lab, Role, Server, on_both_engines, reason, violated_fields};
use std::sync::{Arc, Mutex};
use tonic::{Code, Request, Response, Status, transport::Channel};
use uuid::Uuid;

/// Stands in for the reward service: takes each number once, refuses what it is told to, and is away when it is told to.
#[derive(Clone, Default)]
pub(crate) struct Reward(Arc<Mutex<Books>>);

#[derive(Default)]
struct Books {
    told: Vec<Content>,
    receipts: Vec<Receipt>,
    refuses: bool,
    /// It takes what it is told, and dies before it answers.
    dies: bool,
}

impl Reward {
    fn books(&self) -> std::sync::MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }

    fn told(&self) -> Vec<&'static str> {
        let kind = |content: &Content| match content {
            Content::HoldPlaced(_) => "placed",
            Content::HoldReleased(_) => "released",
            _ => "other",
        };
        self.books().told.iter().map(kind).collect()
    }
}

#[tonic::async_trait]
impl RewardInboxService for Reward {
    async fn greet(&self, _: Request<GreetRequest>) -> Result<Response<GreetResponse>, Status> {
        let last_sequence = i64::try_from(self.books().receipts.len()).unwrap();
        Ok(Response::new(GreetResponse { epoch: i64::from(last_sequence > 0), last_sequence, last_digest: Vec::new() }))
    }

    async fn deliver(&self, request: Request<DeliverRequest>) -> Result<Response<DeliverResponse>, Status> {
        let mut books = self.books();
        let mut receipts = Vec::new();
        for message in request.into_inner().messages {
            let place = usize::try_from(message.sequence - 1).unwrap();
            if books.receipts.len() == place {
                let (outcome, reason) =
                    if books.refuses { (Outcome::Refused, "NOT_FOUND") } else { (Outcome::Applied, "") };
                let sequence = message.sequence;
                let receipt =
                    Receipt { sequence, outcome: outcome.into(), reason: reason.to_owned(), resource: String::new() };
                books.receipts.push(receipt);
                books.told.extend(message.content);
            }
            receipts.push(books.receipts[place].clone());
        }
        if std::mem::take(&mut books.dies) {
            return Err(Status::unavailable("it died"));
        }
        Ok(Response::new(DeliverResponse { receipts }))
    }
}

impl Part for Reward {
    fn name(&self) -> &'static str {
        "reward"
    }

    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(RewardInboxServiceServer::new(self.clone()));
    }

    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }

    fn drain(&self) -> futures::future::BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Stage {
    fn holds(&self) -> HoldServiceClient<Channel> {
        HoldServiceClient::new(self.server.channel())
    }

    pub(crate) async fn place(&self, request: u128, what: What, case: &str) -> Result<Hold, Status> {
        let asked = PlaceHoldRequest {
            request_id: id(request),
            scope: Some(Scope { what: Some(what) }),
            reason: "COURT_ORDER".to_owned(),
            case: case.to_owned(),
        };
        self.holds().place_hold(self.ask(asked)).await.map(Response::into_inner)
    }

    pub(crate) async fn release(&self, person: &str, request: u128, hold: &Hold) -> Result<Hold, Status> {
        let token = self.lab.token(Role::ComplianceOfficer, "*", person);
        let asked = ReleaseHoldRequest { request_id: id(request), name: hold.name.clone(), etag: String::new() };
        self.holds().release_hold(self.lab.call(asked, &token)).await.map(Response::into_inner)
    }

    async fn hold(&self, hold: &Hold) -> Hold {
        let asked = GetHoldRequest { name: hold.name.clone() };
        self.holds().get_hold(self.ask(asked)).await.unwrap().into_inner()
    }

    async fn payments(&self, hold: &Hold) -> Payments {
        self.hold(hold).await.payments.unwrap().state()
    }
}

/// A log beside a reward service.
async fn beside(lab: &Lab, reward: &Reward) -> (Stage, Server) {
    let server = lab.serve(reward.clone()).await;
    let config = AuditConfig { reward: Some(lab.peer(server.address())), ..config() };
    (Stage::with(lab.clone(), config).await, server)
}

fn payments_of(name: &str) -> What {
    What::Payments(name.to_owned())
}

on_both_engines! {
    async fn a_hold_stops_payments_and_says_when_and_two_people_release_it(lab: Lab) {
        let reward = Reward::default();
        let (stage, _server) = beside(&lab, &reward).await;
        let case = stage.open_case(1).await.unwrap();
        let hold = stage.place(2, payments_of("customers/42"), &case.name).await.unwrap();
        assert_eq!((hold.state(), hold.payments.as_ref().unwrap().state()), (State::Active, Payments::Owed));
        assert_eq!(stage.place(2, payments_of("customers/42"), &case.name).await.unwrap(), hold, "sent again, it is the same");
        stage.sign().await;
        assert_eq!(reward.told(), ["placed"], "and told once");
        let Content::HoldPlaced(told) = reward.books().told[0].clone() else { panic!("not placed") };
        assert_eq!((told.hold.as_str(), told.target.as_str(), told.placed_by.as_str()), (hold.name.as_str(), "customers/42", "olga"));
        assert_eq!(stage.payments(&hold).await, Payments::InForce);

        let close = CloseCaseRequest { request_id: id(3), name: case.name.clone(), outcome: "UNFOUNDED".to_owned(), etag: String::new() };
        let refused = stage.cases().close_case(stage.ask(close)).await.unwrap_err();
        assert_eq!(reason(&refused), "STATE_CONFLICT", "its hold is in force");

        let proposed = stage.release("olga", 4, &hold).await.unwrap();
        assert_eq!((proposed.state(), proposed.release_proposed_by.as_str()), (State::ReleaseProposed, "olga"));
        let own = stage.release("olga", 5, &hold).await.unwrap_err();
        assert_eq!((own.code(), reason(&own).as_str()), (Code::PermissionDenied, "MAKER_IS_CHECKER"));
        stage.sign().await;
        assert_eq!(reward.told(), ["placed"], "one person is not enough");
        let released = stage.release("karel", 6, &hold).await.unwrap();
        assert_eq!((released.state(), released.released_by.as_str()), (State::Released, "karel"));
        assert_eq!(released.payments.unwrap().state(), Payments::InForce, "until the reward service has answered");
        stage.sign().await;
        assert_eq!((reward.told(), stage.payments(&hold).await), (vec!["placed", "released"], Payments::Lifted));
        let again = stage.release("jana", 7, &hold).await.unwrap_err();
        assert_eq!(reason(&again), "STATE_CONFLICT");
        let kinds = stage.kinds().await.into_iter().filter(|kind| kind != "audit.read").collect::<Vec<_>>();
        assert_eq!(kinds, ["case.opened", "hold.placed", "hold.in_force", "hold.release_proposed", "hold.released", "hold.lifted"]);
    }

    async fn a_reward_service_that_is_away_or_dies_is_told_until_it_answers(lab: Lab) {
        let reward = Reward::default();
        let (stage, server) = beside(&lab, &reward).await;
        server.stop().await;
        let hold = stage.place(1, payments_of("plans/friends"), "").await.unwrap();
        stage.try_sign().await.unwrap_err();
        assert_eq!(stage.payments(&hold).await, Payments::Owed, "nobody says that payment is stopped");
        // It comes back elsewhere, and the log is another process by then.
        let server = lab.serve(reward.clone()).await;
        let config = AuditConfig { reward: Some(lab.peer(server.address())), ..config() };
        let stage = stage.restarted_with(config).await.unwrap();
        reward.books().dies = true;
        stage.try_sign().await.unwrap_err();
        assert_eq!((reward.told(), stage.payments(&hold).await), (vec!["placed"], Payments::Owed));
        stage.sign().await;
        assert_eq!((reward.told(), stage.payments(&hold).await), (vec!["placed"], Payments::InForce));
    }

    async fn a_refusal_is_shown_and_records_are_kept_all_the_same(lab: Lab) {
        let reward = Reward::default();
        reward.books().refuses = true;
        let (stage, _server) = beside(&lab, &reward).await;
        let hold = stage.place(1, payments_of(&format!("rewards/{}", Uuid::from_u128(7))), "").await.unwrap();
        stage.sign().await;
        let shown = stage.hold(&hold).await;
        let payments = shown.payments.unwrap();
        assert_eq!((shown.state, payments.state(), payments.reason.as_str()), (State::Active.into(), Payments::Refused, "NOT_FOUND"));
        assert!(stage.kinds().await.contains(&"hold.refused".to_owned()));
    }

    async fn holds_on_records_concern_nobody_else(lab: Lab) {
        let stage = Stage::set(lab).await;
        let range = |first_index, end_index| What::Records(Records { first_index, end_index, source: "reward/audit".to_owned() });
        let empty = stage.place(1, range(5, 5), "").await.unwrap_err();
        assert_eq!(violated_fields(&empty), ["scope.records.end_index"]);
        let unknown = stage.place(2, range(0, 9), &format!("cases/{}", id(1))).await.unwrap_err();
        assert_eq!(reason(&unknown), "NOT_FOUND");
        let records = stage.place(3, range(0, 9), "").await.unwrap();
        stage.lab.system.advance(std::time::Duration::from_secs(1)).unwrap();
        let kind = stage.place(4, What::Type("reward.".to_owned()), "").await.unwrap();
        stage.lab.system.advance(std::time::Duration::from_secs(1)).unwrap();
        let subject = stage.place(5, What::Subject("customers/42".to_owned()), "").await.unwrap();
        assert!([&records, &kind, &subject].into_iter().all(|hold| hold.payments.is_none()));
        stage.release("olga", 6, &kind).await.unwrap();
        stage.release("karel", 7, &kind).await.unwrap();

        let list = async |asked: ListHoldsRequest| {
            let listed = stage.holds().list_holds(stage.ask(asked)).await.unwrap().into_inner();
            (listed.holds.into_iter().map(|hold| hold.name).collect::<Vec<_>>(), listed.next_page_token)
        };
        let (all, _) = list(ListHoldsRequest::default()).await;
        assert_eq!(all, [&subject, &kind, &records].map(|hold| hold.name.clone()));
        let asked = ListHoldsRequest { in_force_only: true, page_size: 1, ..Default::default() };
        let (first, next) = list(asked.clone()).await;
        let (second, end) = list(ListHoldsRequest { page_token: next, ..asked }).await;
        assert_eq!((first, second, end.as_str()), (vec![subject.name.clone()], vec![records.name], ""));
        let (about, _) = list(ListHoldsRequest { subject: "customers/42".to_owned(), ..Default::default() }).await;
        assert_eq!(about, [subject.name]);
        let read = stage.read().await;
        assert!(read.iter().all(|statement| !statement.to_string().contains("customers/42")), "a statement names nobody");
    }

    async fn a_frozen_log_takes_no_act(lab: Lab) {
        let stage = Stage::set(lab.clone()).await;
        stage.open_case(1).await.unwrap();
        stage.sign().await;
        let mut past = crate::past::Past::of(&lab).await;
        past.run("UPDATE leaf SET hash = (SELECT hash FROM leaf WHERE leaf_index = 0)").await;
        past.run("UPDATE head SET epoch = 99").await;
        stage.verify().await.1.unwrap_err();
        let frozen = stage.place(2, What::Type("reward.".to_owned()), "").await.unwrap_err();
        assert_eq!((frozen.code(), reason(&frozen).as_str()), (Code::FailedPrecondition, "LOG_FROZEN"));
        let listed = stage.holds().list_holds(stage.ask(ListHoldsRequest::default())).await.unwrap_err();
        assert_eq!(reason(&listed), "LOG_FROZEN", "nobody reads without a trace");
    }
}
