//! Rate grants: offered with the rewards, taken by contracts, ended, taken back, expired; what a customer's rates come to together;
//! and what core banking is told.

use crate::{
    bank::{Bank, DAY, introduction_plan, money, request_id, text},
    rate_desk::{contract, date, half_a_percent, term_deposit},
};
use expect_test::expect;
use futures::future::join_all;
use handsel_proto::handsel::{
    corebank::v1::{RateInstruction, rate_instruction, rate_receipt},
    reward::v1::{self as wire, rate_grant::State},
};
use handsel_service::{Clock as _, wire::to_timestamp};
use handsel_storage::row;
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use tonic::Code;

/// The referrer gets half a percent on a deposit; the referee 50.00.
fn rate_plan() -> wire::Plan {
    let rate = wire::RoleRule {
        role: wire::BeneficiaryRole::Referrer.into(),
        base: Some(wire::role_rule::Base::Rate(half_a_percent())),
        ..wire::RoleRule::default()
    };
    let plan = introduction_plan();
    let referee = plan.role_rules[1].clone();
    wire::Plan { role_rules: vec![rate, referee], ..plan }
}

fn limited(max_count: i32, budget: &str) -> wire::Plan {
    wire::Plan { rate_limits: Some(wire::RateLimits { max_count, budget: money(budget) }), ..rate_plan() }
}

async fn open(lab: Lab, plan: wire::Plan) -> Bank {
    let bank = Bank::open(lab).await;
    bank.product_in_force("term", term_deposit()).await;
    bank.put_in_force("spring", plan).await;
    bank
}

/// `OFFERED 50.00 CNY`, `ACTIVE 50.00 CNY → 100.00 CNY`, `REJECTED 0.00 CNY BUDGET`.
fn brief(grant: &wire::RateGrant) -> String {
    let state = grant.state().as_str_name().trim_start_matches("STATE_");
    let worth = grant.activation.as_ref().map(|one| format!(" → {}", text(one.benefit.as_ref()))).unwrap_or_default();
    let reasons = grant.reasons.join(",");
    format!("{state} {}{worth} {reasons}", text(grant.estimated_benefit.as_ref())).trim_end().to_owned()
}

row! {
    struct TakenRow {
        grant_count: i64,
        benefit_minor: i64,
    }
}

async fn taken(bank: &Bank) -> (i64, i64) {
    let row: Option<TakenRow> =
        bank.db.opt("SELECT grant_count, benefit_minor FROM plan_rate WHERE plan_id = 'spring'", ()).await.unwrap();
    row.map_or((0, 0), |row| (row.grant_count, row.benefit_minor))
}

