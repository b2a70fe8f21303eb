//! The order in which activities arrive, their packing and their repeats make no difference to anybody's tier.

use crate::stage::Stage;
use crate::words::{activity, by_quintiles};
use handsel_proto::handsel::tier::v1::{Activity, IngestActivitiesRequest};
use handsel_testkit::{Lab, on_both_engines};
use handsel_tier::TierPeers;

const CUSTOMERS: usize = 23;
/// A prime, so that every stride meets every activity once.
const ACTIVITIES: usize = 211;

/// Activities of the same and of different instants, amounts and currencies.
fn activities() -> Vec<Activity> {
    let one = |n: usize| {
        let money = format!("{}.{:02} {}", n * n % 97, n % 100, if n.is_multiple_of(5) { "EUR" } else { "CZK" });
        let at = format!("2025-12-{:02}T{:02}:00:00Z", 1 + n * 7 % 31, n % 24);
        activity(&format!("A{n}"), &format!("c{:02}", (n * 3 + n * n / 7) % CUSTOMERS), &money, &at)
    };
    (0..ACTIVITIES).map(one).collect()
}

/// Every `stride`-th, again and again, until all have come.
fn strided(stride: usize) -> Vec<Activity> {
    let all = activities();
    (0..ACTIVITIES).map(|n| all[n * stride % ACTIVITIES].clone()).collect()
}

/// Hands them in on a stream, `packed` at a time, each request twice.
async fn streamed(stage: &Stage, activities: &[Activity], packed: usize) {
    let twice = activities.chunks(packed).flat_map(|chunk| [chunk, chunk]);
    let requests: Vec<_> = twice.map(|chunk| IngestActivitiesRequest { activities: chunk.to_vec() }).collect();
    let request = stage.by_core_banking(tokio_stream::iter(requests));
    let mut answers = stage.activities().ingest_activities(request).await.unwrap().into_inner();
    while let Some(answer) = answers.message().await.unwrap() {
        assert!(answer.outcomes.iter().all(|outcome| outcome.reason.is_empty()), "{answer:?}");
    }
}

async fn tiers(stage: &Stage) -> Vec<String> {
    stage.activated("rank", by_quintiles()).await;
    stage.evaluate("rank", "2026-01-01T00:00:00Z").await.unwrap();
    let mut lines = Vec::new();
    for n in 0..CUSTOMERS {
        let tier = stage.tier(&format!("c{n:02}"), None).await;
        lines.push(tier.map_or_else(|error| error.message().to_owned(), |tier| crate::words::line(&tier)));
    }
    lines
}

on_both_engines! {
    async fn any_order_gives_the_same_tiers(lab: Lab) {
        let one = Stage::set(&lab).await;
        one.ingest(&activities()).await;
        let expected = tiers(&one).await;
        for tier in ["CORE", "GENERAL", "AT_RISK"] {
            assert!(expected.iter().any(|line| line.contains(tier)), "{expected:#?}");
        }

        let orders = [("tier_b", 210, 1), ("tier_c", 2, 7), ("tier_d", 97, 50), ("tier_e", 105, 211)];
        for (schema, stride, packed) in orders {
            let stage = Stage::with(&lab, schema, TierPeers::default()).await;
            streamed(&stage, &strided(stride), packed).await;
            assert_eq!(tiers(&stage).await, expected, "every {stride}th, {packed} at a time");
        }
    }
}
