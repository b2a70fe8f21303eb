//! Holds: what is held does not leave, whatever is approved, retried or restarted; and two people release it.

use crate::bank::{Bank, DAY, introduction_plan, referral, request_id};
use futures::future::join;
use handsel_proto::handsel::{
    corebank::v1::payout_outcome::Status as Fate,
    reward::v1::{self as wire, hold_service_client::HoldServiceClient},
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::{Code, Response, Status};

impl Bank {
    pub(crate) async fn place_hold(&self, request: u32, target: &str) -> Result<wire::Hold, Status> {
        let message = wire::PlaceHoldRequest {
            request_id: request_id(request),
            target: target.into(),
            reason: "SUSPECTED_COLLUSION".into(),
        };
        let call = self.lab.call(message, &self.lab.token(Role::ComplianceOfficer, "*", "karel"));
        HoldServiceClient::new(self.channel()).place_hold(call).await.map(Response::into_inner)
    }

    pub(crate) async fn release_hold(&self, person: &str, request: u32, name: &str) -> Result<wire::Hold, Status> {
        let message =
            wire::ReleaseHoldRequest { request_id: request_id(request), name: name.into(), etag: String::new() };
        let call = self.lab.call(message, &self.lab.token(Role::ComplianceOfficer, "*", person));
        HoldServiceClient::new(self.channel()).release_hold(call).await.map(Response::into_inner)
    }

    async fn holds_on(&self, target: &str) -> Vec<wire::Hold> {
        let message = wire::ListHoldsRequest { target: target.into(), ..wire::ListHoldsRequest::default() };
        let call = self.lab.call(message, &self.lab.token(Role::InternalAuditor, "*", None));
        HoldServiceClient::new(self.channel()).list_holds(call).await.unwrap().into_inner().holds
    }
}

/// A plan that pays the referee 50.00 and asks nobody.
fn referee_only() -> wire::Plan {
    let mut plan = introduction_plan();
    plan.role_rules.remove(0);
    plan
}

async fn granted(lab: Lab) -> (Bank, String) {
    let bank = Bank::with_plan(lab, referee_only()).await;
    let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
    (bank, name)
}

on_both_engines! {
    async fn a_held_reward_waits_and_two_people_release_it(lab: Lab) {
        let (bank, name) = granted(lab).await;
        let hold = bank.place_hold(50, &name).await.unwrap();
        assert_eq!((hold.state(), hold.placed_by.as_str()), (wire::hold::State::Active, "karel"));
        assert_eq!(bank.place_hold(50, &name).await.unwrap(), hold, "asked again, it is the same");
        bank.pass(DAY * 30).await;
        let held = bank.reward(&name).await;
        assert_eq!(held.state(), wire::reward::State::Approved);
        assert_eq!(held.holds, std::slice::from_ref(&hold));

        let proposed = bank.release_hold("karel", 51, &hold.name).await.unwrap();
        assert_eq!(proposed.state(), wire::hold::State::ReleaseProposed);
        let own = bank.release_hold("karel", 52, &hold.name).await.unwrap_err();
        assert_eq!((own.code(), reason(&own).as_str()), (Code::PermissionDenied, "MAKER_IS_CHECKER"));
        bank.run_jobs().await;
        assert!(bank.instructions().await.is_empty(), "it holds until a second person says otherwise");
        let released = bank.release_hold("lena", 53, &hold.name).await.unwrap();
        assert_eq!((released.state(), released.released_by.as_str()), (wire::hold::State::Released, "lena"));
        let again = bank.release_hold("mona", 54, &hold.name).await.unwrap_err();
        assert_eq!(reason(&again), "STATE_CONFLICT");
        bank.run_jobs().await;
        assert_eq!(bank.instructions().await.len(), 1);
        assert!(bank.reward(&name).await.holds.is_empty());
    }

    async fn a_hold_reaches_an_attempt_that_was_decided_and_has_not_left(lab: Lab) {
        let (bank, name) = granted(lab.clone()).await;
        bank.pass(DAY * 30).await;
        assert_eq!(bank.reward(&name).await.state(), wire::reward::State::Paying);
        let hold = bank.place_hold(50, &referral(1)).await.unwrap();
        assert!(bank.instructions().await.is_empty());
        // Another process over the same database knows it as well.
        let other = Bank::open(lab).await;
        assert!(other.instructions().await.is_empty());
        bank.release_hold("karel", 51, &hold.name).await.unwrap();
        bank.release_hold("lena", 52, &hold.name).await.unwrap();
        assert_eq!(bank.instructions().await.len(), 1);
    }

    async fn what_has_left_is_asked_for_again_though_it_is_held(lab: Lab) {
        let (bank, name) = granted(lab).await;
        bank.pass(DAY * 30).await;
        let id = bank.instructions().await.remove(0).end_to_end_id;
        bank.place_hold(50, "plans/spring").await.unwrap();
        assert_eq!(bank.instructions().await.len(), 1, "the bank may have paid it: its outcome is awaited");
        // A refusal and a retry make a new attempt, which is held.
        bank.report(&id, Fate::Rejected, "").await;
        bank.retry("fay", &request_id(20), &name).await.unwrap();
        bank.run_jobs().await;
        assert!(bank.instructions().await.is_empty());
        assert_eq!(bank.reward(&name).await.state(), wire::reward::State::Approved);
    }

    async fn a_hold_survives_an_approval(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let referrer = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap().remove(0).name;
        bank.place_hold(50, &referrer).await.unwrap();
        bank.pass(DAY * 30).await;
        bank.approve("fay", &request_id(11), &[&referrer], "240.00 CNY").await.unwrap();
        bank.run_jobs().await;
        assert_eq!(bank.reward(&referrer).await.state(), wire::reward::State::Approved);
        assert_eq!(bank.instructions().await.len(), 1, "the referee's alone");
    }

    async fn what_is_not_there_is_not_held_and_holds_are_listed(lab: Lab) {
        let (bank, name) = granted(lab).await;
        let unknown = bank.place_hold(50, &format!("rewards/{}", uuid::Uuid::from_u128(9))).await.unwrap_err();
        assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "NOT_FOUND"));
        let unknown = bank.release_hold("karel", 51, &format!("holds/{}", uuid::Uuid::from_u128(9))).await.unwrap_err();
        assert_eq!(reason(&unknown), "NOT_FOUND");
        bank.place_hold(52, "customers/20").await.unwrap();
        bank.place_hold(53, &name).await.unwrap();
        assert_eq!(bank.holds_on("").await.len(), 2);
        assert_eq!(bank.holds_on("customers/20").await.len(), 1);
        assert_eq!(bank.holds_on(&name).await.len(), 1);
    }

    async fn no_payment_leaves_past_a_hold(lab: Lab) {
        let bank = Bank::with_plan(lab.clone(), referee_only()).await;
        let other = Bank::open(lab).await;
        for number in 0..12_u32 {
            let name = bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap().remove(0).name;
            bank.pass(DAY * 30).await;
            let (hold, left) = join(bank.place_hold(100 + number, &name), other.instructions()).await;
            hold.unwrap();
            let left_before = left.iter().any(|one| one.reward == name);
            let listed = bank.instructions().await.iter().any(|one| one.reward == name);
            assert_eq!(listed, left_before, "it leaves before the hold, or not at all");
            let sent = bank.reward(&name).await.attempts.last().is_some_and(|one| one.first_send_time.is_some());
            assert_eq!(sent, left_before);
        }
    }
}