on_both_engines! {
    async fn a_rate_is_offered_with_the_rewards_once_for_ever(lab: Lab) {
        let bank = open(lab, rate_plan()).await;
        let rewards = bank.grant(bank.qualification(1, "1000.00 CNY")).await.unwrap();
        assert_eq!(rewards.len(), 1, "the rate makes no reward");
        bank.grant(bank.qualification(1, "1000.00 CNY")).await.unwrap();
        let grants = bank.rate_grants().await;
        assert_eq!(grants.iter().map(brief).collect::<Vec<_>>(), ["OFFERED 50.00 CNY"]);
        let grant = bank.rate_grant(&grants[0].name).await;
        assert_eq!((grant.beneficiary.as_str(), grant.branch.as_str()), ("customers/10", "0101"));
        assert_eq!(grant.rule, Some(half_a_percent()));
        assert!(grant.steps.iter().any(|step| step.step == "benefit" && step.value == "50.00 CNY"));
        expect![[r#"
            For referral 00000000-0000-7000-8000-000000000001 the plan offers customers/10 0.5 percent a year more on deposit product term.
            It is for a contract that begins on the day of the offer or later.
            It can be used until 2026-02-04T16:00:00.000000Z."#]]
        .assert_eq(&grant.explanation.join("\n"));
        assert_eq!(taken(&bank).await, (1, 5_000));
    }

    async fn no_room_no_rate_and_the_other_rewards_stand(lab: Lab) {
        let bank = open(lab, limited(3, "100.00 CNY")).await;
        for number in 1..=3 {
            let rewards = bank.grant(bank.qualification(number, "1000.00 CNY")).await.unwrap();
            assert_eq!(rewards.len(), 1);
        }
        let briefs: Vec<String> = bank.rate_grants().await.iter().map(brief).collect();
        assert_eq!(briefs, ["OFFERED 50.00 CNY", "OFFERED 50.00 CNY", "REJECTED 50.00 CNY BUDGET"]);
        assert_eq!(taken(&bank).await, (2, 10_000));
        // What expires makes room again.
        bank.pass(DAY * 32).await;
        bank.grant(bank.qualification(4, "1000.00 CNY")).await.unwrap();
        let briefs: Vec<String> = bank.rate_grants().await.iter().map(brief).collect();
        assert_eq!(briefs[0], "EXPIRED 50.00 CNY");
        assert_eq!(briefs[3], "OFFERED 50.00 CNY");
        assert_eq!(taken(&bank).await, (1, 5_000));
    }

    async fn a_count_of_one_is_never_exceeded_by_a_rush(lab: Lab) {
        let bank = open(lab.clone(), limited(1, "1000000.00 CNY")).await;
        let other = Bank::open(lab).await;
        let grants = (0..20_u32).map(|number| {
            let desk = if number % 2 == 0 { &bank } else { &other };
            let qualification = bank.qualification(number, "1.00 CNY");
            async move { desk.grant(qualification).await.unwrap() }
        });
        join_all(grants).await;
        let grants = bank.rate_grants().await;
        let offered = grants.iter().filter(|grant| grant.state() == State::Offered).count();
        assert_eq!((grants.len(), offered), (20, 1));
        assert_eq!(taken(&bank).await, (1, 5_000));
    }

    async fn a_contract_takes_it_once_and_is_valued_as_opened(lab: Lab) {
        let bank = open(lab, rate_plan()).await;
        bank.grant(bank.qualification(1, "1000.00 CNY")).await.unwrap();
        let name = bank.rate_grants().await.remove(0).name;
        let opened = || contract("D-1", "20000.00 CNY", date(2026, 1, 5));
        let active = bank.take_rate(&name, opened()).await.unwrap();
        assert_eq!(brief(&active), "ACTIVE 50.00 CNY → 100.00 CNY");
        let activation = active.activation.clone().unwrap();
        assert_eq!(activation.effective_rate.unwrap().value, "0.035");
        assert_eq!(activation.applied_bps.unwrap().value, "50");
        assert_eq!(taken(&bank).await, (1, 10_000));
        // Told again it is the same; another contract is not.
        assert_eq!(bank.take_rate(&name, opened()).await.unwrap(), active);
        let other = bank.take_rate(&name, contract("D-2", "20000.00 CNY", date(2026, 1, 5))).await.unwrap_err();
        assert_eq!((other.code(), reason(&other).as_str()), (Code::AlreadyExists, "ACTIVATION_CONFLICT"));
        // A year on the contract is over.
        bank.pass(DAY * 366).await;
        assert_eq!(brief(&bank.rate_grant(&name).await), "ENDED 50.00 CNY → 100.00 CNY");
        assert_eq!(taken(&bank).await, (1, 10_000));
    }

    async fn what_cannot_take_it_is_refused_by_name(lab: Lab) {
        let plan = {
            let rule = wire::RateRule { term_months: 12, ..half_a_percent() };
            let mut plan = rate_plan();
            plan.role_rules[0].base = Some(wire::role_rule::Base::Rate(rule));
            plan
        };
        let bank = open(lab, plan).await;
        bank.grant(bank.qualification(1, "1000.00 CNY")).await.unwrap();
        let name = bank.rate_grants().await.remove(0).name;
        let none = "rate-grants/00000000-0000-7000-8000-000000000099";
        let opened = |start| contract("D-1", "20000.00 CNY", start);
        let today = date(2026, 1, 5);
        let months = |term_months| wire::RateContract { term_months, ..opened(today) };
        let maturity = wire::RateContract { maturity_date: today, ..opened(today) };
        for (name, contract, code, expected) in [
            (none, opened(today), Code::NotFound, "NOT_FOUND"),
            (&name, opened(date(2026, 2, 30)), Code::InvalidArgument, "FIELD_INVALID"),
            (&name, maturity, Code::InvalidArgument, "FIELD_INVALID"),
            (&name, opened(date(2025, 1, 5)), Code::FailedPrecondition, "NO_BASE_RATE"),
            (&name, opened(date(2026, 1, 6)), Code::InvalidArgument, "FUTURE_TIME"),
            (&name, opened(date(2026, 1, 4)), Code::FailedPrecondition, "START_BEFORE_OFFER"),
            (&name, contract("D-1", "1.00 EUR", today), Code::InvalidArgument, "CURRENCY_MISMATCH"),
            (&name, contract("D-1", "0.00 CNY", today), Code::InvalidArgument, "FIELD_INVALID"),
            (&name, months(2), Code::FailedPrecondition, "NO_BASE_RATE"),
            (&name, months(13), Code::FailedPrecondition, "TERM_NOT_COVERED"),
        ] {
            let refused = bank.take_rate(name, contract).await.unwrap_err();
            assert_eq!((refused.code(), reason(&refused).as_str()), (code, expected));
        }
        bank.lab.clock.advance(DAY * 31).unwrap();
        let late = bank.take_rate(&name, opened(today)).await.unwrap_err();
        assert_eq!((late.code(), reason(&late).as_str()), (Code::FailedPrecondition, "OFFER_EXPIRED"));
        bank.run_jobs().await;
        let gone = bank.take_rate(&name, opened(today)).await.unwrap_err();
        assert_eq!((gone.code(), reason(&gone).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));
    }

    async fn the_rates_of_one_customer_are_stacked(lab: Lab) {
        let bank = Bank::open(lab).await;
        let product = wire::RateProduct { max_change_bps: crate::bank::decimal("80"), ..term_deposit() };
        bank.product_in_force("term", product).await;
        bank.put_in_force("spring", rate_plan()).await;
        for number in 1..=2 {
            bank.grant(bank.qualification(number, "1000.00 CNY")).await.unwrap();
        }
        let names: Vec<String> = bank.rate_grants().await.into_iter().map(|grant| grant.name).collect();
        let none = bank.effective_rate("customers/10", "10000.00 CNY").await.unwrap();
        assert_eq!((none.rate.unwrap().value.as_str(), none.parts.len()), ("0.03", 0));
        // Two at once: each sees the other, or is seen by it.
        let [first, second] = &names[..] else { panic!("two grants") };
        let opened = || contract("D-1", "10000.00 CNY", date(2026, 1, 5));
        let (first, second) = tokio::join!(bank.take_rate(first, opened()), bank.take_rate(second, opened()));
        let mut worth: Vec<String> =
            [first, second].map(|grant| text(grant.unwrap().activation.unwrap().benefit.as_ref())).into();
        worth.sort();
        assert_eq!(worth, ["30.00 CNY", "50.00 CNY"]);
        let both = bank.effective_rate("customers/10", "10000.00 CNY").await.unwrap();
        assert_eq!(both.rate.unwrap().value, "0.038");
        assert_eq!(text(both.benefit.as_ref()), "80.00 CNY");
        let parts: Vec<(String, String)> =
            both.parts.into_iter().map(|part| (part.applied_bps.unwrap().value, part.reason)).collect();
        assert_eq!(parts, [("50".into(), String::new()), ("30".into(), "PRODUCT_LIMIT".into())]);
        expect![[r#"
            The base rate is 3 percent a year.
            The rate of plans/spring over 0.5 percent counts in full.
            The rate of plans/spring over 0.5 percent counts for 0.3 percent: the product's limit is reached.
            With that the rate is 3.8 percent a year.
            The preference is worth 80.00 CNY."#]]
        .assert_eq(&both.explanation.join("\n"));
        let unknown = bank.effective_rate("customers/20", "10000.00 CNY").await.unwrap();
        assert_eq!(unknown.rate.unwrap().value, "0.03");
        let wrong = bank.effective_rate("customers/10", "1.00 EUR").await.unwrap_err();
        assert_eq!(reason(&wrong), "CURRENCY_MISMATCH");
    }

    async fn a_second_person_takes_it_back(lab: Lab) {
        let bank = open(lab, rate_plan()).await;
        for number in 1..=2 {
            bank.grant(bank.qualification(number, "1000.00 CNY")).await.unwrap();
        }
        let names: Vec<String> = bank.rate_grants().await.into_iter().map(|grant| grant.name).collect();
        for person in ["tom", "mia"] {
            let own = bank.revoke_rate(person, 21, &names[0]).await.unwrap_err();
            assert_eq!((own.code(), reason(&own).as_str()), (Code::PermissionDenied, "MAKER_IS_CHECKER"), "{person}");
        }
        let revoked = bank.revoke_rate("fay", 22, &names[0]).await.unwrap();
        assert_eq!((brief(&revoked).as_str(), revoked.closer.as_str()), ("REVOKED 50.00 CNY FRAUD", "fay"));
        assert_eq!(bank.revoke_rate("fay", 22, &names[0]).await.unwrap(), revoked);
        let again = bank.revoke_rate("fay", 23, &names[0]).await.unwrap_err();
        assert_eq!(reason(&again), "STATE_CONFLICT");
        assert_eq!(taken(&bank).await, (1, 5_000));
        // An active one: what it is worth on the days left comes back, the count does not.
        bank.take_rate(&names[1], contract("D-1", "10000.00 CNY", date(2026, 1, 5))).await.unwrap();
        bank.pass(DAY * 73).await;
        let request = wire::RevokeRateGrantRequest {
            request_id: request_id(24),
            name: names[1].clone(),
            etag: "1".into(),
            reason: "FRAUD".into(),
        };
        let stale = bank.rates().revoke_rate_grant(bank.lab.call(request, &bank.approver("fay"))).await.unwrap_err();
        assert_eq!(reason(&stale), "ETAG_MISMATCH");
        bank.revoke_rate("fay", 25, &names[1]).await.unwrap();
        // 73 days and 17 hours of 365 days are used: 10.09 of 50.00 and a fraction that stays used too.
        assert_eq!(taken(&bank).await, (1, 1_010));
        let over = bank.effective_rate("customers/10", "10000.00 CNY").await.unwrap();
        assert_eq!(over.rate.unwrap().value, "0.03");
    }

    async fn core_banking_ends_it(lab: Lab) {
        let bank = open(lab, rate_plan()).await;
        bank.grant(bank.qualification(1, "1000.00 CNY")).await.unwrap();
        let name = bank.rate_grants().await.remove(0).name;
        let token = bank.lab.token(Role::CoreBanking, "", None);
        let end = |at: handsel_money::Timestamp| {
            let request = wire::EndRateGrantRequest {
                name: name.clone(),
                end_time: Some(to_timestamp(at)),
                reason: "CLOSED_EARLY".into(),
            };
            bank.lab.call(request, &token)
        };
        let now = bank.lab.clock.now();
        let early = bank.rates().end_rate_grant(end(now)).await.unwrap_err();
        assert_eq!(reason(&early), "STATE_CONFLICT");
        bank.take_rate(&name, contract("D-1", "10000.00 CNY", date(2026, 1, 5))).await.unwrap();
        let future = bank.rates().end_rate_grant(end(now.checked_add(DAY).unwrap())).await.unwrap_err();
        assert_eq!(reason(&future), "FUTURE_TIME");
        let ended = bank.rates().end_rate_grant(end(now)).await.unwrap().into_inner();
        assert_eq!(brief(&ended), "ENDED 50.00 CNY → 50.00 CNY CLOSED_EARLY");
        assert_eq!(bank.rates().end_rate_grant(end(now)).await.unwrap().into_inner(), ended);
        assert_eq!(bank.effective_rate("customers/10", "10000.00 CNY").await.unwrap().rate.unwrap().value, "0.03");
    }

    async fn core_banking_learns_of_offers_and_of_what_is_taken_back(lab: Lab) {
        let bank = open(lab, rate_plan()).await;
        for number in 1..=2 {
            bank.grant(bank.qualification(number, "1000.00 CNY")).await.unwrap();
        }
        let names: Vec<String> = bank.rate_grants().await.into_iter().map(|grant| grant.name).collect();
        // Taken back before anybody was told: nothing is to be told.
        bank.revoke_rate("fay", 31, &names[1]).await.unwrap();
        let told = bank.rate_instructions().await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].rate_grant.as_str(), told[0].customer.as_str()), (names[0].as_str(), "customers/10"));
        assert!(told[0].new_contracts_only);
        assert_eq!(bank.rate_instructions().await, told, "told again until it is answered");
        let id = &told[0].instruction_id;
        assert_eq!(bank.answer_rate("F00", rate_receipt::Result::Taken).await, "REFUSED UNKNOWN_INSTRUCTION");
        assert_eq!(bank.answer_rate(id, rate_receipt::Result::Taken).await, "APPLIED");
        assert_eq!(bank.answer_rate(id, rate_receipt::Result::Taken).await, "DUPLICATE");
        assert_eq!(bank.answer_rate(id, rate_receipt::Result::Refused).await, "REFUSED OUTCOME_CONFLICT");
        assert!(bank.rate_instructions().await.is_empty());
        bank.revoke_rate("fay", 32, &names[0]).await.unwrap();
        let told = bank.rate_instructions().await;
        assert_eq!(told.iter().map(RateInstruction::kind).collect::<Vec<_>>(), [rate_instruction::Kind::Withdraw]);
        let known = bank.rate_grant(&names[0]).await.instructions;
        let results: Vec<_> = known.iter().map(|one| (one.kind(), one.result())).collect();
        assert_eq!(results, [
            (rate_instruction::Kind::Offer, rate_receipt::Result::Taken),
            (rate_instruction::Kind::Withdraw, rate_receipt::Result::Unspecified),
        ]);
    }

    async fn a_plan_whose_product_is_not_in_force_does_not_come_into_force(lab: Lab) {
        let bank = Bank::open(lab).await;
        bank.create_plan("mia", &request_id(1), "spring", rate_plan()).await.unwrap();
        bank.submit_plan("mia", &request_id(2), "plans/spring").await.unwrap();
        let refused = bank.activate_plan("chen", &request_id(3), "plans/spring").await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "RATE_PRODUCT_NOT_ACTIVE"));
        bank.product_in_force("term", term_deposit()).await;
        bank.activate_plan("chen", &request_id(4), "plans/spring").await.unwrap();
        assert_eq!(bank.plan("spring").await.role_rules[0].base, rate_plan().role_rules[0].base);
    }

    async fn another_branch_sees_nothing(lab: Lab) {
        let bank = open(lab, rate_plan()).await;
        bank.grant(bank.qualification(1, "1000.00 CNY")).await.unwrap();
        let name = bank.rate_grants().await.remove(0).name;
        let token = bank.lab.token(Role::BranchStaff, "0202", None);
        let request = wire::GetRateGrantRequest { name };
        let denied = bank.rates().get_rate_grant(bank.lab.call(request, &token)).await.unwrap_err();
        assert_eq!(reason(&denied), "BRANCH_MISMATCH");
        let request = wire::ListRateGrantsRequest::default();
        let own = bank.rates().list_rate_grants(bank.lab.call(request, &token)).await.unwrap().into_inner();
        assert!(own.rate_grants.is_empty());
    }
}
