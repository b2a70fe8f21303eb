//! What the log says was paid, held to what the reward service's ledger says.

use crate::{
    holds::Reward,
    stage::{Producer, Stage, config, pseudonyms},
};
use handsel_audit::AuditConfig;
use handsel_money::{Currency, Money, Timestamp};
use handsel_outbox::{
    Actor, Statement,
    statement::{Circumstances, complete, seal, statement_digest},
};
use handsel_proto::handsel::{
    audit::v1::{
        ListFindingsRequest, ReconcileRequest, Reconciliation, SealedStatement, finding::Kind,
        reconcile_service_client::ReconcileServiceClient, reconciliation::Outcome,
    },
    reward::v1::{
        AccountStatement, CustomerAccount, GetAccountStatementRequest, GetCustomerAccountRequest,
        GetTrialBalanceRequest, ListOpenClearingRequest, ListOpenClearingResponse, ListPayoutsRequest,
        ListPayoutsResponse, ListTransfersRequest, ListTransfersResponse, TrialBalance,
        ledger_service_server::{LedgerService, LedgerServiceServer},
        list_payouts_response::{Flow, Payout},
    },
};
use handsel_service::{
    Job, Part, Routes,
    wire::{timestamp_from, to_money, to_timestamp},
};
use handsel_testkit::{Lab, Server, on_both_engines, reason, violated_fields};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

const START: &str = "2026-01-05T00:00:00.000000Z";

pub(crate) fn at(seconds: u64) -> Timestamp {
    START.parse::<Timestamp>().unwrap().checked_add(Duration::from_secs(seconds)).unwrap()
}

fn money(minor: i64) -> Money {
    Money::new("CZK".parse::<Currency>().unwrap(), minor)
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// Stands in for the ledger: what it has, and before which instant it has stated everything.
#[derive(Clone)]
pub(crate) struct Ledger(Arc<Mutex<Stated>>);

/// Transfer, second and minor units of each payout, and before which instant that is all.
pub(crate) type Stated = (Vec<(u128, u64, i64)>, Timestamp);

impl Ledger {
    pub(crate) fn with(payouts: &[(u128, u64, i64)]) -> Self {
        Self(Arc::new(Mutex::new((payouts.to_vec(), Timestamp::MAX))))
    }
}

#[tonic::async_trait]
impl LedgerService for Ledger {
    async fn list_payouts(
        &self,
        request: Request<ListPayoutsRequest>,
    ) -> Result<Response<ListPayoutsResponse>, Status> {
        let asked = request.into_inner();
        let (from, to) = (timestamp_from(asked.start_time.as_ref(), "")?, timestamp_from(asked.end_time.as_ref(), "")?);
        let (payouts, stated) = self.0.lock().unwrap().clone();
        let skip: usize = asked.page_token.parse().unwrap_or(0);
        let all: Vec<_> = payouts.into_iter().filter(|(_, seconds, _)| (from..to).contains(&at(*seconds))).collect();
        // Two to a page, so that pages are followed.
        let page = all.iter().skip(skip).take(2).map(|(number, seconds, minor)| Payout {
            transfer_id: uuid(*number).to_string(),
            reward: format!("rewards/{}", uuid(number + 1_000)),
            flow: Flow::Paid.into(),
            amount: Some(to_money(money(*minor))),
            post_time: Some(to_timestamp(at(*seconds))),
        });
        let next_page_token = if skip + 2 < all.len() { (skip + 2).to_string() } else { String::new() };
        let stated_time = Some(to_timestamp(stated.min(at(1_000_000))));
        Ok(Response::new(ListPayoutsResponse { payouts: page.collect(), next_page_token, stated_time }))
    }

    async fn get_trial_balance(&self, _: Request<GetTrialBalanceRequest>) -> Result<Response<TrialBalance>, Status> {
        Err(Status::internal("nobody asks that"))
    }

    async fn get_account_statement(
        &self,
        _: Request<GetAccountStatementRequest>,
    ) -> Result<Response<AccountStatement>, Status> {
        Err(Status::internal("nobody asks that"))
    }

    async fn get_customer_account(
        &self,
        _: Request<GetCustomerAccountRequest>,
    ) -> Result<Response<CustomerAccount>, Status> {
        Err(Status::internal("nobody asks that"))
    }

    async fn list_transfers(
        &self,
        _: Request<ListTransfersRequest>,
    ) -> Result<Response<ListTransfersResponse>, Status> {
        Err(Status::internal("nobody asks that"))
    }

    async fn list_open_clearing(
        &self,
        _: Request<ListOpenClearingRequest>,
    ) -> Result<Response<ListOpenClearingResponse>, Status> {
        Err(Status::internal("nobody asks that"))
    }
}

impl Part for Ledger {
    fn name(&self) -> &'static str {
        "ledger"
    }

    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(LedgerServiceServer::new(self.clone()));
    }

    fn jobs(&self) -> Vec<Job> {
        Vec::new()
    }

    fn drain(&self) -> futures::future::BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A statement of the ledger's, as the reward service makes it.
