//! What happens to rewards between their grant and their end: approval by bands, another payee, expiry, reversal and claims.

use crate::bank::{Bank, DAY, brief, fixed, introduction_plan, money, request_id, text};
use expect_test::expect;
use futures::future::join;
use handsel_proto::handsel::{
    access::v1::Role as Approver,
    corebank::v1::payout_outcome::Status as Fate,
    reward::v1::{self as wire, claim_service_client::ClaimServiceClient, reversal_terms::Terms as Reversal},
};
use handsel_service::{Clock as _, wire::to_timestamp};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::{Code, Response, Status};

impl Bank {
    async fn approve_as(
        &self,
        role: Role,
        person: &str,
        request: u32,
        name: &str,
        sum: &str,
    ) -> Result<wire::Reward, Status> {
        let message = wire::ApproveRewardsRequest {
            request_id: request_id(request),
            names: vec![name.into()],
            control_count: 1,
            control_sum: money(sum),
        };
        let call = self.lab.call(message, &self.lab.token(role, "*", person));
        self.rewards().approve_rewards(call).await.map(|answer| answer.into_inner().rewards.remove(0))
    }

    pub(crate) async fn set_payee(
        &self,
        person: &str,
        request: u32,
        name: &str,
        account: &str,
    ) -> Result<wire::Reward, Status> {
        let message = wire::SetPayeeRequest {
            request_id: request_id(request),
            name: name.into(),
            etag: String::new(),
            account_reference: account.into(),
        };
        let call = self.lab.call(message, &self.lab.token(Role::BranchManager, "0101", person));
        self.rewards().set_payee(call).await.map(Response::into_inner)
    }

    pub(crate) async fn reverse(&self, request: u32, name: &str) -> Result<wire::Reward, Status> {
        let message = wire::ReverseRewardRequest {
            request_id: request_id(request),
            name: name.into(),
            etag: String::new(),
            reason: "ACCOUNT_CLOSED".into(),
            trigger_time: Some(to_timestamp(self.lab.clock.now())),
        };
        let call = self.lab.call(message, &self.lab.token(Role::ComplianceOfficer, "*", "karel"));
        self.rewards().reverse_reward(call).await.map(Response::into_inner)
    }

    async fn claims(&self) -> Vec<wire::Claim> {
        let call = self.lab.call(wire::ListClaimsRequest::default(), &self.lab.token(Role::InternalAuditor, "*", None));
        ClaimServiceClient::new(self.channel()).list_claims(call).await.unwrap().into_inner().claims
    }

    async fn recover(&self, request: u32, claim: &str, amount: &str, reference: &str) -> Result<wire::Claim, Status> {
        let message = wire::RecordRecoveryRequest {
            request_id: request_id(request),
            name: claim.into(),
            amount: money(amount),
            bank_reference: reference.into(),
        };
        let call = self.lab.call(message, &self.approver("fay"));
        ClaimServiceClient::new(self.channel()).record_recovery(call).await.map(Response::into_inner)
    }

    /// The referee of a referral is paid: the reward's name.
    async fn paid(&self, number: u32) -> String {
        let name = self.grant(self.qualification(number, "1.00 CNY")).await.unwrap().remove(0).name;
        self.pass(DAY * 30).await;
        let instruction = self.instructions().await.into_iter().find(|one| one.reward == name).unwrap();
        let paid = self.report(&instruction.end_to_end_id, Fate::Settled, &format!("TX-{number}")).await;
        assert_eq!(paid, "APPLIED PAID");
        name
    }
}

/// The referee gets 50.00, 10.00 of it tax; nobody is asked.
fn referee_plan() -> wire::Plan {
    wire::Plan { role_rules: vec![fixed(wire::BeneficiaryRole::Referee, "50.00 CNY")], ..introduction_plan() }
}

fn reversible(terms: Reversal) -> wire::Plan {
    wire::Plan { reversal: Some(wire::ReversalTerms { terms: Some(terms) }), ..referee_plan() }
}

