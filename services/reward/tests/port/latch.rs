//! The latch of settlement: what drops it, what it stops, and the two people who lift it.

use crate::bank::{Bank, DAY, introduction_plan, request_id};
use handsel_proto::handsel::{
    corebank::v1::payout_outcome::Status as Fate,
    relay::v1::{GreetRequest, GreetResponse},
    reward::v1::{
        self as wire, SettlementLatch, latch_service_client::LatchServiceClient, settlement_latch::State, sign::Cause,
    },
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::time::Duration;
use tonic::{Response, Status};

/// An id such as ours, of an attempt that was never made.
const FOREIGN: &str = "0123456789abcdef0123456789abcdef012";

impl Bank {
    fn latches(&self) -> LatchServiceClient<tonic::transport::Channel> {
        LatchServiceClient::new(self.channel())
    }

    pub(crate) async fn latch(&self) -> SettlementLatch {
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::GetSettlementLatchRequest {};
        self.latches().get_settlement_latch(self.lab.call(request, &token)).await.unwrap().into_inner()
    }

    pub(crate) async fn stop(&self, person: &str, number: u32, reason: &str) -> SettlementLatch {
        let request = wire::LatchSettlementRequest { request_id: request_id(number), reason: reason.into() };
        self.latches().latch_settlement(self.lab.call(request, &self.approver(person))).await.unwrap().into_inner()
    }

    pub(crate) async fn propose(&self, person: &str, number: u32) -> Result<SettlementLatch, Status> {
        let reconciled = "the bank's statement of today, payout by payout".into();
        let request = wire::ProposeReleaseRequest { request_id: request_id(number), reconciled };
        let answer = self.latches().propose_release(self.lab.call(request, &self.approver(person))).await;
        answer.map(Response::into_inner)
    }

    pub(crate) async fn confirm(&self, person: &str, number: u32, proposal: &str) -> Result<SettlementLatch, Status> {
        let request = wire::ConfirmReleaseRequest { request_id: request_id(number), proposal: proposal.into() };
        let answer = self.latches().confirm_release(self.lab.call(request, &self.approver(person))).await;
        answer.map(Response::into_inner)
    }

    async fn greet(&self, epoch: i64, acknowledged: i64, outdated: bool) -> GreetResponse {
        let request = GreetRequest { source: "referral/reward".into(), epoch, acknowledged, outdated };
        self.inbox().greet(self.lab.call(request, &self.service())).await.unwrap().into_inner()
    }

    async fn stated(&self, kind: &str) -> usize {
        let sql = "SELECT content FROM outbox WHERE destination = 'audit' ORDER BY ordinal";
        let rows: Vec<(Vec<u8>,)> = self.db.all(sql, ()).await.unwrap();
        let of_kind = |content: &[u8]| serde_json::from_slice::<serde_json::Value>(content).unwrap()["type"] == kind;
        rows.iter().filter(|(content,)| of_kind(content)).count()
    }
}

/// A bank with two rewards that are approved by nobody and due in a month.
async fn accrued(lab: Lab) -> Bank {
    let mut plan = introduction_plan();
    plan.role_rules.remove(0);
    let bank = Bank::with_plan(lab, plan).await;
    bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap();
    bank
}

fn causes(latch: &SettlementLatch) -> Vec<Cause> {
    latch.signs.iter().map(wire::Sign::cause).collect()
}

on_both_engines! {
    async fn one_person_stops_payouts_and_two_let_them_go_on(lab: Lab) {
        let bank = accrued(lab).await;
        assert_eq!(bank.latch().await.state(), State::Up);
        let early = bank.propose("fay", 30).await.unwrap_err();
        assert_eq!(reason(&early), "STATE_CONFLICT");
        let down = bank.stop("fay", 31, "a call from the bank").await;
        assert_eq!((down.state(), causes(&down)), (State::Down, vec![Cause::Person]));
        assert_eq!(down.signs[0].author, "fay");
        bank.pass(DAY * 30).await;
        assert!(bank.instructions().await.is_empty(), "nothing is decided");

        let proposed = bank.propose("fay", 32).await.unwrap();
        let first = proposed.proposal.unwrap().id;
        assert_eq!(reason(&bank.confirm("fay", 33, &first).await.unwrap_err()), "MAKER_IS_CHECKER");
        let second = bank.propose("gus", 34).await.unwrap().proposal.unwrap().id;
        assert_eq!(reason(&bank.confirm("hal", 35, &first).await.unwrap_err()), "ETAG_MISMATCH");
        bank.stop("ida", 36, "not yet").await;
        assert_eq!(reason(&bank.confirm("hal", 37, &second).await.unwrap_err()), "STATE_CONFLICT");
        let third = bank.propose("gus", 38).await.unwrap().proposal.unwrap().id;
        assert_eq!(bank.confirm("hal", 39, &third).await.unwrap().state(), State::Up);
        assert_eq!(bank.confirm("hal", 39, &third).await.unwrap().state(), State::Up, "the same call again");

        bank.run_jobs().await;
        assert_eq!(bank.instructions().await.len(), 1);
        assert_eq!(bank.stated("settlement.latched").await, 2);
        assert_eq!(bank.stated("settlement.release_proposed").await, 3);
        assert_eq!(bank.stated("settlement.released").await, 1);
    }

    /// What was decided stays here; what has left is listed under the same id, so that its outcome is learnt.
    async fn what_has_left_is_asked_for_again_and_what_has_not_stays(lab: Lab) {
        let bank = accrued(lab).await;
        bank.pass(DAY * 30).await;
        bank.stop("fay", 40, "a doubt").await;
        assert!(bank.instructions().await.is_empty());
        let proposal = bank.propose("fay", 41).await.unwrap().proposal.unwrap().id;
        bank.confirm("gus", 42, &proposal).await.unwrap();
        let sent = bank.instructions().await.remove(0);
        bank.stop("fay", 43, "another doubt").await;
        assert_eq!(bank.instructions().await, vec![sent.clone()]);
        assert_eq!(bank.report(&sent.end_to_end_id, Fate::Settled, "TX-1").await, "APPLIED PAID");
    }

    async fn a_sender_that_remembers_more_than_we_do_drops_it(lab: Lab) {
        let bank = accrued(lab).await;
        assert_eq!(bank.greet(0, 0, false).await, GreetResponse::default());
        assert_eq!(bank.greet(1, 0, false).await, GreetResponse::default());
        assert_eq!(bank.latch().await.state(), State::Up);
        assert_eq!(bank.greet(2, 7, false).await.epoch, 1);
        bank.greet(2, 7, false).await;
        let latch = bank.latch().await;
        assert_eq!(causes(&latch), [Cause::SenderAhead], "once, however often it is seen");
        assert!(latch.signs[0].detail.contains("receipts up to 7, here messages end at 0"), "{latch:?}");
        assert_eq!(bank.stated("relay.receiver_outdated").await, 2);
    }

    async fn a_sender_that_has_lost_what_we_took_drops_it(lab: Lab) {
        let bank = accrued(lab).await;
        bank.greet(1, 0, true).await;
        assert_eq!(causes(&bank.latch().await), [Cause::SenderOutdated]);
    }

    async fn a_payout_of_ours_that_we_do_not_know_drops_it_once(lab: Lab) {
        let bank = accrued(lab).await;
        assert_eq!(bank.report("SALARY202601", Fate::Settled, "TX-8").await, "REFUSED UNKNOWN_INSTRUCTION UNSPECIFIED");
        assert_eq!(bank.latch().await.state(), State::Up, "not of our making");
        assert_eq!(bank.report(FOREIGN, Fate::Settled, "TX-9").await, "REFUSED UNKNOWN_INSTRUCTION UNSPECIFIED");
        assert_eq!(causes(&bank.latch().await), [Cause::UnknownPayout]);
        let proposal = bank.propose("fay", 50).await.unwrap().proposal.unwrap().id;
        bank.confirm("gus", 51, &proposal).await.unwrap();
        bank.report(FOREIGN, Fate::Settled, "TX-9").await;
        assert_eq!(bank.latch().await.state(), State::Up, "it was reconciled");
    }

    /// No latch: it goes on by itself once the log has everything.
    async fn statements_that_wait_too_long_for_the_log_hold_payouts(lab: Lab) {
        let bank = Bank::waiting(lab, Duration::ZERO).await;
        let mut plan = introduction_plan();
        plan.role_rules.remove(0);
        bank.put_in_force("spring", plan).await;
        bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap();
        bank.pass(DAY * 30).await;
        assert!(bank.instructions().await.is_empty());
        let held = bank.latch().await;
        assert_eq!((held.state(), held.hold.as_str()), (State::Up, "LOG_BEHIND"));
    }
}
