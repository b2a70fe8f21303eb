//! The limits of sequencing: how many records share a transaction, that nobody waits for company, how often the log says that it
//! lives. No clock moves in these tests but by their own hand.

use crate::stage::{Producer, Stage, config};
use futures::future::join_all;
use handsel_audit::AuditConfig;
use handsel_service::{Clock as _, Part as _};
use handsel_storage::At;
use handsel_testkit::{Lab, on_both_engines};
use std::time::Duration;

/// AUDIT.md: a transaction takes 64 to 256 records in, or whatever has come by then.
const MOST: i64 = 256;

/// By how many leaves each head has grown, and when its last leaf is dated.
async fn heads(stage: &Stage) -> Vec<(i64, At)> {
    let mut tx = stage.db.read().await.unwrap();
    let heads: Vec<(i64, At)> = tx.all("SELECT size, logged_at FROM head ORDER BY size", ()).await.unwrap();
    let before = [0].into_iter().chain(heads.iter().map(|(size, _)| *size));
    heads.iter().zip(before).map(|((size, at), before)| (size - before, *at)).collect()
}

on_both_engines! {
    async fn what_waits_at_the_same_moment_shares_transactions_of_256_records_at_most(lab: Lab) {
        let stage = Stage::set(lab).await;
        // While the first is at work, the others come and wait together.
        let calls = (0..48).map(async |number: u32| {
            let mut producer = Producer::of(&format!("load{}/audit", char::from(b'a' + u8::try_from(number % 24).unwrap())));
            producer.source = format!("{}{}", if number < 24 { "x" } else { "y" }, producer.source);
            let run: Vec<_> = (0..20).map(|_| producer.next()).collect();
            stage.append(&producer.source, 1, run).await.unwrap()
        });
        let receipts: usize = join_all(calls).await.iter().map(Vec::len).sum();
        assert_eq!(receipts, 960);
        let grown: Vec<i64> = heads(&stage).await.into_iter().map(|(grown, _)| grown).collect();
        assert_eq!(grown.iter().sum::<i64>(), 960);
        assert!(grown.iter().all(|grown| *grown <= MOST && grown % 20 == 0), "a call is never divided: {grown:?}");
        assert!(grown.iter().any(|grown| *grown >= 64), "nothing was taken together: {grown:?}");
    }

    async fn a_call_may_bring_as_many_as_one_transaction_takes(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        let most: Vec<_> = (0..MOST).map(|_| producer.next()).collect();
        assert_eq!(i64::try_from(stage.append("referral/audit", 1, most).await.unwrap().len()), Ok(MOST));
        let beyond: Vec<_> = (0..=MOST).map(|_| producer.next()).collect();
        stage.append("referral/audit", 1, beyond).await.unwrap_err();
        assert_eq!(heads(&stage).await.iter().map(|(grown, _)| *grown).collect::<Vec<_>>(), [MOST]);
    }

    async fn nobody_waits_for_company(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        let began = stage.lab.system.now();
        for number in 1..=3 {
            // Answered although no clock moves: nothing is held back until a time is over.
            stage.append("referral/audit", 1, vec![producer.next()]).await.unwrap();
            assert_eq!(heads(&stage).await, vec![(1, At(began)); number]);
        }
        // An idle log signs at once, whatever its interval.
        let stage = stage.restarted_with(AuditConfig { checkpoint_interval: Duration::from_secs(3_600), ..config() }).await.unwrap();
        stage.append("referral/audit", 1, vec![producer.next()]).await.unwrap();
        stage.sign().await;
        assert_eq!(stage.kinds().await.len(), 4);
    }

    async fn every_minute_the_log_says_that_it_lives(lab: Lab) {
        let minute = Duration::from_secs(60);
        let stage = Stage::with(lab, AuditConfig { heartbeat: Some(minute), ..config() }).await;
        let jobs = stage.audit.jobs();
        let heartbeat = jobs.iter().find(|job| job.name == "audit.heartbeat").unwrap();
        assert_eq!(heartbeat.period, minute);
        for _ in 0..3 {
            stage.lab.system.advance(minute).unwrap();
            heartbeat.run_once().await.unwrap();
        }
        let dated: Vec<i64> = heads(&stage).await.into_iter().map(|(grown, at)| { assert_eq!(grown, 1); at.0.as_micros() }).collect();
        assert_eq!(dated.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>(), [60_000_000; 2]);
    }
}
