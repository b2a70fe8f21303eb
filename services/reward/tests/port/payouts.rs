//! Payouts: from accrual to the money's arrival, with the books at each step.

use crate::bank::{Bank, DAY, brief, fixed, introduction_plan, money, request_id};
use expect_test::expect;
use handsel_access::DevToken;
use handsel_proto::handsel::corebank::v1::payout_outcome::Status as Fate;
use handsel_proto::handsel::reward::v1 as wire;
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::Code;

on_both_engines! {
    async fn an_account_approves_nothing_that_it_registered_whoever_uses_it(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        // The registrar's token named no human, so the account is on record.
        let registered = wire::Qualification { registrar: "u-17".into(), ..bank.qualification(1, "30000.00 CNY") };
        let reward = bank.grant(registered).await.unwrap().remove(0).name;
        bank.pass(DAY * 30).await;
        let approve = |request: u32, subject: &str, person: &str| {
            let token = DevToken::of_role(Role::FinanceApprover, subject);
            let token = bank.lab.issuer.issue(&DevToken { person: Some(person.to_owned()), ..token }).unwrap();
            let request = wire::ApproveRewardsRequest {
                request_id: request_id(request),
                names: vec![reward.clone()],
                control_count: 1,
                control_sum: money("240.00 CNY"),
            };
            bank.lab.call(request, &token)
        };
        let own = bank.rewards().approve_rewards(approve(11, "u-17", "anna")).await.unwrap_err();
        assert_eq!(reason(&own), "MAKER_IS_CHECKER");
        bank.rewards().approve_rewards(approve(12, "u-18", "ben")).await.unwrap();
    }

    async fn a_reward_is_paid(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let rewards = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap();
        let (referrer, referee) = (rewards[0].name.as_str(), rewards[1].name.as_str());

        bank.pass(DAY * 29).await;
        assert_eq!(brief(&bank.reward(referrer).await), "REFERRER ACCRUED 300.00 CNY");
        bank.pass(DAY).await;
        assert_eq!(brief(&bank.reward(referrer).await), "REFERRER PENDING_APPROVAL 300.00 CNY");
        // Below the threshold nobody is asked.
        assert_eq!(brief(&bank.reward(referee).await), "REFEREE PAYING 50.00 CNY");

        let approved = bank.approve("fay", &request_id(11), &[referrer], "240.00 CNY").await.unwrap();
        assert_eq!((brief(&approved[0]).as_str(), approved[0].approver.as_str()), ("REFERRER APPROVED 300.00 CNY", "fay"));
        bank.run_jobs().await;
        let paying = bank.reward(referrer).await;
        assert_eq!(paying.waiting_for, "core banking to take the instruction");

        let instructions = bank.instructions().await;
        let payees: Vec<&str> = instructions.iter().map(|one| one.payee.as_str()).collect();
        assert_eq!(payees.len(), 2);
        assert_eq!(bank.instructions().await, instructions, "listed until the outcome is known");
        assert_eq!(bank.reward(referrer).await.waiting_for, "core banking's answer");

        let id = &instructions.iter().find(|one| one.payee == "customers/10").unwrap().end_to_end_id;
        assert_eq!(id.len(), 35);
        assert_eq!(bank.report(id, Fate::Accepted, "").await, "APPLIED PAYING");
        assert_eq!(bank.report(id, Fate::Accepted, "").await, "DUPLICATE PAYING");
        assert_eq!(bank.instructions().await.len(), 2, "accepted is not settled");
        assert_eq!(bank.report(id, Fate::Settled, "TX-1").await, "APPLIED PAID");
        assert_eq!(bank.report(id, Fate::Settled, "TX-1").await, "DUPLICATE PAID");
        assert_eq!(bank.report(id, Fate::Accepted, "").await, "DUPLICATE PAID");
        assert_eq!(bank.instructions().await.len(), 1);

        let paid = bank.reward(referrer).await;
        assert_eq!(paid.explanation.last().unwrap(), "240.00 CNY has been paid, under the bank's reference TX-1.");
        assert_eq!((paid.attempts.len(), paid.attempts[0].number, paid.waiting_for.as_str()), (1, 1, ""));
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 240.00 CNY customers/10
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 60.00 CNY customers/10
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 240.00 CNY customers/10
            SETTLEMENT CLEARING → SETTLED 240.00 CNY customers/10
            = PLAN_EXPENSE 350.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE -70.00 CNY
            = CLEARING -40.00 CNY
            = SETTLED -240.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn approval_is_all_or_none_and_by_another_person(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let mut names = Vec::new();
        for number in 1..=2 {
            names.push(bank.grant(bank.qualification(number, "30000.00 CNY")).await.unwrap().remove(0).name);
        }
        let both = [names[0].as_str(), names[1].as_str()];
        let early = bank.approve("fay", &request_id(10), &both, "480.00 CNY").await.unwrap_err();
        assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));
        bank.pass(DAY * 30).await;

        let unknown = "rewards/00000000-0000-7000-8000-00000000ffff";
        let table = [
            ("the registrar", "tom", both.to_vec(), "480.00 CNY", "MAKER_IS_CHECKER"),
            ("the plan's maker", "mia", both.to_vec(), "480.00 CNY", "MAKER_IS_CHECKER"),
            ("another sum", "fay", both.to_vec(), "480.01 CNY", "CONTROL_SUM_MISMATCH"),
            ("one of two", "fay", both[..1].to_vec(), "480.00 CNY", "CONTROL_SUM_MISMATCH"),
            ("euros", "fay", both.to_vec(), "480.00 EUR", "CURRENCY_MISMATCH"),
            ("one that is not there", "fay", vec![both[0], unknown], "480.00 CNY", "NOT_FOUND"),
        ];
        for (situation, person, names, sum, expected) in table {
            let refused = bank.approve(person, &request_id(11), &names, sum).await.unwrap_err();
            assert_eq!(reason(&refused), expected, "{situation}");
        }
        for name in both {
            assert_eq!(bank.reward(name).await.state(), wire::reward::State::PendingApproval);
        }
        let approved = bank.approve("fay", &request_id(12), &both, "480.00 CNY").await.unwrap();
        let again = bank.approve("fay", &request_id(12), &both, "480.00 CNY").await.unwrap();
        assert_eq!(approved, again);
        let reused = bank.approve("fay", &request_id(12), &both[..1], "240.00 CNY").await.unwrap_err();
        assert_eq!(reason(&reused), "REQUEST_ID_REUSED");

        let nobody = bank.lab.token(Role::FinanceApprover, "*", None);
        let request = wire::ApproveRewardsRequest {
            request_id: request_id(13),
            names: names.clone(),
            control_count: 2,
            control_sum: money("480.00 CNY"),
        };
        let denied = bank.rewards().approve_rewards(bank.lab.call(request, &nobody)).await.unwrap_err();
        assert_eq!(reason(&denied), "PERSON_REQUIRED");
    }

    async fn a_rejected_reward_gives_everything_back(lab: Lab) {
        let mut plan = introduction_plan();
        plan.budget = money("350.00 CNY");
        plan.beneficiary_cap.as_mut().unwrap().max_count = 1;
        let bank = Bank::with_plan(lab, plan).await;
        let rewards = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap();
        let name = rewards[0].name.as_str();
        bank.pass(DAY * 30).await;

        let pending = bank.reward(name).await;
        let old = bank.reject("fay", &request_id(11), name, "1").await.unwrap_err();
        assert_eq!((old.code(), reason(&old).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
        let own = bank.reject("tom", &request_id(12), name, &pending.etag).await.unwrap_err();
        assert_eq!(reason(&own), "MAKER_IS_CHECKER");
        let rejected = bank.reject("fay", &request_id(13), name, &pending.etag).await.unwrap();
        assert_eq!(brief(&rejected), "REFERRER REJECTED 300.00 CNY DUPLICATE_CUSTOMER");
        let again = bank.reject("fay", &request_id(14), name, "").await.unwrap_err();
        assert_eq!(reason(&again), "STATE_CONFLICT");

        assert_eq!(bank.plan("spring").await.granted, money("50.00 CNY"));
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 240.00 CNY customers/10
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 60.00 CNY customers/10
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            REJECTION CUSTOMER_PAYABLE → PLAN_EXPENSE 240.00 CNY customers/10
            REJECTION_TAX TAX_PAYABLE → PLAN_EXPENSE 60.00 CNY customers/10
            = PLAN_EXPENSE 50.00 CNY
            = CUSTOMER_PAYABLE 0.00 CNY
            = TAX_PAYABLE -10.00 CNY
            = CLEARING -40.00 CNY
        "#]]
        .assert_eq(&bank.books().await);

        // Its room and its count are free again, in its own window.
        let january = wire::Qualification { qualify_time: rewards[0].qualify_time, ..bank.qualification(2, "30000.00 CNY") };
        let lines: Vec<String> = bank.grant(january).await.unwrap().iter().map(brief).collect();
        assert_eq!(lines, ["REFERRER ACCRUED 300.00 CNY", "REFEREE REJECTED 0.00 CNY COUNT_CAP"]);
    }

    async fn a_reward_that_tax_takes_whole_is_done_without_a_payment(lab: Lab) {
        let mut plan = introduction_plan();
        plan.role_rules = vec![fixed(wire::BeneficiaryRole::Referrer, "0.01 CNY")];
        plan.tax.as_mut().unwrap().rate = crate::bank::decimal("0.99");
        let bank = Bank::with_plan(lab, plan).await;
        let rewards = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap();
        bank.pass(DAY * 30).await;
        let done = bank.reward(&rewards[0].name).await;
        assert_eq!((done.state(), done.attempts.len()), (wire::reward::State::Paid, 0));
        assert_eq!(done.explanation.last().unwrap(), "After tax nothing is left to pay, so it is done.");
        expect![[r#"
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 0.01 CNY customers/10
            = PLAN_EXPENSE 0.01 CNY
            = TAX_PAYABLE -0.01 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn instructions_come_in_pages_oldest_first(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        for number in 1..=5 {
            bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap();
        }
        bank.pass(DAY * 30).await;
        let token = bank.lab.token(Role::CoreBanking, "", None);
        let (mut seen, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = wire::ListInstructionsRequest { page_size: 4, page_token };
            let page = bank.settlement().list_instructions(bank.lab.call(request, &token)).await.unwrap().into_inner();
            seen.extend(page.instructions.into_iter().map(|one| one.end_to_end_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen.len(), 10);
        seen.dedup();
        assert_eq!(seen.len(), 10);
    }

    async fn books_beyond_money_say_so(lab: Lab) {
        let vast = wire::Plan { budget: None, beneficiary_cap: None, tax: None, ..introduction_plan() };
        let role_rules = vec![fixed(wire::BeneficiaryRole::Referrer, "50000000000000000.00 CNY")];
        let vast = wire::Plan { role_rules, ..vast };
        let bank = Bank::with_plan(lab, vast.clone()).await;
        bank.create_plan("mia", &request_id(11), "summer", vast).await.unwrap();
        bank.submit_plan("mia", &request_id(12), "plans/summer").await.unwrap();
        bank.activate_plan("chen", &request_id(13), "plans/summer").await.unwrap();
        // One plan's own counter would refuse both; the books hold all plans.
        for (referral, plan) in [(1, "plans/spring"), (2, "plans/summer")] {
            let qualification = bank.qualification(referral, "1.00 CNY");
            bank.grant(wire::Qualification { plan: plan.to_owned(), ..qualification }).await.unwrap();
        }
        let token = bank.lab.token(Role::InternalAuditor, "*", None);
        let request = wire::GetTrialBalanceRequest::default();
        let refused = bank.ledger().get_trial_balance(bank.lab.call(request, &token)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::OutOfRange, "OUT_OF_RANGE"));
    }

    async fn the_books_can_be_read_as_of_any_instant(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let before = handsel_service::wire::to_timestamp(handsel_service::Clock::now(&*bank.lab.clock));
        bank.lab.clock.advance(DAY).unwrap();
        bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap();
        let token = bank.lab.token(Role::FinanceApprover, "*", "fay");
        let mut lines = Vec::new();
        for as_of_time in [Some(before), None] {
            let request = wire::GetTrialBalanceRequest { as_of_time, ..wire::GetTrialBalanceRequest::default() };
            let answer = bank.ledger().get_trial_balance(bank.lab.call(request, &token)).await.unwrap();
            lines.push(answer.into_inner().lines.len());
        }
        assert_eq!(lines, [0, 3]);
        for sql in ["UPDATE transfer SET amount_minor = 1", "DELETE FROM transfer"] {
            let touched: Result<Vec<(i64,)>, _> = bank.db.all(sql, ()).await;
            assert!(touched.is_err(), "{sql}");
        }
    }
}
