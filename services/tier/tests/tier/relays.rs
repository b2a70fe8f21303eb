//! Whoever needs tiers is told of each change once and in order, whatever happens on the way.

use crate::inboxes::{Referral, Reward, Trouble};
use crate::stage::Stage;
use crate::words::{activity, by_bands};
use expect_test::expect;
use handsel_proto::handsel::tier::v1::Activity;
use handsel_service::Part;
use handsel_testkit::{Lab, Server, on_both_engines, run_jobs_until_idle};
use handsel_tier::{NAME, TierPeers};
use std::sync::Arc;

async fn set(lab: &Lab) -> (Stage, Reward, Referral, Server) {
    let (reward, referral) = (Reward::default(), Referral::default());
    let server = lab.serve_all(vec![Arc::new(reward.clone()), Arc::new(referral.clone())]).await;
    let peer = || Some(lab.peer(server.address()));
    let peers = TierPeers { reward: peer(), referral: peer(), audit: None };
    (Stage::with(lab, NAME, peers).await, reward, referral, server)
}

/// Two evaluations: one customer rises, one stays, one comes new.
async fn evaluate(stage: &Stage) {
    stage.activated("value", by_bands()).await;
    let seldom = ["1", "2"].map(|customer| activity(customer, customer, "5 CZK", "2026-01-02T00:00:00Z"));
    stage.ingest(&seldom).await;
    stage.evaluate("value", "2026-01-03T00:00:00Z").await.unwrap();
    let often: Vec<Activity> = ["1", "3"]
        .iter()
        .flat_map(|customer| {
            (0..8).map(move |n| activity(&format!("{customer}-{n}"), customer, "1000 CZK", "2026-01-03T10:00:00Z"))
        })
        .collect();
    stage.ingest(&often).await;
    stage.evaluate("value", "2026-01-04T00:00:00Z").await.unwrap();
}

async fn waiting(stage: &Stage) -> Vec<u64> {
    let mut counts = Vec::new();
    for relay in stage.tier.relays() {
        counts.push(relay.pending().await.unwrap().count);
    }
    counts
}

on_both_engines! {
    async fn each_change_is_told_once_and_in_order(lab: Lab) {
        let (stage, reward, referral, _server) = set(&lab).await;
        evaluate(&stage).await;
        assert_eq!(waiting(&stage).await, [4, 4]);
        run_jobs_until_idle(&stage.tier.jobs()).await;
        expect![[r#"
            customers/1 GENERAL from 2026-01-03T00:00:00.000000Z
            customers/2 GENERAL from 2026-01-03T00:00:00.000000Z
            customers/1 CORE from 2026-01-04T00:00:00.000000Z
            customers/3 CORE from 2026-01-04T00:00:00.000000Z"#]].assert_eq(&reward.0.told().join("\n"));
        expect![[r#"
            customers/1 GENERAL from 2026-01-03T00:00:00.000000Z
            customers/2 GENERAL from 2026-01-03T00:00:00.000000Z
            customers/1 CORE (core) from 2026-01-04T00:00:00.000000Z
            customers/3 CORE (core) from 2026-01-04T00:00:00.000000Z"#]].assert_eq(&referral.0.told().join("\n"));
        assert_eq!(waiting(&stage).await, [0, 0]);
        // Evaluated again, there is nothing to tell.
        stage.evaluate("value", "2026-01-04T00:00:00Z").await.unwrap();
        assert_eq!(waiting(&stage).await, [0, 0]);
    }

    async fn a_receiver_that_fails_is_told_again_and_the_other_does_not_wait(lab: Lab) {
        let (stage, reward, referral, _server) = set(&lab).await;
        reward.0.troubled(&[Trouble::Before, Trouble::After, Trouble::After]);
        evaluate(&stage).await;
        let jobs = stage.tier.jobs();
        let (to_reward, to_referral) = (&jobs[0], &jobs[1]);
        assert!(to_reward.run_once().await.is_err(), "not taken");
        assert_eq!(reward.0.told(), Vec::<String>::new());
        to_referral.run_once().await.unwrap();
        assert_eq!(referral.0.told().len(), 4, "one does not wait for the other");
        for _ in 0..2 {
            assert!(to_reward.run_once().await.is_err(), "taken, but the answer was lost");
            assert_eq!(waiting(&stage).await, [4, 0]);
        }
        run_jobs_until_idle(&jobs).await;
        assert_eq!(waiting(&stage).await, [0, 0]);
        let customers: Vec<String> = reward.0.told().iter().map(|line| line[..20].to_owned()).collect();
        assert_eq!(customers.len(), 4, "{customers:?}");
    }

    async fn what_nobody_is_there_to_take_waits(lab: Lab) {
        let stage = Stage::set(&lab).await;
        evaluate(&stage).await;
        assert!(stage.tier.relays().is_empty());
        let pending = handsel_outbox::pending(&stage.db, "reward").await.unwrap();
        assert_eq!(pending.count, 4);
        run_jobs_until_idle(&stage.tier.jobs()).await;
    }
}
