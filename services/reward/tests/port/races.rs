//! A hundred grants at once for the last units of a cap and of a budget: never one minor unit over.

use crate::bank::{Bank, fixed, introduction_plan, money};
use futures::future::join_all;
use handsel_proto::handsel::reward::v1 as wire;
use handsel_testkit::{Lab, on_both_engines};

/// Grants a hundred referrals at the same moment, half of them through a second process with the same database.
async fn rush(bank: &Bank, other: &Bank, customer: impl Fn(u32) -> String) -> Vec<wire::Reward> {
    let grants = (0..100_u32).map(|number| {
        let desk = if number % 2 == 0 { bank } else { other };
        let qualification =
            wire::Qualification { referrer: customer(number), ..bank.qualification(number, "1.00 CNY") };
        async move { desk.grant(qualification).await.unwrap() }
    });
    join_all(grants).await.into_iter().flatten().collect()
}

fn sum(rewards: &[wire::Reward]) -> i64 {
    let minor = |reward: &wire::Reward| {
        handsel_service::wire::money_from(reward.reward_amount.as_ref(), "amount").unwrap().minor()
    };
    rewards.iter().map(minor).sum()
}

fn seven_each() -> wire::Plan {
    wire::Plan {
        role_rules: vec![fixed(wire::BeneficiaryRole::Referrer, "7.00 CNY")],
        beneficiary_cap: None,
        ..introduction_plan()
    }
}

on_both_engines! {
    async fn a_budget_is_never_exceeded(lab: Lab) {
        let bank = Bank::with_plan(lab.clone(), wire::Plan { budget: money("100.01 CNY"), ..seven_each() }).await;
        let other = Bank::open(lab).await;
        let rewards = rush(&bank, &other, |number| format!("customers/{number}")).await;
        assert_eq!(sum(&rewards), 10_001);
        assert_eq!(bank.plan("spring").await.granted, money("100.01 CNY"));
        let paid = rewards.iter().filter(|reward| reward.state() == wire::reward::State::Accrued).count();
        assert_eq!(paid, 15);
        bank.books().await;
    }

    async fn a_cap_is_never_exceeded(lab: Lab) {
        let cap = wire::BeneficiaryCap {
            window: wire::Window::Lifetime.into(),
            max_count: 12,
            max_amount: money("80.00 CNY"),
        };
        let plan = wire::Plan { beneficiary_cap: Some(cap), ..seven_each() };
        let bank = Bank::with_plan(lab.clone(), plan).await;
        let other = Bank::open(lab).await;
        let rewards = rush(&bank, &other, |number| format!("customers/{}", number % 2)).await;
        for customer in ["customers/0", "customers/1"] {
            let own: Vec<_> = rewards.iter().filter(|reward| reward.beneficiary == customer).cloned().collect();
            assert_eq!((own.len(), sum(&own)), (50, 8_000), "{customer}");
        }
        assert_eq!(bank.plan("spring").await.granted, money("160.00 CNY"));
    }

    async fn one_referral_told_a_hundred_times_is_granted_once(lab: Lab) {
        let bank = Bank::with_plan(lab.clone(), seven_each()).await;
        let other = Bank::open(lab).await;
        let grants = (0..100).map(|number| {
            let desk = if number % 2 == 0 { &bank } else { &other };
            let qualification = bank.qualification(1, "1.00 CNY");
            async move { desk.grant(qualification).await.unwrap().remove(0).name }
        });
        let mut names = join_all(grants).await;
        names.dedup();
        assert_eq!(names.len(), 1);
        assert_eq!(bank.plan("spring").await.granted, money("7.00 CNY"));
    }
}
