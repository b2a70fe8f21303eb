//! What only some plans have: stages, staff and teams, points and items, milestones, seasons, budgets of cost, profiles.

use crate::{
    bank::{Bank, brief, decimal, fixed, introduction_plan, money, referral, request_id, text},
    inbox::deliver,
};
use expect_test::expect;
use handsel_proto::handsel::{
    corebank::v1::payout_outcome::Status as Fate,
    reward::v1::{self as wire, budget_use, deliver_request::message::Content},
};
use handsel_service::{Clock as _, wire::to_timestamp};
use handsel_testkit::{Lab, on_both_engines, reason, violated_fields};
use tonic::Code;

fn staff(shares: &[(&str, &str)]) -> Vec<wire::StaffShare> {
    let share = |(staff, weight): &(&str, &str)| wire::StaffShare {
        staff: format!("staff/{staff}"),
        weight: if weight.is_empty() { None } else { decimal(weight) },
    };
    shares.iter().map(share).collect()
}

fn points(
    role: wire::BeneficiaryRole,
    kind: wire::NonCashKind,
    base: wire::non_cash_rule::Base,
    value: &str,
) -> wire::RoleRule {
    wire::RoleRule {
        role: role.into(),
        base: Some(wire::role_rule::Base::NonCash(wire::NonCashRule {
            kind: kind.into(),
            label: "Things".into(),
            value_per_unit: money(value),
            base: Some(base),
            ..wire::NonCashRule::default()
        })),
        ..wire::RoleRule::default()
    }
}

fn percent(role: wire::BeneficiaryRole, rate: &str) -> wire::RoleRule {
    wire::RoleRule {
        role: role.into(),
        base: Some(wire::role_rule::Base::Percent(wire::PercentRule { rate: decimal(rate) })),
        ..wire::RoleRule::default()
    }
}

/// A plan of these rules, without tax, cap and budget.
fn plain(role_rules: Vec<wire::RoleRule>) -> wire::Plan {
    wire::Plan {
        role_rules,
        beneficiary_cap: None,
        budget: None,
        on_exceed: 0,
        tax: None,
        approval_bands: Vec::new(),
        ..introduction_plan()
    }
}