pub(crate) fn paid(producer: &mut Producer, number: u128, seconds: u64, minor: i64) -> SealedStatement {
    producer.sequence += 1;
    let reward = format!("rewards/{}", uuid(number + 1_000));
    let statement = Statement {
        kind: "ledger.paid",
        time: at(seconds),
        actor: Actor::system("reward/ledger"),
        subjects: vec![reward.clone(), format!("transfers/{}", uuid(number)), "customers/42".to_owned()],
        action: "pay",
        outcome: "success",
        reason: None,
        correlation: reward,
        amount: Some(money(minor)),
        policy: None,
        body: serde_json::Value::Null,
    };
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, producer.sequence.to_string().as_bytes());
    let around = Circumstances { id, source: producer.source.clone(), traceparent: String::new(), salt: [4; 32] };
    let sealed = seal(statement, &around, &pseudonyms()).unwrap();
    let statement = complete(&sealed.content, 1, producer.sequence, &producer.prev).unwrap();
    producer.prev = statement_digest(&statement);
    SealedStatement { sequence: producer.sequence, statement, body: sealed.body, body_salt: sealed.body_salt }
}

/// A log that has been told of these payouts, beside a ledger that has those.
async fn beside(lab: Lab, log: &[(u128, u64, i64)], ledger: &Ledger, daily: Option<Duration>) -> (Stage, Server) {
    lab.clock.set(at(500_000)).unwrap();
    let server = lab.serve_all(vec![Arc::new(ledger.clone()), Arc::new(Reward::default())]).await;
    let config = AuditConfig { reward: Some(lab.peer(server.address())), reconcile: daily, ..config() };
    let stage = Stage::with(lab, config).await;
    let mut producer = Producer::of("reward/audit");
    for (number, seconds, minor) in log {
        let statement = paid(&mut producer, *number, *seconds, *minor);
        stage.append("reward/audit", 1, vec![statement]).await.unwrap();
    }
    (stage, server)
}

impl Stage {
    pub(crate) async fn reconcile(&self, from: Timestamp, to: Timestamp) -> Result<Reconciliation, Status> {
        let (from_time, to_time) = (Some(to_timestamp(from)), Some(to_timestamp(to)));
        let asked = ReconcileRequest { source: "reward/audit".to_owned(), from_time, to_time };
        let mut client = ReconcileServiceClient::new(self.server.channel());
        client.reconcile(self.ask(asked)).await.map(Response::into_inner)
    }

    async fn mismatches(&self) -> Vec<(String, String, String)> {
        let listed = self.integrity().list_findings(self.ask(ListFindingsRequest::default())).await.unwrap();
        let of_kind = listed.into_inner().findings.into_iter().filter(|one| one.kind() == Kind::LedgerMismatch);
        of_kind.map(|one| (one.place, one.expected, one.actual)).collect()
    }
}

