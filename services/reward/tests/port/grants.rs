//! Grants: what a qualified referral earns, once for ever.

use crate::bank::{Bank, brief, fixed, introduction_plan, money, referral, request_id, text};
use expect_test::expect;
use handsel_proto::handsel::reward::v1 as wire;
use handsel_service::{Clock as _, wire::to_timestamp};
use handsel_testkit::{Lab, on_both_engines, reason};
use tonic::Code;

on_both_engines! {
    async fn a_referral_earns_for_both(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let rewards = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap();
        let lines: Vec<String> = rewards.iter().map(brief).collect();
        assert_eq!(lines, ["REFERRER ACCRUED 300.00 CNY", "REFEREE ACCRUED 50.00 CNY"]);
        let amounts = [&rewards[0].gross_amount, &rewards[0].tax_amount, &rewards[0].net_amount, &rewards[0].cost_amount]
            .map(|amount| text(amount.as_ref()));
        assert_eq!(amounts, ["300.00 CNY", "60.00 CNY", "240.00 CNY", "300.00 CNY"]);
        // 5 January in Shanghai and 30 days: the first instant of 4 February there.
        assert_eq!(rewards[0].due_time.unwrap().seconds, 1_770_134_400);
        assert_eq!(bank.plan("spring").await.granted, money("350.00 CNY"));
        expect![[r#"
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 240.00 CNY customers/10
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 60.00 CNY customers/10
            ACCRUAL PLAN_EXPENSE → CUSTOMER_PAYABLE 40.00 CNY customers/20
            ACCRUAL_TAX PLAN_EXPENSE → TAX_PAYABLE 10.00 CNY customers/20
            = PLAN_EXPENSE 350.00 CNY
            = CUSTOMER_PAYABLE -280.00 CNY
            = TAX_PAYABLE -70.00 CNY
        "#]]
        .assert_eq(&bank.books().await);
    }

    async fn a_reward_explains_itself(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let rewards = bank.grant(bank.qualification(1, "30000.00 CNY")).await.unwrap();
        let whole = bank.reward(&rewards[0].name).await;
        expect![[r#"
            Customer 10 introduced a new customer in referral 00000000-0000-7000-8000-000000000001, which qualified on 2026-01-05.
            The plan pays 1 percent of 30000.00 CNY, which is 300.00 CNY.
            Before caps and budget that makes 300.00 CNY.
            The reward is 300.00 CNY.
            Tax of 20 percent on 300.00 CNY is withheld: 60.00 CNY. 240.00 CNY is received.
            It is held back until 2026-02-04 (Asia/Shanghai), and goes into payment then."#]]
        .assert_eq(&whole.explanation.join("\n"));
        let steps: Vec<String> = whole
            .steps
            .iter()
            .map(|step| format!("{} {} {}", step.step, step.value, step.reason).trim_end().to_owned())
            .collect();
        expect![[r#"
            qualified_on 2026-01-05 Asia/Shanghai
            due_on 2026-02-04 30 days after
            qualifying_amount 30000.00 CNY
            window 2026-01
            rounding HALF_UP
            rule 0.01 PERCENT
            base 300
            tiered 300
            minimum 10.00 CNY
            maximum 500.00 CNY
            bounded 300
            gross 300.00 CNY
            count_cap 10 granted 0
            on_exceed REDUCE
            amount_cap_room 800.00 CNY 800.00 CNY less 0.00 CNY
            budget_room 100000.00 CNY 100000.00 CNY less 0.00 CNY
            reward 300.00 CNY
            tax_rate 0.2
            tax_exempt_up_to 0.00 CNY
            taxable 300.00 CNY WHOLE
            tax 60.00 CNY
            net 240.00 CNY
            cost 300.00 CNY"#]]
        .assert_eq(&steps.join("\n"));
        assert_eq!(whole.waiting_for, "its due time, 2026-02-03T16:00:00.000000Z");
    }

    async fn a_referral_is_granted_once_for_ever(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let qualification = bank.qualification(1, "30000.00 CNY");
        let first = bank.grant(qualification.clone()).await.unwrap();
        bank.pass(crate::bank::DAY).await;
        assert_eq!(bank.grant(qualification.clone()).await.unwrap(), first);
        for (what, other) in [
            ("amount", wire::Qualification { qualifying_amount: money("30001.00 CNY"), ..qualification.clone() }),
            ("branch", wire::Qualification { branch: "0102".into(), ..qualification.clone() }),
            ("referrer", wire::Qualification { referrer: "customers/11".into(), ..qualification.clone() }),
            ("plan", wire::Qualification { plan: "plans/autumn".into(), ..qualification.clone() }),
        ] {
            let refused = bank.grant(other).await.unwrap_err();
            assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "GRANT_CONFLICT"), "{what}");
        }
        assert_eq!(bank.plan("spring").await.granted, money("350.00 CNY"));
    }

    async fn an_absent_amount_is_zero_and_says_so_again(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let absent = wire::Qualification { qualifying_amount: None, ..bank.qualification(1, "0.00 CNY") };
        let rewards = bank.grant(absent.clone()).await.unwrap();
        let lines: Vec<String> = rewards.iter().map(brief).collect();
        assert_eq!(lines, ["REFERRER REJECTED 0.00 CNY NOTHING_EARNED", "REFEREE ACCRUED 50.00 CNY"]);
        assert_eq!(bank.grant(absent).await.unwrap(), rewards);
        assert_eq!(bank.grant(bank.qualification(1, "0.00 CNY")).await.unwrap(), rewards);
        let told = bank.reward(&rewards[0].name).await.explanation;
        assert_eq!(told.last().unwrap(), "The plan pays nothing for this qualifying amount.");
    }

    async fn what_cannot_be_granted_is_refused(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        bank.create_plan("mia", &request_id(9), "draft", introduction_plan()).await.unwrap();
        let good = bank.qualification(1, "30000.00 CNY");
        let later = bank.lab.clock.now().checked_add(crate::bank::DAY).unwrap();
        let table = [
            ("no such plan", wire::Qualification { plan: "plans/none".into(), ..good.clone() }, "NOT_FOUND"),
            ("no such version", wire::Qualification { plan_version: 2, ..good.clone() }, "NOT_FOUND"),
            ("a draft", wire::Qualification { plan: "plans/draft".into(), ..good.clone() }, "PLAN_NOT_ACTIVE"),
            ("the future", wire::Qualification { qualify_time: Some(to_timestamp(later)), ..good.clone() }, "FUTURE_TIME"),
            ("euros", wire::Qualification { qualifying_amount: money("1.00 EUR"), ..good.clone() }, "CURRENCY_MISMATCH"),
            ("a debt", wire::Qualification { qualifying_amount: money("-1.00 CNY"), ..good.clone() }, "FIELD_INVALID"),
        ];
        for (situation, qualification, expected) in table {
            let refused = bank.grant(qualification).await.unwrap_err();
            assert_eq!(reason(&refused), expected, "{situation}");
        }
        let mut fine = good.clone();
        fine.qualifying_amount.as_mut().unwrap().nanos = 1;
        assert_eq!(reason(&bank.grant(fine).await.unwrap_err()), "AMOUNT_PRECISION");
        // A refusal leaves nothing behind.
        assert_eq!(bank.grant(good).await.unwrap().len(), 2);
        assert_eq!(bank.plan("spring").await.granted, money("350.00 CNY"));
    }

    async fn a_result_beyond_money_is_out_of_range_for_the_whole_referral(lab: Lab) {
        let mut plan = introduction_plan();
        plan.budget = None;
        plan.beneficiary_cap = None;
        plan.tax = None;
        plan.role_rules[0].maximum = None;
        plan.role_rules[0].base =
            Some(wire::role_rule::Base::Percent(wire::PercentRule { rate: crate::bank::decimal("5") }));
        let bank = Bank::with_plan(lab, plan).await;
        let huge = bank.qualification(1, "90000000000000000.00 CNY");
        let refused = bank.grant(huge).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::OutOfRange, "OUT_OF_RANGE"));
        assert_eq!(bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap().len(), 2);
    }

    async fn caps_are_counted_by_month_in_the_plans_zone(lab: Lab) {
        let mut plan = introduction_plan();
        plan.role_rules = vec![fixed(wire::BeneficiaryRole::Referrer, "300.00 CNY")];
        plan.beneficiary_cap = Some(wire::BeneficiaryCap {
            window: wire::Window::Month.into(),
            max_count: 3,
            max_amount: money("800.00 CNY"),
        });
        let bank = Bank::with_plan(lab, plan).await;
        let mut lines = Vec::new();
        for number in 1..=4 {
            lines.extend(bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap().iter().map(brief));
        }
        // 31 January, 17:00 UTC is February in Shanghai.
        bank.lab.clock.set("2026-01-31T17:00:00.000000Z".parse().unwrap()).unwrap();
        lines.extend(bank.grant(bank.qualification(5, "1.00 CNY")).await.unwrap().iter().map(brief));
        expect![[r#"
            REFERRER ACCRUED 300.00 CNY
            REFERRER ACCRUED 300.00 CNY
            REFERRER ACCRUED 200.00 CNY AMOUNT_CAP
            REFERRER REJECTED 0.00 CNY COUNT_CAP
            REFERRER ACCRUED 300.00 CNY"#]]
        .assert_eq(&lines.join("\n"));
    }

    async fn a_late_referral_is_due_at_once_and_never_before_it_was_granted(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        let early = bank.qualification(1, "30000.00 CNY");
        bank.lab.clock.advance(crate::bank::DAY * 90).unwrap();
        bank.lab.system.advance(crate::bank::DAY * 90).unwrap();
        let rewards = bank.grant(early).await.unwrap();
        assert_eq!(rewards[0].due_time, Some(to_timestamp(bank.lab.clock.now())));
    }

    async fn rewards_are_listed_and_summed(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        for number in 1..=3 {
            bank.grant(bank.qualification(number, "10000.00 CNY")).await.unwrap();
        }
        let token = bank.lab.token(handsel_testkit::Role::InternalAuditor, "*", None);
        let (mut seen, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = wire::ListRewardsRequest {
                beneficiary: "customers/10".into(),
                page_size: 2,
                page_token,
                ..wire::ListRewardsRequest::default()
            };
            let page = bank.rewards().list_rewards(bank.lab.call(request, &token)).await.unwrap().into_inner();
            seen.extend(page.rewards.into_iter().map(|reward| reward.referral));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, [referral(1), referral(2), referral(3)]);

        let request = wire::SummarizeRewardsRequest { plan: "plans/spring".into() };
        let summary = bank.rewards().summarize_rewards(bank.lab.call(request, &token)).await.unwrap().into_inner();
        let lines: Vec<String> = summary
            .groups
            .iter()
            .map(|group| {
                let (reward, net) = (text(group.reward_amount.as_ref()), text(group.net_amount.as_ref()));
                format!("{} {} {} {reward} {net}", group.role().as_str_name(), group.state().as_str_name(), group.count)
            })
            .collect();
        assert_eq!(
            lines,
            [
                "BENEFICIARY_ROLE_REFERRER STATE_ACCRUED 3 300.00 CNY 240.00 CNY",
                "BENEFICIARY_ROLE_REFEREE STATE_ACCRUED 3 150.00 CNY 120.00 CNY",
            ]
        );
    }
}
