//! What two people decide by hand: outcomes that the bank does not say, contradictions, and rewards that are given up.

use crate::bank::{Bank, DAY, introduction_plan, money, request_id};
use expect_test::expect;
use futures::future::join;
use handsel_proto::handsel::{
    corebank::v1::payout_outcome::Status as Fate,
    reward::v1::{
        self as wire, resolution::Verdict, resolution_service_client::ResolutionServiceClient, reward::State,
    },
};
use handsel_service::{Clock as _, wire::to_timestamp};
use handsel_testkit::{Lab, Role, on_both_engines, reason, violated_fields};
use tonic::{Code, Response, Status, transport::Channel};

impl Bank {
    fn resolutions(&self) -> ResolutionServiceClient<Channel> {
        ResolutionServiceClient::new(self.channel())
    }

    fn finding(&self, request: u32, id: &str, outcome: Verdict) -> wire::ProposeResolutionRequest {
        wire::ProposeResolutionRequest {
            request_id: request_id(request),
            end_to_end_id: id.into(),
            outcome: outcome.into(),
            bank_reference: if outcome == Verdict::Settled { "TX-H".into() } else { String::new() },
            occur_time: Some(to_timestamp(self.lab.clock.now())),
            reason: "ACCOUNT_STATEMENT".into(),
            evidence: "page 3 of the statement".into(),
        }
    }

    pub(crate) async fn propose_finding(
        &self,
        person: &str,
        request: u32,
        id: &str,
        outcome: Verdict,
    ) -> Result<wire::Resolution, Status> {
        let call = self.lab.call(self.finding(request, id, outcome), &self.approver(person));
        self.resolutions().propose_resolution(call).await.map(Response::into_inner)
    }

    pub(crate) async fn confirm_finding(
        &self,
        person: &str,
        request: u32,
        name: &str,
    ) -> Result<wire::Resolution, Status> {
        let message = wire::ConfirmResolutionRequest { request_id: request_id(request), name: name.into() };
        let call = self.lab.call(message, &self.approver(person));
        self.resolutions().confirm_resolution(call).await.map(Response::into_inner)
    }

    async fn propose_write_off(&self, person: &str, request: u32, name: &str) -> Result<wire::Resolution, Status> {
        let message = wire::ProposeWriteOffRequest {
            request_id: request_id(request),
            reward: name.into(),
            reason: "ACCOUNT_GONE".into(),
        };
        let call = self.lab.call(message, &self.approver(person));
        self.resolutions().propose_write_off(call).await.map(Response::into_inner)
    }

    async fn confirm_write_off(&self, person: &str, request: u32, name: &str) -> Result<wire::Resolution, Status> {
        let message = wire::ConfirmWriteOffRequest { request_id: request_id(request), name: name.into() };
        let call = self.lab.call(message, &self.approver(person));
        self.resolutions().confirm_write_off(call).await.map(Response::into_inner)
    }

    async fn conflicts(&self) -> Vec<wire::OutcomeConflict> {
        let token = self.lab.token(Role::InternalAuditor, "*", None);
        let call = self.lab.call(wire::ListConflictsRequest::default(), &token);
        self.resolutions().list_conflicts(call).await.unwrap().into_inner().conflicts
    }

    async fn resolutions_of(&self, reward: &str) -> Vec<String> {
        let message = wire::ListResolutionsRequest { reward: reward.into(), ..wire::ListResolutionsRequest::default() };
        let call = self.lab.call(message, &self.lab.token(Role::InternalAuditor, "*", None));
        let found = self.resolutions().list_resolutions(call).await.unwrap().into_inner().resolutions;
        let brief = found.iter().map(|one| format!("{} {}", one.verdict().as_str_name(), one.state().as_str_name()));
        let mut brief: Vec<String> = brief.collect();
        brief.sort();
        brief
    }
}

/// A bank with one reward being paid: its name, and the id of its attempt.
async fn paying(lab: Lab) -> (Bank, String, String) {
    let mut plan = introduction_plan();
    plan.role_rules.remove(0);
    paying_by(lab, plan).await
}

async fn paying_by(lab: Lab, plan: wire::Plan) -> (Bank, String, String) {
    let bank = Bank::with_plan(lab, plan).await;
    let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
    bank.pass(DAY * 30).await;
    let id = bank.instructions().await.remove(0).end_to_end_id;
    (bank, name, id)
}

