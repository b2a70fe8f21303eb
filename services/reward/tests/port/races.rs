//! A hundred grants at once for the last units of a cap and of a budget: never one minor unit over. And who waits for whom.

use crate::{
    bank::{Bank, fixed, introduction_plan, money, request_id},
    inbox::deliver,
};
use futures::future::{join, join_all};
use handsel_proto::handsel::{
    relay::v1::Outcome,
    reward::v1::{self as wire, deliver_request::message::Content},
};
use handsel_service::{Clock as _, wire::to_timestamp};
use handsel_storage::{Command, Fault, Tx};
use handsel_testkit::{Engine, Lab, on_both_engines};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::sync::Notify;

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

/// Holds the budget row of `autumn` until somebody waits for it, and then takes that of `spring`, without waiting, as whoever locks in
/// order may.
struct InTheWay {
    held: Arc<Notify>,
    tries: Arc<AtomicU32>,
}

impl Command for InTheWay {
    const NAME: &'static str = "test.in_the_way";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        if self.tries.fetch_add(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        let _autumn: (i32,) = tx.one("SELECT 1 FROM plan_budget WHERE plan_id = 'autumn' FOR UPDATE", ()).await?;
        self.held.notify_one();
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))";
        while tx.one::<(i64,)>(waiting, ()).await?.0 == 0 {
            tokio::task::yield_now().await;
        }
        let _spring: (i32,) =
            tx.one("SELECT 1 FROM plan_budget WHERE plan_id = 'spring' FOR UPDATE NOWAIT", ()).await?;
        Ok(())
    }
}

on_both_engines! {
    /// Whichever of them stands first: nobody waits for a plan while he keeps one that comes after it, so no two wait for each other.
    async fn a_grant_and_a_reversal_told_together_lock_their_plans_in_order(lab: Lab) {
        let bank = Bank::with_plan(lab, seven_each()).await;
        let terms = Some(wire::reversal_terms::Terms::FullWithinDays(30));
        let autumn = wire::Plan { reversal: Some(wire::ReversalTerms { terms }), ..seven_each() };
        bank.create_plan("mia", &request_id(11), "autumn", autumn).await.unwrap();
        bank.submit_plan("mia", &request_id(12), "plans/autumn").await.unwrap();
        bank.activate_plan("chen", &request_id(13), "plans/autumn").await.unwrap();
        let plan = "plans/autumn".into();
        let before = wire::Qualification { plan, ..bank.qualification(1, "1.00 CNY") };
        let before = bank.grant(before).await.unwrap().remove(0);
        let messages = vec![
            (1, Content::Qualification(bank.qualification(2, "1.00 CNY"))),
            (2, Content::Reversal(wire::Reversal {
                referral: before.referral.clone(),
                reason: "ACCOUNT_CLOSED".into(),
                trigger_time: Some(to_timestamp(bank.lab.clock.now())),
            })),
        ];
        let receipts = if bank.lab.engine() == Engine::Postgres {
            let (held, tries) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(0)));
            let in_the_way = InTheWay { held: Arc::clone(&held), tries: Arc::clone(&tries) };
            let told = async {
                held.notified().await;
                deliver(&bank, "referral/reward", 1, messages).await
            };
            let (done, receipts) = join(bank.db.transact(&in_the_way), told).await;
            done.unwrap();
            assert_eq!(tries.load(Ordering::SeqCst), 1, "what it waited for, it had not taken out of order");
            receipts
        } else {
            // One writer: there is nobody to wait for.
            deliver(&bank, "referral/reward", 1, messages).await
        };
        assert!(receipts.unwrap().iter().all(|receipt| receipt.outcome() == Outcome::Applied));
        assert_eq!(bank.reward(&before.name).await.state(), wire::reward::State::Cancelled);
        bank.books().await;
    }

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