on_both_engines! {
    async fn what_is_the_same_on_both_sides_is_recorded_and_nothing_found(lab: Lab) {
        let payouts = [(1, 10, 500), (2, 20, 700), (3, 86_400, 900)];
        let ledger = Ledger::with(&payouts);
        // The log has them in another order.
        let (stage, _server) = beside(lab, &[payouts[2], payouts[0], payouts[1]], &ledger, None).await;
        let day = stage.reconcile(at(0), at(86_400)).await.unwrap();
        assert_eq!((day.outcome(), day.finding.as_str(), day.record_index), (Outcome::Matched, "", Some(3)));
        let total = &day.totals[0];
        assert_eq!((total.ledger_count, total.log_count, &total.log_sum), (2, 2, &Some(to_money(money(1_200)))));
        let both = stage.reconcile(at(0), at(86_401)).await.unwrap();
        assert_eq!((both.outcome(), both.totals[0].log_count), (Outcome::Matched, 3));
        assert_eq!(stage.kinds().await[3..], ["audit.reconciled", "audit.reconciled"]);
        assert_eq!(stage.mismatches().await, []);
    }

    async fn each_payout_that_differs_is_named_and_is_a_finding_once(lab: Lab) {
        let ledger = Ledger::with(&[(1, 10, 500), (2, 20, 700), (3, 30, 900)]);
        // The first is stated with another amount, the second twice, the third never, and one that nobody paid.
        let (stage, _server) = beside(lab, &[(1, 10, 501), (2, 20, 700), (2, 20, 700), (4, 40, 1)], &ledger, None).await;
        let found = stage.reconcile(at(0), at(100)).await.unwrap();
        assert_eq!((found.outcome(), found.finding.as_str(), found.differences_left_out), (Outcome::Different, "findings/1", 0));
        let told: Vec<_> = found.differences.iter()
            .map(|one| (one.reward.as_str() == format!("rewards/{}", Uuid::parse_str(&one.transfer_id).map(|id| uuid(id.as_u128() + 1_000)).unwrap()),
                Uuid::parse_str(&one.transfer_id).unwrap().as_u128(), one.ledger.is_some(), one.log_count))
            .collect();
        assert_eq!(told, [(true, 1, true, 1), (true, 2, true, 2), (true, 3, true, 0), (true, 4, false, 1)]);
        let again = stage.reconcile(at(0), at(100)).await.unwrap();
        assert_eq!(again.finding, "findings/1");
        assert_eq!(stage.mismatches().await, [(
            "reward/audit from 2026-01-05T00:00:00.000000Z to 2026-01-05T00:01:40.000000Z".to_owned(),
            "Paid 3 CZK 2100 minor".to_owned(),
            format!("Paid 4 CZK 1902 minor; transfers/{}", uuid(1)),
        )]);
        assert_eq!(stage.kinds().await[4..], ["audit.reconciled", "audit.finding", "audit.reconciled"]);
    }

    async fn nothing_is_said_while_statements_are_on_their_way(lab: Lab) {
        let ledger = Ledger::with(&[(1, 10, 500)]);
        let (stage, server) = beside(lab, &[], &ledger, None).await;
        ledger.0.lock().unwrap().1 = at(10);
        let waiting = stage.reconcile(at(0), at(100)).await.unwrap();
        assert_eq!((waiting.outcome(), waiting.record_index), (Outcome::Incomplete, None));
        assert_eq!(stage.mismatches().await, []);
        for (from, to, field) in [(5, 5, "to_time"), (0, 500_001, "to_time")] {
            let refused = stage.reconcile(at(from), at(to)).await.unwrap_err();
            assert_eq!((reason(&refused).as_str(), violated_fields(&refused)), ("FIELD_INVALID", vec![field.to_owned()]));
        }
        server.stop().await;
        let away = stage.reconcile(at(0), at(100)).await.unwrap_err();
        assert_eq!(away.code(), Code::Unavailable);
    }

    async fn each_day_is_compared_once_it_is_over(lab: Lab) {
        let ledger = Ledger::with(&[(1, 4 * 86_400 + 5, 500), (2, 5 * 86_400 + 5, 700)]);
        let (stage, _server) = beside(lab, &[(1, 4 * 86_400 + 5, 500)], &ledger, Some(Duration::from_secs(3_600))).await;
        let compared = async || stage.kinds().await.into_iter().filter(|kind| kind == "audit.reconciled").count();
        assert_eq!(compared().await, 1);
        assert_eq!(compared().await, 1, "a day is compared once");
        assert_eq!(stage.mismatches().await, []);
        stage.lab.clock.set(at(6 * 86_400 + 1)).unwrap();
        assert_eq!(compared().await, 2);
        assert_eq!(stage.mismatches().await.len(), 1, "what the ledger paid that day, the log was never told");
    }
}