on_both_engines! {
    async fn a_band_asks_two_people_in_its_roles(lab: Lab) {
        let bands = vec![wire::ApprovalBand {
            from_amount: money("100.00 CNY"),
            roles: vec![Approver::FinanceApprover.into(), Approver::ComplianceOfficer.into()],
            approvers: 2,
        }];
        let bank = Bank::with_plan(lab, wire::Plan { approval_bands: bands, ..introduction_plan() }).await;
        let name = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap().remove(0).name;
        bank.pass(DAY * 30).await;
        let sum = "240.00 CNY";
        let other = bank.approve_as(Role::ProgramAdmin, "ada", 10, &name, sum).await.unwrap_err();
        assert_eq!((other.code(), reason(&other).as_str()), (Code::PermissionDenied, "APPROVER_ROLE_REQUIRED"));
        let first = bank.approve_as(Role::FinanceApprover, "fay", 11, &name, sum).await.unwrap();
        assert_eq!(brief(&first), "REFERRER PENDING_APPROVAL 300.00 CNY");
        let again = bank.approve_as(Role::FinanceApprover, "fay", 12, &name, sum).await.unwrap_err();
        assert_eq!(reason(&again), "MAKER_IS_CHECKER");
        let second = bank.approve_as(Role::ComplianceOfficer, "karel", 13, &name, sum).await.unwrap();
        assert_eq!((brief(&second).as_str(), second.approver.as_str()), ("REFERRER APPROVED 300.00 CNY", "karel"));
    }

    async fn a_batch_fails_if_count_or_sum_is_not_what_was_seen(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let name = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap().remove(0).name;
        bank.pass(DAY * 30).await;
        let message = wire::ApproveRewardsRequest {
            request_id: request_id(10),
            names: vec![name],
            control_count: 2,
            control_sum: money("240.00 CNY"),
        };
        let counted = bank.rewards().approve_rewards(bank.lab.call(message, &bank.approver("fay"))).await.unwrap_err();
        assert_eq!((counted.code(), reason(&counted).as_str()), (Code::FailedPrecondition, "CONTROL_COUNT_MISMATCH"));
    }

    async fn another_payee_voids_what_was_approved(lab: Lab) {
        let bank = Bank::with_plan(lab, referee_plan()).await;
        let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
        bank.set_payee("bea", 9, &name, "ACC-1").await.unwrap();
        bank.pass(DAY * 30).await;
        assert_eq!(brief(&bank.reward(&name).await), "REFEREE PENDING_APPROVAL 50.00 CNY", "though the amount asks nobody");
        let own = bank.approve("bea", &request_id(10), &[&name], "40.00 CNY").await.unwrap_err();
        assert_eq!(reason(&own), "MAKER_IS_CHECKER");
        // Approved, then changed again before the payment run: people are asked again.
        bank.approve("fay", &request_id(11), &[&name], "40.00 CNY").await.unwrap();
        let changed = bank.set_payee("bea", 12, &name, "ACC-2").await.unwrap();
        assert_eq!(brief(&changed), "REFEREE PENDING_APPROVAL 50.00 CNY");
        bank.run_jobs().await;
        assert!(bank.instructions().await.is_empty());
        bank.approve("fay", &request_id(13), &[&name], "40.00 CNY").await.unwrap();
        bank.run_jobs().await;
        assert_eq!(bank.instructions().await[0].payee_account, "ACC-2");
        let late = bank.set_payee("bea", 14, &name, "ACC-3").await.unwrap_err();
        assert_eq!(reason(&late), "STATE_CONFLICT");
        let token = bank.lab.token(Role::BranchManager, "0202", "bob");
        let message = wire::SetPayeeRequest {
            request_id: request_id(15),
            name,
            etag: String::new(),
            account_reference: "ACC-4".into(),
        };
        let elsewhere = bank.rewards().set_payee(bank.lab.call(message, &token)).await.unwrap_err();
        assert_eq!(reason(&elsewhere), "NOT_FOUND");
    }

    async fn what_nobody_pays_in_time_expires_unless_it_is_held(lab: Lab) {
        let bank = Bank::with_plan(lab, wire::Plan { expiry_days: 10, ..introduction_plan() }).await;
        let first = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap().remove(0).name;
        let second = bank.grant(bank.qualification(2, "30000.00 CNY")).await.unwrap().remove(0).name;
        bank.place_hold(50, &second).await.unwrap();
        bank.pass(DAY * 39).await;
        assert_eq!(bank.reward(&first).await.state(), wire::reward::State::PendingApproval);
        let granted = bank.plan("spring").await.granted;
        bank.pass(DAY * 2).await;
        assert_eq!(brief(&bank.reward(&first).await), "REFERRER EXPIRED 300.00 CNY EXPIRED");
        assert_eq!(bank.reward(&second).await.state(), wire::reward::State::PendingApproval);
        assert_ne!(bank.plan("spring").await.granted, granted, "its room is free again");
        let late = bank.approve("fay", &request_id(11), &[&first], "240.00 CNY").await.unwrap_err();
        assert_eq!(reason(&late), "STATE_CONFLICT");
        bank.books().await;
    }

    async fn what_falls_away_before_payment_is_cancelled(lab: Lab) {
        let bank = Bank::with_plan(lab, reversible(Reversal::FullWithinDays(30))).await;
        let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
        assert_eq!(bank.plan("spring").await.granted, money("50.00 CNY"));
        assert_eq!(brief(&bank.reverse(60, &name).await.unwrap()), "REFEREE CANCELLED 50.00 CNY ACCOUNT_CLOSED");
        assert_eq!(bank.plan("spring").await.granted, money("0.00 CNY"));
        let again = bank.reverse(61, &name).await.unwrap_err();
        assert_eq!(reason(&again), "STATE_CONFLICT");
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            CANCELLATION CUSTOMER_PAYABLE → PLAN_EXPENSE 40.00 CNY customers/20
            CANCELLATION_TAX TAX_PAYABLE → PLAN_EXPENSE 10.00 CNY customers/20
            = PLAN_EXPENSE 0.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE 0.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn a_plan_that_takes_nothing_back_leaves_a_reward_as_it_is(lab: Lab) {
        let bank = Bank::with_plan(lab, referee_plan()).await;
        let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
        assert_eq!(brief(&bank.reverse(60, &name).await.unwrap()), "REFEREE ACCRUED 50.00 CNY");
    }

    async fn a_payment_under_way_is_awaited_and_then_taken_back(lab: Lab) {
        let bank = Bank::with_plan(lab, reversible(Reversal::FullWithinDays(30))).await;
        let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
        bank.pass(DAY * 30).await;
        let id = bank.instructions().await.remove(0).end_to_end_id;
        assert_eq!(brief(&bank.reverse(60, &name).await.unwrap()), "REFEREE PAYING 50.00 CNY");
        assert_eq!(bank.report(&id, Fate::Settled, "TX-1").await, "APPLIED REVERSED");
        let claims = bank.claims().await;
        assert_eq!((claims.len(), text(claims[0].open_amount.as_ref()).as_str()), (1, "40.00 CNY"));
        bank.books().await;
    }

    async fn a_payment_under_way_that_fails_is_cancelled(lab: Lab) {
        let bank = Bank::with_plan(lab, reversible(Reversal::FullWithinDays(30))).await;
        let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
        bank.pass(DAY * 30).await;
        let id = bank.instructions().await.remove(0).end_to_end_id;
        bank.reverse(60, &name).await.unwrap();
        assert_eq!(bank.report(&id, Fate::Rejected, "").await, "APPLIED CANCELLED");
        assert_eq!(bank.plan("spring").await.granted, money("0.00 CNY"));
        // What was called off and is paid after all is for people to resolve.
        assert_eq!(bank.report(&id, Fate::Settled, "TX-1").await, "REFUSED OUTCOME_CONFLICT CANCELLED");
        bank.books().await;
    }

    async fn a_part_is_taken_back_out_of_the_next_reward_and_in_money(lab: Lab) {
        let bank = Bank::with_plan(lab, reversible(Reversal::ProRataOverDays(30))).await;
        let first = bank.paid(1).await;
        bank.pass(DAY * 15).await;
        let reversed = bank.reverse(60, &first).await.unwrap();
        assert_eq!(brief(&reversed), "REFEREE PAID 50.00 CNY ACCOUNT_CLOSED");
        assert_eq!(text(reversed.reversed_amount.as_ref()), "25.00 CNY");
        assert_eq!(bank.plan("spring").await.granted, money("25.00 CNY"));
        let claim = bank.claims().await.remove(0);
        assert_eq!(text(claim.claimed_amount.as_ref()), "20.00 CNY", "net of the tax that goes with it");

        let too_much = bank.recover(61, &claim.name, "20.01 CNY", "IN-1").await.unwrap_err();
        assert_eq!(reason(&too_much), "MORE_THAN_CLAIMED");
        bank.recover(62, &claim.name, "5.00 CNY", "IN-1").await.unwrap();
        let twice = bank.recover(63, &claim.name, "5.00 CNY", "IN-1").await.unwrap_err();
        assert_eq!(reason(&twice), "ALREADY_EXISTS");

        let second = bank.grant(bank.qualification(2, "1.00 CNY")).await.unwrap().remove(0).name;
        bank.pass(DAY * 30).await;
        let instruction = bank.instructions().await.remove(0);
        assert_eq!(text(instruction.amount.as_ref()), "25.00 CNY", "40.00 less the 15.00 still claimed");
        assert_eq!(bank.report(&instruction.end_to_end_id, Fate::Settled, "TX-2").await, "APPLIED PAID");
        assert_eq!(text(bank.reward(&second).await.netted_amount.as_ref()), "15.00 CNY");
        assert_eq!(text(bank.claims().await[0].open_amount.as_ref()), "0.00 CNY");
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            SETTLEMENT CLEARING → SETTLED 40.00 CNY customers/20
            REVERSAL CUSTOMER_PAYABLE → PLAN_EXPENSE 20.00 CNY customers/20
            REVERSAL_TAX TAX_PAYABLE → PLAN_EXPENSE 5.00 CNY customers/20
            CLAIM CLAWBACK_RECEIVABLE → CUSTOMER_PAYABLE 20.00 CNY customers/20
            RECOVERY SETTLED → CLAWBACK_RECEIVABLE 5.00 CNY customers/20
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            NETTING CUSTOMER_PAYABLE → NETTING 15.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 25.00 CNY customers/20
            CLAIM_NETTED NETTING → CLAWBACK_RECEIVABLE 15.00 CNY customers/20
            SETTLEMENT CLEARING → SETTLED 25.00 CNY customers/20
            = PLAN_EXPENSE 75.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE -15.00 CNY
            = CLEARING 0.00 CNY
            = SETTLED -60.00 CNY
            = CLAWBACK_RECEIVABLE 0.00 CNY
            = NETTING 0.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn money_that_came_back_is_paid_again(lab: Lab) {
        let bank = Bank::with_plan(lab, referee_plan()).await;
        let name = bank.paid(1).await;
        let id = bank.reward(&name).await.attempts[0].end_to_end_id.clone();
        assert_eq!(bank.report(&id, Fate::Returned, "").await, "APPLIED RETURNED");
        assert_eq!(bank.report(&id, Fate::Returned, "").await, "DUPLICATE RETURNED");
        assert_eq!(bank.report(&id, Fate::Settled, "TX-1").await, "DUPLICATE RETURNED");
        assert_eq!(bank.report(&id, Fate::Settled, "TX-9").await, "REFUSED OUTCOME_CONFLICT RETURNED");
        bank.books().await;
    }

    async fn a_reversal_and_a_settlement_at_once_come_out_as_one_after_the_other(lab: Lab) {
        let bank = Bank::with_plan(lab.clone(), reversible(Reversal::FullWithinDays(30))).await;
        let other = Bank::open(lab).await;
        for number in 0..8_u32 {
            let name = bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap().remove(0).name;
            bank.pass(DAY * 30).await;
            let Some(instruction) = bank.instructions().await.into_iter().find(|one| one.reward == name) else {
                // Claims have taken all of it.
                continue;
            };
            let reference = format!("TX-{number}");
            let settled = other.report(&instruction.end_to_end_id, Fate::Settled, &reference);
            let (reversed, _) = join(bank.reverse(100 + number, &name), settled).await;
            reversed.unwrap();
            assert_eq!(bank.reward(&name).await.state(), wire::reward::State::Reversed);
            bank.books().await;
        }
    }

    async fn an_approval_and_a_rejection_at_once_leave_one(lab: Lab) {
        let bank = Bank::with_plan(lab.clone(), introduction_plan()).await;
        let other = Bank::open(lab).await;
        for number in 0..6_u32 {
            let qualification = wire::Qualification {
                referrer: format!("customers/{}", 100 + number),
                ..bank.qualification(number, "30000.00 CNY")
            };
            let name = bank.grant(qualification).await.unwrap().remove(0).name;
            bank.pass(DAY * 30).await;
            let (approve, reject) = (request_id(200 + number), request_id(300 + number));
            let (approved, rejected) = join(
                bank.approve("fay", &approve, &[&name], "240.00 CNY"),
                other.reject("eve", &reject, &name, ""),
            )
            .await;
            assert!(approved.is_ok() ^ rejected.is_ok(), "one of them, and only one");
            let state = bank.reward(&name).await.state();
            let expected = if approved.is_ok() { wire::reward::State::Approved } else { wire::reward::State::Rejected };
            assert_eq!(state, expected);
        }
        bank.books().await;
    }
}
