//! What core banking says of attempts: refusals, retries, second thoughts, contradictions.

use crate::bank::{Bank, DAY, introduction_plan, request_id};
use expect_test::expect;
use handsel_proto::handsel::corebank::v1::payout_outcome::Status as Fate;
use handsel_proto::handsel::reward::v1 as wire;
use handsel_service::wire::to_timestamp;
use handsel_testkit::{Lab, on_both_engines, reason, violated_fields};
use tonic::Code;

/// A bank with one reward being paid: its name, and the id of its attempt.
async fn paying(lab: Lab) -> (Bank, String, String) {
    let mut plan = introduction_plan();
    plan.role_rules.remove(0);
    let bank = Bank::with_plan(lab, plan).await;
    let name = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().remove(0).name;
    bank.pass(DAY * 30).await;
    let id = bank.instructions().await.remove(0).end_to_end_id;
    (bank, name, id)
}

on_both_engines! {
    async fn a_refused_payout_is_tried_again_under_a_new_attempt(lab: Lab) {
        let (bank, name, first) = paying(lab).await;
        let early = bank.retry("fay", &request_id(20), &name).await.unwrap_err();
        assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));
        assert_eq!(bank.report(&first, Fate::Rejected, "").await, "APPLIED FAILED");
        assert_eq!(bank.report(&first, Fate::Rejected, "").await, "DUPLICATE FAILED");
        let failed = bank.reward(&name).await;
        assert_eq!(failed.waiting_for, "a person to have the payout tried again");
        assert_eq!(failed.attempts[0].reason_code, "AC04");
        assert!(bank.instructions().await.is_empty(), "nothing is tried again by itself");

        let own = bank.retry("tom", &request_id(21), &name).await.unwrap_err();
        assert_eq!(reason(&own), "MAKER_IS_CHECKER");
        bank.retry("fay", &request_id(22), &name).await.unwrap();
        bank.run_jobs().await;
        let second = bank.instructions().await.remove(0);
        assert_eq!(second.attempt, 2);
        assert_ne!(second.end_to_end_id, first);
        assert_eq!(bank.report(&second.end_to_end_id, Fate::Settled, "TX-2").await, "APPLIED PAID");
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            INSTRUCTION CUSTOMER_PAYABLE → CLEARING 40.00 CNY customers/20
            REFUSAL CLEARING → CUSTOMER_PAYABLE 40.00 CNY customers/20
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

    async fn money_that_moved_after_all_is_paid(lab: Lab) {
        let (bank, name, first) = paying(lab).await;
        bank.report(&first, Fate::Rejected, "").await;
        // A retry that has not led to a new attempt yet is overtaken.
        bank.retry("fay", &request_id(20), &name).await.unwrap();
        assert_eq!(bank.report(&first, Fate::Settled, "TX-1").await, "APPLIED PAID");
        bank.run_jobs().await;
        assert!(bank.instructions().await.is_empty());
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
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

    async fn what_would_pay_twice_is_kept_for_people(lab: Lab) {
        let (bank, name, first) = paying(lab).await;
        bank.report(&first, Fate::Rejected, "").await;
        bank.retry("fay", &request_id(20), &name).await.unwrap();
        bank.run_jobs().await;
        let second = bank.instructions().await.remove(0).end_to_end_id;
        assert_eq!(bank.report(&first, Fate::Settled, "TX-1").await, "REFUSED OUTCOME_CONFLICT PAYING");
        assert_eq!(bank.report(&first, Fate::Settled, "TX-1").await, "REFUSED OUTCOME_CONFLICT PAYING");
        assert_eq!(bank.report(&second, Fate::Settled, "TX-2").await, "APPLIED PAID");
        assert_eq!(bank.report(&second, Fate::Rejected, "").await, "REFUSED OUTCOME_CONFLICT PAID");
        assert_eq!(bank.report(&second, Fate::Settled, "TX-3").await, "REFUSED OUTCOME_CONFLICT PAID");
        let kept: Vec<(String, String, String)> = bank
            .db
            .all("SELECT known_status, status, bank_reference FROM outcome_conflict ORDER BY known_status, status", ())
            .await
            .unwrap();
        let kept: Vec<String> = kept.iter().map(|(known, said, reference)| format!("{known} {said} {reference}")).collect();
        assert_eq!(kept, ["REJECTED SETTLED TX-1", "SETTLED REJECTED ", "SETTLED SETTLED TX-3"]);
    }

    async fn a_new_attempt_stays_here_once_the_old_one_has_paid_after_all(lab: Lab) {
        let (bank, name, first) = paying(lab).await;
        bank.report(&first, Fate::Rejected, "").await;
        bank.retry("fay", &request_id(20), &name).await.unwrap();
        bank.run_jobs().await;
        let decided = bank.reward(&name).await.attempts.pop().unwrap();
        assert_eq!((decided.number, decided.first_send_time), (2, None), "decided, and not handed out yet");
        assert_eq!(bank.report(&first, Fate::Settled, "TX-1").await, "REFUSED OUTCOME_CONFLICT PAYING");
        assert!(bank.instructions().await.is_empty(), "the money has moved: a second order would pay twice");

        // People end it: the order that never left is refused, and one made anew stays here as well.
        assert_eq!(bank.report(&decided.end_to_end_id, Fate::Rejected, "").await, "APPLIED FAILED");
        bank.retry("fay", &request_id(21), &name).await.unwrap();
        bank.run_jobs().await;
        assert!(bank.instructions().await.is_empty());
        bank.books().await;
    }

    async fn each_outcome_of_a_report_is_answered_for_itself(lab: Lab) {
        let (bank, name, id) = paying(lab).await;
        let now = handsel_service::Clock::now(&*bank.lab.clock);
        let tomorrow = Some(to_timestamp(now.checked_add(DAY).unwrap()));
        let mut early = bank.outcome(&id, Fate::Settled, "TX-1");
        early.occur_time = tomorrow;
        let said = vec![
            bank.outcome("unknown", Fate::Settled, "TX-9"),
            early,
            bank.outcome(&id, Fate::Accepted, ""),
            bank.outcome(&id, Fate::Rejected, ""),
            bank.outcome(&id, Fate::Settled, "TX-1"),
            bank.outcome(&id, Fate::Settled, "TX-1"),
        ];
        expect![[r#"
            REFUSED UNKNOWN_INSTRUCTION UNSPECIFIED
            REFUSED FUTURE_TIME PAYING
            APPLIED PAYING
            APPLIED FAILED
            APPLIED PAID
            DUPLICATE PAID"#]]
        .assert_eq(&bank.report_all(said).await.unwrap().join("\n"));
        assert_eq!(bank.reward(&name).await.state(), wire::reward::State::Paid);
        bank.books().await;

        let nameless = bank.report_all(vec![bank.outcome(&id, Fate::Settled, "")]).await.unwrap_err();
        assert_eq!((nameless.code(), reason(&nameless).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        assert_eq!(violated_fields(&nameless), ["outcomes[0].bank_reference"]);
    }
}