fn lines(rewards: &[wire::Reward]) -> String {
    let line = |reward: &wire::Reward| {
        let wire::Reward { stage, milestone, milestone_count, quantity, item, season, beneficiary, .. } = reward;
        let line =
            format!("{} {beneficiary} {stage} {milestone} {milestone_count} {quantity} {item} {season}", brief(reward));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    rewards.iter().map(line).collect::<Vec<_>>().join("\n")
}

on_both_engines! {
    async fn a_team_shares_to_the_cent_and_staff_is_the_first(lab: Lab) {
        let plan = plain(vec![
            percent(wire::BeneficiaryRole::Team, "0.01"),
            fixed(wire::BeneficiaryRole::Staff, "5.00 CNY"),
        ]);
        let bank = Bank::with_plan(lab, plan).await;
        let told = wire::Qualification {
            staff: staff(&[("7", ""), ("8", ""), ("9", "1")]),
            ..bank.qualification(1, "10000.01 CNY")
        };
        let rewards = bank.grant(told.clone()).await.unwrap();
        expect![[r#"
            STAFF ACCRUED 5.00 CNY staff/7 0 0
            TEAM ACCRUED 33.34 CNY staff/7 0 0
            TEAM ACCRUED 33.33 CNY staff/8 0 0
            TEAM ACCRUED 33.33 CNY staff/9 0 0"#]]
        .assert_eq(&lines(&rewards));
        assert_eq!(bank.grant(told.clone()).await.unwrap(), rewards);
        let other = wire::Qualification { staff: staff(&[("7", "")]), ..told };
        assert_eq!(reason(&bank.grant(other).await.unwrap_err()), "GRANT_CONFLICT");
        // Nobody had a part in it: nobody is paid.
        assert!(bank.grant(bank.qualification(2, "100.00 CNY")).await.unwrap().is_empty());
        let told = bank.reward(&rewards[1].name).await;
        let shown: Vec<String> = told.steps.iter().map(|step| format!("{} {}", step.step, step.value)).collect();
        assert!(shown.contains(&"team_total 100.00 CNY".to_owned()) && shown.contains(&"team_share 33.34 CNY".to_owned()));
        for bad in [staff(&[("7", "0")]), staff(&[("7", ""), ("7", "")])] {
            let refused = bank.grant(wire::Qualification { staff: bad, ..bank.qualification(3, "1.00 CNY") }).await;
            assert_eq!(reason(&refused.unwrap_err()), "FIELD_INVALID");
        }
    }

    async fn each_stage_is_granted_once(lab: Lab) {
        let staged = |stage: &str, amount: &str| wire::RoleRule {
            stage: stage.into(),
            ..fixed(wire::BeneficiaryRole::Referrer, amount)
        };
        let bank = Bank::with_plan(lab, plain(vec![staged("FIRST", "10.00 CNY"), staged("THIRD", "20.00 CNY")])).await;
        let told = |stage: &str| wire::Qualification { stage: stage.into(), ..bank.qualification(1, "1.00 CNY") };
        let first = bank.grant(told("FIRST")).await.unwrap();
        let third = bank.grant(told("THIRD")).await.unwrap();
        expect![[r#"
            REFERRER ACCRUED 10.00 CNY customers/10 FIRST 0 0
            REFERRER ACCRUED 20.00 CNY customers/10 THIRD 0 0"#]]
        .assert_eq(&format!("{}\n{}", lines(&first), lines(&third)));
        assert_eq!(bank.grant(told("FIRST")).await.unwrap(), first);
        for stage in ["SECOND", ""] {
            assert_eq!(reason(&bank.grant(told(stage)).await.unwrap_err()), "FIELD_INVALID", "{stage:?}");
        }
    }

    async fn points_are_cut_one_by_one_and_items_whole(lab: Lab) {
        use wire::{BeneficiaryRole::{Referee, Referrer}, NonCashKind::{Points, Voucher}, non_cash_rule::Base};
        let mut plan = plain(vec![
            points(Referrer, Points, Base::Rate(decimal("0.5").unwrap()), "0.03 CNY"),
            points(Referee, Voucher, Base::Fixed(decimal("2").unwrap()), "30.00 CNY"),
        ]);
        plan.budget = money("100.00 CNY");
        plan.on_exceed = wire::OnExceed::Reduce.into();
        plan.holding_days = 0;
        let bank = Bank::with_plan(lab, plan).await;
        let first = bank.grant(bank.qualification(1, "1001.00 CNY")).await.unwrap();
        let second = bank.grant(bank.qualification(2, "2000.00 CNY")).await.unwrap();
        expect![[r#"
            REFERRER ACCRUED 15.03 CNY customers/10 0 501 Things
            REFEREE ACCRUED 60.00 CNY customers/20 0 2 Things
            REFERRER ACCRUED 24.96 CNY BUDGET customers/10 0 832 Things
            REFEREE REJECTED 0.00 CNY BUDGET customers/20 0 0 Things"#]]
        .assert_eq(&format!("{}\n{}", lines(&first), lines(&second)));
        bank.run_jobs().await;
        let mut told: Vec<String> = bank
            .instructions()
            .await
            .iter()
            .map(|one| format!("{} {} {} {}", one.kind().as_str_name(), one.quantity, one.item, text(one.amount.as_ref())))
            .collect();
        told.sort();
        assert_eq!(
            told,
            ["KIND_ITEM 2 Things 60.00 CNY", "KIND_POINTS 501 Things 15.03 CNY", "KIND_POINTS 832 Things 24.96 CNY"]
        );
    }

    async fn an_honour_of_no_worth_is_given_all_the_same(lab: Lab) {
        use wire::{BeneficiaryRole::Referrer, NonCashKind::Badge, non_cash_rule::Base};
        let mut plan = plain(vec![points(Referrer, Badge, Base::Fixed(decimal("1").unwrap()), "0.00 CNY")]);
        plan.holding_days = 0;
        let bank = Bank::with_plan(lab, plan).await;
        let rewards = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap();
        assert_eq!(lines(&rewards), "REFERRER ACCRUED 0.00 CNY customers/10 0 1 Things");
        bank.run_jobs().await;
        let told = bank.instructions().await;
        assert_eq!(told.len(), 1);
        assert_eq!(bank.report(&told[0].end_to_end_id, Fate::Settled, "B1").await, "APPLIED PAID");
    }

    async fn milestones_fire_after_the_ordinary_reward(lab: Lab) {
        let milestone = |id: &str, fires: wire::milestone::Fires, amount: &str| wire::Milestone {
            id: id.into(),
            fires: Some(fires),
            reward: Some(fixed(wire::BeneficiaryRole::Referrer, amount)),
        };
        let mut plan = plain(vec![fixed(wire::BeneficiaryRole::Referee, "1.00 CNY")]);
        plan.milestones = vec![
            milestone("THIRD", wire::milestone::Fires::At(3), "30.00 CNY"),
            milestone("PAIRS", wire::milestone::Fires::Every(2), "2.00 CNY"),
        ];
        plan.milestone_window = wire::Window::Month.into();
        let bank = Bank::with_plan(lab, plan).await;
        let mut said = Vec::new();
        for number in 1..=4 {
            said.push(lines(&bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap()));
        }
        expect![[r#"
            REFEREE ACCRUED 1.00 CNY customers/20 0 0
            REFEREE ACCRUED 1.00 CNY customers/20 0 0
            REFERRER ACCRUED 2.00 CNY customers/10 PAIRS 2 0
            REFEREE ACCRUED 1.00 CNY customers/20 0 0
            REFERRER ACCRUED 30.00 CNY customers/10 THIRD 3 0
            REFEREE ACCRUED 1.00 CNY customers/20 0 0
            REFERRER ACCRUED 2.00 CNY customers/10 PAIRS 4 0"#]]
        .assert_eq(&said.join("\n"));
        // Told again, nothing is counted again.
        bank.grant(bank.qualification(4, "1.00 CNY")).await.unwrap();
        let progress: Vec<(i64, i64)> =
            bank.db.all("SELECT referral_count, highest_count FROM milestone_progress", ()).await.unwrap();
        assert_eq!(progress, [(4, 4)]);
    }

    async fn a_reversed_referral_counts_for_no_milestone(lab: Lab) {
        let mut plan = plain(vec![fixed(wire::BeneficiaryRole::Referee, "1.00 CNY")]);
        plan.milestones = vec![wire::Milestone {
            id: "THIRD".into(),
            fires: Some(wire::milestone::Fires::At(3)),
            reward: Some(fixed(wire::BeneficiaryRole::Referrer, "30.00 CNY")),
        }];
        plan.milestone_window = wire::Window::Month.into();
        let bank = Bank::with_plan(lab, plan).await;
        let reversed = |number| {
            Content::Reversal(wire::Reversal {
                referral: referral(number),
                reason: "ACCOUNT_CLOSED".into(),
                trigger_time: Some(to_timestamp(bank.lab.clock.now())),
            })
        };
        let fired = async |number| {
            let rewards = bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap();
            rewards.iter().any(|reward| reward.milestone == "THIRD")
        };
        assert!(!fired(1).await && !fired(2).await);
        // The second is reversed, and told twice; the ninth before it was ever counted.
        let told = vec![(1, reversed(2)), (2, reversed(2)), (3, reversed(9))];
        deliver(&bank, "referral/reward", 1, told).await.unwrap();
        assert!(!fired(9).await && !fired(3).await, "two count");
        assert!(fired(4).await, "the third that counts");
        deliver(&bank, "referral/reward", 1, vec![(4, reversed(1))]).await.unwrap();
        assert!(!fired(5).await, "it fired at this count before");
    }

    async fn a_season_has_a_budget_of_its_own_and_each_mark_is_told_once(lab: Lab) {
        let mut plan = plain(vec![fixed(wire::BeneficiaryRole::Referrer, "40.00 CNY")]);
        plan.budget = money("1000.00 CNY");
        plan.season = Some(wire::Season { window: wire::Window::Month.into(), budget: money("100.00 CNY") });
        plan.on_exceed = wire::OnExceed::Reduce.into();
        let bank = Bank::with_plan(lab, plan).await;
        let mut said = Vec::new();
        for number in 1..=4 {
            said.push(lines(&bank.grant(bank.qualification(number, "1.00 CNY")).await.unwrap()));
        }
        bank.lab.clock.advance(crate::bank::DAY * 31).unwrap();
        said.push(lines(&bank.grant(bank.qualification(5, "1.00 CNY")).await.unwrap()));
        expect![[r#"
            REFERRER ACCRUED 40.00 CNY customers/10 0 0 2026-01
            REFERRER ACCRUED 40.00 CNY customers/10 0 0 2026-01
            REFERRER ACCRUED 20.00 CNY BUDGET customers/10 0 0 2026-01
            REFERRER REJECTED 0.00 CNY BUDGET customers/10 0 0 2026-01
            REFERRER ACCRUED 40.00 CNY customers/10 0 0 2026-02"#]]
        .assert_eq(&said.join("\n"));
        let uses: Vec<String> = bank
            .plan("spring")
            .await
            .budget_uses
            .iter()
            .map(|one| {
                let amounts = [&one.granted, &one.reserved, &one.used, &one.room].map(|it| text(it.as_ref()));
                let warned = [&one.warned_80_time, &one.warned_100_time].map(Option::is_some);
                format!("{:?} {} {} {warned:?}", one.kind(), one.season, amounts.join(" "))
            })
            .collect();
        expect![[r#"
            Rewards  140.00 CNY 140.00 CNY 0.00 CNY 860.00 CNY [false, false]
            Season 2026-01 100.00 CNY 100.00 CNY 0.00 CNY 0.00 CNY [true, true]
            Season 2026-02 40.00 CNY 40.00 CNY 0.00 CNY 60.00 CNY [false, false]"#]]
        .assert_eq(&uses.join("\n"));
    }

    async fn a_cost_budget_counts_the_tax_that_the_bank_bears(lab: Lab) {
        let mut plan = plain(vec![fixed(wire::BeneficiaryRole::Referrer, "80.00 CNY")]);
        plan.tax = Some(wire::FlatTax {
            rate: decimal("0.20"),
            exempt_up_to: None,
            basis: wire::flat_tax::Basis::Whole.into(),
            borne_by: wire::flat_tax::BorneBy::Bank.into(),
        });
        plan.cost_budget = money("150.00 CNY");
        plan.on_exceed = wire::OnExceed::Reduce.into();
        plan.holding_days = 0;
        let bank = Bank::with_plan(lab, plan).await;
        let first = bank.grant(bank.qualification(1, "1.00 CNY")).await.unwrap();
        let second = bank.grant(bank.qualification(2, "1.00 CNY")).await.unwrap();
        let cost = |rewards: &[wire::Reward]| format!("{} {}", brief(&rewards[0]), text(rewards[0].cost_amount.as_ref()));
        assert_eq!(cost(&first), "REFERRER ACCRUED 80.00 CNY 100.00 CNY");
        assert_eq!(cost(&second), "REFERRER ACCRUED 40.00 CNY BUDGET 50.00 CNY");
        bank.run_jobs().await;
        let told = bank.instructions().await;
        let of_first = told.iter().find(|one| one.reward == first[0].name).unwrap();
        bank.report(&of_first.end_to_end_id, Fate::Settled, "B1").await;
        let uses = bank.plan("spring").await.budget_uses;
        assert_eq!((uses.len(), uses[0].kind()), (1, budget_use::Kind::Cost));
        let amounts = [&uses[0].granted, &uses[0].reserved, &uses[0].used, &uses[0].room].map(|it| text(it.as_ref()));
        assert_eq!(amounts, ["150.00 CNY", "50.00 CNY", "100.00 CNY", "0.00 CNY"]);
    }

    async fn what_goes_with_money_only_is_refused_elsewhere(lab: Lab) {
        use wire::{BeneficiaryRole::{Referrer, Team}, NonCashKind::Gift, non_cash_rule::Base};
        let bank = Bank::open(lab).await;
        let gift = || points(Referrer, Gift, Base::Fixed(decimal("1").unwrap()), "-1.00 CNY");
        let plan = wire::Plan {
            role_rules: vec![
                wire::RoleRule { minimum: money("1.00 CNY"), ..gift() },
                wire::RoleRule { role: Team.into(), ..gift() },
            ],
            milestones: vec![wire::Milestone {
                id: "THIRD".into(),
                fires: Some(wire::milestone::Fires::At(3)),
                reward: Some(wire::RoleRule { stage: "LATER".into(), ..fixed(Team, "1.00 EUR") }),
            }],
            season: Some(wire::Season { window: wire::Window::Month.into(), budget: money("1.00 EUR") }),
            profile: wire::Profile::Cn.into(),
            ..introduction_plan()
        };
        let refused = bank.create_plan("mia", &request_id(1), "spring", plan).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        expect![[r#"
            plan.role_rules[0].minimum
            plan.milestones[0].reward.role
            plan.milestones[0].reward.stage
            plan.role_rules[0].non_cash.value_per_unit
            plan.role_rules[0].non_cash
            plan.role_rules[1].role
            plan.role_rules[1].non_cash.value_per_unit
            plan.role_rules[1].non_cash
            plan.milestones[0].reward.fixed.amount
            plan.milestone_window
            plan.season.budget
            plan.qualifying_fact"#]]
        .assert_eq(&violated_fields(&refused).join("\n"));
    }

    async fn a_profile_refuses_at_submission_by_the_rules_name(lab: Lab) {
        let bank = Bank::open(lab).await;
        let plan = wire::Plan {
            profile: wire::Profile::Cn.into(),
            qualifying_fact: wire::QualifyingFact::Deposit.into(),
            introducers: wire::Introducers::Anybody.into(),
            tax: None,
            ..introduction_plan()
        };
        bank.create_plan("mia", &request_id(1), "spring", plan).await.unwrap();
        let refused = bank.submit_plan("mia", &request_id(2), "plans/spring").await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "PROFILE_RULE_BROKEN"));
        assert_eq!(
            violated_fields(&refused),
            ["plan.role_rules[0]", "plan.role_rules[1]", "plan.introducers", "plan.tax"]
        );
        for rule in ["CN_NO_CASH_FOR_DEPOSITS", "CN_INTRODUCER_NOT_CUSTOMER", "CN_INCIDENTAL_TAX"] {
            assert!(refused.message().contains(rule), "{}", refused.message());
        }
        let fine = wire::Plan {
            profile: wire::Profile::Cn.into(),
            qualifying_fact: wire::QualifyingFact::Card.into(),
            ..introduction_plan()
        };
        bank.create_plan("mia", &request_id(3), "autumn", fine).await.unwrap();
        bank.submit_plan("mia", &request_id(4), "plans/autumn").await.unwrap();
    }
}
