//! Plans: from draft to force, by two people; and every fault of a proposed plan at once.

use crate::bank::{Bank, decimal, fixed, introduction_plan, money, request_id};
use expect_test::expect;
use handsel_access::DevToken;
use handsel_proto::handsel::reward::v1 as wire;
use handsel_testkit::{Lab, Role, on_both_engines, reason, violated_fields};
use tonic::Code;

/// What stands against a budget of which nothing is used.
fn budget_use(limit: &str, granted: &str) -> wire::BudgetUse {
    wire::BudgetUse {
        kind: wire::budget_use::Kind::Rewards.into(),
        limit: money(limit),
        granted: money(granted),
        reserved: money(granted),
        used: money("0.00 CNY"),
        room: money(limit),
        ..wire::BudgetUse::default()
    }
}

on_both_engines! {
    async fn an_account_checks_nothing_that_it_made_whoever_uses_it(lab: Lab) {
        let bank = Bank::open(lab).await;
        let token = |subject: &str, person: Option<&str>| {
            let token = DevToken::of_role(Role::ProgramAdmin, subject);
            bank.lab.issuer.issue(&DevToken { person: person.map(str::to_owned), ..token }).unwrap()
        };
        // One account, whose tokens name the human only sometimes.
        let request = wire::CreatePlanRequest {
            request_id: request_id(1),
            plan_id: "spring".into(),
            plan: Some(introduction_plan()),
        };
        bank.plans().create_plan(bank.lab.call(request, &token("u-17", None))).await.unwrap();
        bank.submit_plan("mia", &request_id(2), "plans/spring").await.unwrap();
        let activate = |request: u32, token: &str| {
            let request = wire::ActivatePlanRequest {
                request_id: request_id(request),
                name: "plans/spring".into(),
                etag: String::new(),
            };
            bank.lab.call(request, token)
        };
        let own = bank.plans().activate_plan(activate(3, &token("u-17", Some("anna")))).await.unwrap_err();
        assert_eq!(reason(&own), "MAKER_IS_CHECKER");
        bank.plans().activate_plan(activate(4, &token("u-18", Some("ben")))).await.unwrap();
    }

    async fn a_plan_takes_two_people(lab: Lab) {
        let bank = Bank::open(lab).await;
        let draft = bank.create_plan("mia", &request_id(1), "spring", introduction_plan()).await.unwrap();
        assert_eq!((draft.name.as_str(), draft.state(), draft.version), ("plans/spring", wire::plan::State::Draft, 1));
        assert_eq!((draft.maker.as_str(), draft.checker.as_str(), draft.etag.as_str()), ("mia", "", "1"));

        let early = bank.activate_plan("chen", &request_id(2), "plans/spring").await.unwrap_err();
        assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));

        bank.submit_plan("sue", &request_id(3), "plans/spring").await.unwrap();
        for person in ["mia", "sue"] {
            let own = bank.activate_plan(person, &request_id(4), "plans/spring").await.unwrap_err();
            assert_eq!((own.code(), reason(&own).as_str()), (Code::PermissionDenied, "MAKER_IS_CHECKER"), "{person}");
        }
        let active = bank.activate_plan("chen", &request_id(5), "plans/spring").await.unwrap();
        assert_eq!((active.state(), active.checker.as_str()), (wire::plan::State::Active, "chen"));
        assert_eq!(active.granted, money("0.00 CNY"));

        // What was proposed is what is in force, output fields apart.
        let outputs = wire::Plan {
            name: active.name.clone(),
            state: active.state,
            version: 1,
            rounding: wire::Rounding::HalfUp.into(),
            profile: wire::Profile::Open.into(),
            introducers: wire::Introducers::Customers.into(),
            budget_uses: vec![budget_use("100000.00 CNY", "0.00 CNY")],
            granted: active.granted.clone(),
            etag: "3".into(),
            maker: "mia".into(),
            checker: "chen".into(),
            create_time: active.create_time,
            update_time: active.update_time,
            ..introduction_plan()
        };
        let mut expected = outputs;
        expected.tax.as_mut().unwrap().rate = decimal("0.2");
        expected.tax.as_mut().unwrap().exempt_up_to = money("0.00 CNY");
        assert_eq!(active, expected);
        assert_eq!(bank.plan("spring").await, expected);
    }

    async fn a_plan_in_force_cannot_be_changed_in_the_database_either(lab: Lab) {
        let bank = Bank::with_plan(lab, introduction_plan()).await;
        for sql in ["UPDATE plan SET display_name = 'x'", "DELETE FROM plan"] {
            let touched: Result<Vec<(i64,)>, _> = bank.db.all(sql, ()).await;
            assert!(touched.is_err(), "{sql}");
        }
        assert_eq!(bank.plan("spring").await.display_name, "New customers, spring");
    }

    async fn a_request_sent_again_leads_to_the_same_plan(lab: Lab) {
        let bank = Bank::open(lab).await;
        let first = bank.create_plan("mia", &request_id(1), "spring", introduction_plan()).await.unwrap();
        let again = bank.create_plan("mia", &request_id(1), "spring", introduction_plan()).await.unwrap();
        assert_eq!(first, again);
        let other = wire::Plan { holding_days: 31, ..introduction_plan() };
        let reused = bank.create_plan("mia", &request_id(1), "spring", other).await.unwrap_err();
        assert_eq!((reused.code(), reason(&reused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
        let taken = bank.create_plan("mia", &request_id(2), "spring", introduction_plan()).await.unwrap_err();
        assert_eq!((taken.code(), reason(&taken).as_str()), (Code::AlreadyExists, "ALREADY_EXISTS"));
    }

    async fn an_old_etag_is_refused(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.create_plan("mia", &request_id(1), "spring", introduction_plan()).await.unwrap();
        let token = bank.lab.token(Role::ProgramAdmin, "*", "mia");
        let request =
            wire::SubmitPlanRequest { request_id: request_id(2), name: "plans/spring".into(), etag: "7".into() };
        let old = bank.plans().submit_plan(bank.lab.call(request, &token)).await.unwrap_err();
        assert_eq!((old.code(), reason(&old).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
        let none = bank.submit_plan("mia", &request_id(3), "plans/autumn").await.unwrap_err();
        assert_eq!((none.code(), reason(&none).as_str()), (Code::NotFound, "NOT_FOUND"));
    }

    async fn every_fault_is_found_at_once(lab: Lab) {
        let bank = Bank::open(lab).await;
        let bracket = |lower: &str, fixed: Option<&str>| wire::graduated_rule::Bracket {
            lower: money(lower),
            rate: None,
            fixed: fixed.and_then(money),
        };
        let graduated = wire::RoleRule {
            role: wire::BeneficiaryRole::Referrer.into(),
            base: Some(wire::role_rule::Base::Graduated(wire::GraduatedRule {
                brackets: vec![bracket("5.00 CNY", Some("1.00 CNY")), bracket("5.00 CNY", None)],
            })),
            tier_multipliers: vec![
                wire::TierMultiplier { tier: "CORE".into(), multiplier: decimal("-1") },
                wire::TierMultiplier { tier: "GOLD".into(), multiplier: decimal("2") },
                wire::TierMultiplier { tier: "GOLD".into(), multiplier: decimal("3") },
            ],
            minimum: money("1.00 EUR"),
            ..wire::RoleRule::default()
        };
        let plan = wire::Plan {
            role_rules: vec![fixed(wire::BeneficiaryRole::Referrer, "-1.00 CNY"), graduated],
            time_zone: "Asia/Nowhere".into(),
            on_exceed: wire::OnExceed::Unspecified.into(),
            beneficiary_cap: Some(wire::BeneficiaryCap { window: wire::Window::Year.into(), max_count: 0, max_amount: None }),
            tax: Some(wire::FlatTax { rate: decimal("x"), ..introduction_plan().tax.unwrap() }),
            ..introduction_plan()
        };
        let refused = bank.create_plan("mia", &request_id(1), "spring", plan).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        expect![[r#"
            plan.time_zone
            plan.role_rules[1].tier_multipliers[0].multiplier
            plan.role_rules[1].tier_multipliers[2].tier
            plan.beneficiary_cap
            plan.on_exceed
            plan.tax.rate.value
            plan.role_rules[0].fixed.amount
            plan.role_rules[1].role
            plan.role_rules[1].graduated.brackets[0].lower
            plan.role_rules[1].graduated.brackets[1].lower
            plan.role_rules[1].graduated.brackets[1].fixed
            plan.role_rules[1].minimum"#]]
        .assert_eq(&violated_fields(&refused).join("\n"));
    }

    async fn a_fraction_of_the_minor_unit_is_refused_and_not_rounded(lab: Lab) {
        let bank = Bank::open(lab).await;
        let mut plan = introduction_plan();
        plan.budget.as_mut().unwrap().nanos = 1;
        let refused = bank.create_plan("mia", &request_id(1), "spring", plan).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "AMOUNT_PRECISION"));
        assert_eq!(violated_fields(&refused), ["plan.budget"]);
    }

    async fn plans_are_listed_newest_first(lab: Lab) {
        let bank = Bank::open(lab).await;
        for (number, id) in ["one", "two", "three"].iter().enumerate() {
            let number = u32::try_from(number).unwrap();
            bank.create_plan("mia", &request_id(number), id, introduction_plan()).await.unwrap();
        }
        let token = bank.lab.token(Role::InternalAuditor, "*", None);
        let (mut names, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = wire::ListPlansRequest { page_size: 2, page_token };
            let page = bank.plans().list_plans(bank.lab.call(request, &token)).await.unwrap().into_inner();
            names.extend(page.plans.into_iter().map(|plan| plan.name));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        names.sort();
        assert_eq!(names, ["plans/one", "plans/three", "plans/two"]);
        let request = wire::ListPlansRequest { page_size: 2, page_token: "AAAA".into() };
        let refused = bank.plans().list_plans(bank.lab.call(request, &token)).await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_PAGE_TOKEN");
    }
}
