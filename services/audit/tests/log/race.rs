//! Four services at the same moment: every statement gets one leaf, every source keeps its order, and the whole is proven.

use crate::stage::{Producer, Stage, verifier};
use handsel_audit::client::{Follower, verify_stream};
use handsel_testkit::{Lab, on_both_engines};
use std::{collections::HashMap, sync::Arc};

const EACH: usize = 2_000;

on_both_engines! {
    async fn four_sources_append_two_thousand_statements_each(lab: Lab) {
        let stage = Arc::new(Stage::set(lab).await);
        let sources = ["referral/audit", "reward/audit", "tier/audit", "console/audit"];
        let appending = sources.map(|source| tokio::spawn(hand_in(Arc::clone(&stage), source)));
        for source in appending {
            source.await.unwrap();
        }
        stage.sign().await;
        let mut follower = Follower::new(verifier(), None).unwrap();
        let stream = stage.stream(&follower, false).await.unwrap();
        let mut last: HashMap<String, i64> = HashMap::new();
        let each = |batch: Vec<handsel_audit::client::VerifiedRecord>| {
            for record in batch {
                let sequence: i64 = record.statement["source_seq"].as_str().unwrap().parse().unwrap();
                let before = last.insert(record.statement["source"].as_str().unwrap().to_owned(), sequence);
                assert_eq!(sequence, before.unwrap_or(0) + 1);
            }
        };
        verify_stream(&mut follower, stream, each).await.unwrap();
        assert_eq!(follower.cursor().next_index, i64::try_from(sources.len() * EACH).unwrap());
        assert!(sources.iter().all(|source| last[*source] == i64::try_from(EACH).unwrap()));
    }
}

/// Sends runs of many sizes, and each now and then twice, as a relay does that missed an answer.
async fn hand_in(stage: Arc<Stage>, source: &str) {
    let mut producer = Producer::of(source);
    let statements: Vec<_> = (0..EACH).map(|_| producer.next()).collect();
    let (mut sent, mut size) = (0, 1);
    while sent < EACH {
        let run = &statements[sent..EACH.min(sent + size)];
        let receipts = stage.append(source, 1, run.to_vec()).await.unwrap();
        if size % 3 == 0 {
            assert_eq!(stage.append(source, 1, run.to_vec()).await.unwrap(), receipts);
        }
        sent += run.len();
        size = size % 97 + 1;
    }
}