on_both_engines! {
    async fn two_people_say_that_it_was_paid(lab: Lab) {
        let (bank, name, id) = paying(lab).await;
        let unknown = bank.propose_finding("fay", 50, "nobody-made-this", Verdict::Settled).await.unwrap_err();
        assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "UNKNOWN_INSTRUCTION"));
        let mut nameless = bank.finding(51, &id, Verdict::Settled);
        nameless.bank_reference.clear();
        let call = bank.lab.call(nameless, &bank.approver("fay"));
        let nameless = bank.resolutions().propose_resolution(call).await.unwrap_err();
        assert_eq!(violated_fields(&nameless), ["bank_reference"]);

        let proposed = bank.propose_finding("fay", 52, &id, Verdict::Settled).await.unwrap();
        assert_eq!((proposed.state(), proposed.proposed_by.as_str()), (wire::resolution::State::Proposed, "fay"));
        assert_eq!(bank.propose_finding("fay", 52, &id, Verdict::Settled).await.unwrap().name, proposed.name);
        assert_eq!(bank.reward(&name).await.state(), State::Paying, "nothing moves yet");
        // Who proposed it, who registered the referral, who made the plan.
        for (request, person) in [(53, "fay"), (54, "tom"), (55, "mia")] {
            let own = bank.confirm_finding(person, request, &proposed.name).await.unwrap_err();
            assert_eq!((own.code(), reason(&own).as_str()), (Code::PermissionDenied, "MAKER_IS_CHECKER"), "{person}");
        }
        let other_kind = bank.confirm_write_off("gus", 56, &proposed.name).await.unwrap_err();
        assert_eq!(reason(&other_kind), "NOT_FOUND");
        let confirmed = bank.confirm_finding("gus", 57, &proposed.name).await.unwrap();
        assert_eq!(confirmed.confirmed_by, "gus");
        assert_eq!(bank.confirm_finding("gus", 57, &proposed.name).await.unwrap(), confirmed, "asked again, it is the same");
        assert_eq!(reason(&bank.confirm_finding("hal", 58, &proposed.name).await.unwrap_err()), "STATE_CONFLICT");

        assert_eq!(bank.reward(&name).await.state(), State::Paid);
        assert!(bank.instructions().await.is_empty());
        assert_eq!(bank.report(&id, Fate::Settled, "TX-H").await, "DUPLICATE PAID");
        assert_eq!(bank.report(&id, Fate::Settled, "TX-1").await, "REFUSED OUTCOME_CONFLICT PAID");
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            SETTLEMENT CLEARING → SETTLED 40.00 CNY customers/20
            = PLAN_EXPENSE 50.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE -10.00 CNY
            = CLEARING 0.00 CNY
            = SETTLED -40.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn what_the_bank_says_meanwhile_voids_a_proposal(lab: Lab) {
        let (bank, name, id) = paying(lab).await;
        let proposed = bank.propose_finding("fay", 50, &id, Verdict::Rejected).await.unwrap();
        assert_eq!(bank.report(&id, Fate::Settled, "TX-1").await, "APPLIED PAID");
        let void = bank.confirm_finding("gus", 51, &proposed.name).await.unwrap_err();
        assert_eq!((void.code(), reason(&void).as_str()), (Code::FailedPrecondition, "RESOLUTION_VOID"));
        assert_eq!(bank.reward(&name).await.state(), State::Paid);
        let known = bank.propose_finding("fay", 52, &id, Verdict::Rejected).await.unwrap_err();
        assert_eq!(reason(&known), "STATE_CONFLICT", "nothing contradicts the bank");
        bank.books().await;
    }

    async fn two_resolvers_at_once_settle_once(lab: Lab) {
        let (bank, name, id) = paying(lab.clone()).await;
        let other = Bank::open(lab).await;
        let (one, two) =
            join(bank.propose_finding("fay", 50, &id, Verdict::Settled), other.propose_finding("gus", 51, &id, Verdict::Rejected)).await;
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(
            bank.resolutions_of(&name).await.iter().filter(|brief| brief.ends_with("STATE_PROPOSED")).count(),
            1,
            "the later has taken the earlier's place"
        );
        // Each confirms the other's: one of them was proposed last and is done, and the other is no proposal any more.
        let (first, second) = join(bank.confirm_finding("gus", 52, &one.name), other.confirm_finding("fay", 53, &two.name)).await;
        let refused = match (first, second) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            both => panic!("{both:?}"),
        };
        assert_eq!(reason(&refused), "STATE_CONFLICT");

        assert!(matches!(other.reward(&name).await.state(), State::Paid | State::Failed));
        bank.books().await;
    }

    async fn two_confirmations_and_the_bank_at_once_settle_once(lab: Lab) {
        let (bank, name, id) = paying(lab.clone()).await;
        let other = Bank::open(lab).await;
        let proposed = bank.propose_finding("fay", 50, &id, Verdict::Settled).await.unwrap();
        let ((one, two), said) = join(
            join(bank.confirm_finding("gus", 51, &proposed.name), other.confirm_finding("hal", 52, &proposed.name)),
            other.report(&id, Fate::Settled, "TX-H"),
        )
        .await;
        let confirmed = [one, two].into_iter().filter(Result::is_ok).count();
        match said.as_str() {
            "APPLIED PAID" => assert_eq!(confirmed, 0),
            "DUPLICATE PAID" => assert_eq!(confirmed, 1),
            said => panic!("{said}"),
        }
        assert_eq!(bank.reward(&name).await.state(), State::Paid);
        let settlements = bank.books().await.lines().filter(|line| line.starts_with("SETTLEMENT")).count();
        assert_eq!(settlements, 1);
    }

    async fn a_contradiction_is_resolved_and_never_pays_twice(lab: Lab) {
        let (bank, name, first) = paying(lab).await;
        bank.report(&first, Fate::Rejected, "").await;
        bank.retry("fay", &request_id(20), &name).await.unwrap();
        bank.run_jobs().await;
        let second = bank.reward(&name).await.attempts.pop().unwrap().end_to_end_id;
        assert_eq!(bank.report(&first, Fate::Settled, "TX-1").await, "REFUSED OUTCOME_CONFLICT PAYING");
        let conflicts = bank.conflicts().await;
        assert_eq!(conflicts.len(), 1);
        assert_eq!((conflicts[0].known_status(), conflicts[0].said_status()), (Fate::Rejected, Fate::Settled));
        assert_eq!((conflicts[0].reward.as_str(), conflicts[0].bank_reference.as_str()), (name.as_str(), "TX-1"));

        // It was paid after all: first the order that never left is ended, then the old one is settled, once.
        let early = bank.propose_finding("fay", 50, &first, Verdict::Settled).await.unwrap_err();
        assert_eq!(reason(&early), "STATE_CONFLICT");
        let ended = bank.propose_finding("fay", 51, &second, Verdict::Rejected).await.unwrap();
        bank.confirm_finding("gus", 52, &ended.name).await.unwrap();
        assert_eq!(bank.reward(&name).await.state(), State::Failed);
        let contradicted = bank.propose_write_off("fay", 53, &name).await.unwrap_err();
        assert_eq!(reason(&contradicted), "STATE_CONFLICT", "it may have been paid");
        let settled = bank.propose_finding("fay", 54, &first, Verdict::Settled).await.unwrap();
        bank.confirm_finding("gus", 55, &settled.name).await.unwrap();
        assert_eq!(bank.reward(&name).await.state(), State::Paid);
        assert!(bank.conflicts().await.is_empty());
        bank.run_jobs().await;
        assert!(bank.instructions().await.is_empty());
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            REFUSAL CLEARING → CUSTOMER_PAYABLE 40.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            REFUSAL CLEARING → CUSTOMER_PAYABLE 40.00 CNY customers/20
            LATE_SETTLEMENT CUSTOMER_PAYABLE → SETTLED 40.00 CNY customers/20
            = PLAN_EXPENSE 50.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE -10.00 CNY
            = CLEARING 0.00 CNY
            = SETTLED -40.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn a_contradiction_that_was_false_lets_the_new_attempt_leave(lab: Lab) {
        let (bank, name, first) = paying(lab).await;
        bank.report(&first, Fate::Rejected, "").await;
        bank.retry("fay", &request_id(20), &name).await.unwrap();
        bank.run_jobs().await;
        bank.report(&first, Fate::Settled, "TX-1").await;
        assert!(bank.instructions().await.is_empty());
        let proposed = bank.propose_finding("fay", 50, &first, Verdict::Rejected).await.unwrap();
        assert!(bank.instructions().await.is_empty(), "one person does not let it go");
        bank.confirm_finding("gus", 51, &proposed.name).await.unwrap();
        assert!(bank.conflicts().await.is_empty());
        assert_eq!(bank.instructions().await.len(), 1);
        bank.books().await;
    }

    /// Two people found that it was not paid; the bank stays with it.
    async fn a_bank_that_insists_opens_the_contradiction_again(lab: Lab) {
        let (bank, name, first) = paying(lab).await;
        bank.report(&first, Fate::Rejected, "").await;
        bank.retry("fay", &request_id(20), &name).await.unwrap();
        bank.run_jobs().await;
        bank.report(&first, Fate::Settled, "TX-1").await;
        let proposed = bank.propose_finding("fay", 50, &first, Verdict::Rejected).await.unwrap();
        bank.confirm_finding("gus", 51, &proposed.name).await.unwrap();
        for _ in 0..2 {
            assert_eq!(bank.report(&first, Fate::Settled, "TX-1").await, "REFUSED OUTCOME_CONFLICT PAYING");
            assert_eq!(bank.conflicts().await.len(), 1, "said twice, it is one contradiction");
        }
        assert!(bank.instructions().await.is_empty(), "nothing leaves while it may have been paid");
    }

    /// The books say which attempt paid, and what that one paid may come back.
    async fn what_an_earlier_attempt_paid_is_booked_and_may_come_back(lab: Lab) {
        let (bank, name, first) = paying(lab).await;
        bank.report(&first, Fate::Rejected, "").await;
        bank.retry("fay", &request_id(20), &name).await.unwrap();
        bank.run_jobs().await;
        let second = bank.instructions().await.remove(0).end_to_end_id;
        bank.report(&second, Fate::Settled, "TX-2").await;
        assert_eq!(bank.report(&second, Fate::Returned, "RT-2").await, "APPLIED RETURNED");
        assert_eq!(bank.report(&first, Fate::Settled, "TX-H").await, "REFUSED OUTCOME_CONFLICT RETURNED");
        let settled = bank.propose_finding("fay", 50, &first, Verdict::Settled).await.unwrap();
        bank.confirm_finding("gus", 51, &settled.name).await.unwrap();
        assert_eq!(bank.reward(&name).await.state(), State::Paid);
        assert_eq!(bank.report(&first, Fate::Returned, "RT-1").await, "APPLIED RETURNED");
        bank.retry("fay", &request_id(21), &name).await.unwrap();
        bank.run_jobs().await;
        let third = bank.instructions().await.remove(0).end_to_end_id;
        assert_eq!(bank.report(&third, Fate::Settled, "TX-3").await, "APPLIED PAID");
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            REFUSAL CLEARING → CUSTOMER_PAYABLE 40.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            SETTLEMENT CLEARING → SETTLED 40.00 CNY customers/20
            RETURN SETTLED → CUSTOMER_PAYABLE 40.00 CNY customers/20
            LATE_SETTLEMENT CUSTOMER_PAYABLE → SETTLED 40.00 CNY customers/20
            RETURN SETTLED → CUSTOMER_PAYABLE 40.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            SETTLEMENT CLEARING → SETTLED 40.00 CNY customers/20
            = PLAN_EXPENSE 50.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE -10.00 CNY
            = CLEARING 0.00 CNY
            = SETTLED -40.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn what_was_given_up_and_paid_after_all_is_paid(lab: Lab) {
        let (bank, name, id) = paying(lab).await;
        bank.report(&id, Fate::Rejected, "").await;
        let given_up = bank.propose_write_off("fay", 50, &name).await.unwrap();
        bank.confirm_write_off("gus", 51, &given_up.name).await.unwrap();
        assert_eq!(bank.report(&id, Fate::Settled, "TX-H").await, "REFUSED OUTCOME_CONFLICT WRITTEN_OFF");
        let settled = bank.propose_finding("fay", 52, &id, Verdict::Settled).await.unwrap();
        bank.confirm_finding("gus", 53, &settled.name).await.unwrap();
        assert_eq!(bank.reward(&name).await.state(), State::Paid);
        assert_eq!(bank.plan("spring").await.granted, money("50.00 CNY"), "its room is taken again");
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            REFUSAL CLEARING → CUSTOMER_PAYABLE 40.00 CNY customers/20
            WRITE_OFF CUSTOMER_PAYABLE → RECOVERIES 40.00 CNY customers/20
            WRITE_OFF_TAX TAX_PAYABLE → RECOVERIES 10.00 CNY customers/20
            WRITE_OFF_UNDONE RECOVERIES → CUSTOMER_PAYABLE 40.00 CNY customers/20
            WRITE_OFF_UNDONE_TAX RECOVERIES → TAX_PAYABLE 10.00 CNY customers/20
            LATE_SETTLEMENT CUSTOMER_PAYABLE → SETTLED 40.00 CNY customers/20
            = PLAN_EXPENSE 50.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE -10.00 CNY
            = CLEARING 0.00 CNY
            = SETTLED -40.00 CNY
            = RECOVERIES 0.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn what_fell_away_and_was_paid_after_all_is_claimed(lab: Lab) {
        let terms = wire::reversal_terms::Terms::FullWithinDays(365);
        let mut plan =
            wire::Plan { reversal: Some(wire::ReversalTerms { terms: Some(terms) }), ..introduction_plan() };
        plan.role_rules.remove(0);
        let (bank, name, id) = paying_by(lab, plan).await;
        bank.report(&id, Fate::Rejected, "").await;
        assert_eq!(bank.reverse(60, &name).await.unwrap().state(), State::Cancelled);
        assert_eq!(bank.report(&id, Fate::Settled, "TX-H").await, "REFUSED OUTCOME_CONFLICT CANCELLED");
        let settled = bank.propose_finding("fay", 52, &id, Verdict::Settled).await.unwrap();
        bank.confirm_finding("gus", 53, &settled.name).await.unwrap();
        assert_eq!(bank.reward(&name).await.state(), State::Reversed);
        assert_eq!(bank.plan("spring").await.granted, money("0.00 CNY"));
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            REFUSAL CLEARING → CUSTOMER_PAYABLE 40.00 CNY customers/20
            CANCELLATION CUSTOMER_PAYABLE → PLAN_EXPENSE 40.00 CNY customers/20
            CANCELLATION_TAX TAX_PAYABLE → PLAN_EXPENSE 10.00 CNY customers/20
            LATE_SETTLEMENT CUSTOMER_PAYABLE → SETTLED 40.00 CNY customers/20
            CLAIM CLAWBACK_RECEIVABLE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            = PLAN_EXPENSE 0.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE 0.00 CNY
            = CLEARING 0.00 CNY
            = SETTLED -40.00 CNY
            = CLAWBACK_RECEIVABLE 40.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn two_people_give_a_reward_up_and_its_room_is_free(lab: Lab) {
        let (bank, name, id) = paying(lab).await;
        let early = bank.propose_write_off("fay", 50, &name).await.unwrap_err();
        assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));
        let absent = bank.propose_write_off("fay", 51, &format!("rewards/{}", uuid::Uuid::from_u128(9))).await;
        assert_eq!(reason(&absent.unwrap_err()), "NOT_FOUND");
        bank.report(&id, Fate::Rejected, "").await;
        let first = bank.propose_write_off("fay", 52, &name).await.unwrap();
        // Tried again meanwhile, and refused again: what was proposed then is void.
        bank.retry("gus", &request_id(20), &name).await.unwrap();
        bank.run_jobs().await;
        let second = bank.instructions().await.remove(0).end_to_end_id;
        bank.report(&second, Fate::Rejected, "").await;
        assert_eq!(reason(&bank.confirm_write_off("gus", 53, &first.name).await.unwrap_err()), "RESOLUTION_VOID");
        let proposed = bank.propose_write_off("fay", 54, &name).await.unwrap();
        assert_eq!(reason(&bank.confirm_write_off("fay", 55, &proposed.name).await.unwrap_err()), "MAKER_IS_CHECKER");
        assert_eq!(bank.plan("spring").await.granted, money("50.00 CNY"));
        let (one, two) = join(
            bank.confirm_write_off("gus", 56, &proposed.name),
            bank.confirm_write_off("hal", 57, &proposed.name),
        )
        .await;
        let refused = match (one, two) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            both => panic!("{both:?}"),
        };
        assert_eq!(reason(&refused), "STATE_CONFLICT");
        let given_up = bank.reward(&name).await;
        assert_eq!((given_up.state(), given_up.reasons.last().unwrap().as_str()), (State::WrittenOff, "ACCOUNT_GONE"));
        assert_eq!(bank.plan("spring").await.granted, money("0.00 CNY"));
        assert_eq!(reason(&bank.retry("gus", &request_id(21), &name).await.unwrap_err()), "STATE_CONFLICT");
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            REFUSAL CLEARING → CUSTOMER_PAYABLE 40.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            REFUSAL CLEARING → CUSTOMER_PAYABLE 40.00 CNY customers/20
            WRITE_OFF CUSTOMER_PAYABLE → RECOVERIES 40.00 CNY customers/20
            WRITE_OFF_TAX TAX_PAYABLE → RECOVERIES 10.00 CNY customers/20
            = PLAN_EXPENSE 50.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE 0.00 CNY
            = CLEARING 0.00 CNY
            = RECOVERIES -50.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }
}
