//! An evaluation that is broken off is taken up where it stopped, and ends as one that never was.

use crate::stage::{CHECKER, Stage};
use crate::words::{activity, by_bands, by_quintiles};
use handsel_proto::handsel::tier::v1::Activity;
use handsel_storage::Db;
use handsel_testkit::{Lab, on_both_engines, reason};
use handsel_tier::TierPeers;
use tonic::Code;

/// Several times what one transaction evaluates.
const CUSTOMERS: usize = 2_600;
const AS_OF: &str = "2026-01-04T00:00:00Z";

fn activities() -> Vec<Activity> {
    let one = |n: usize| {
        let money = format!("{}.00 CZK", n * 37 % 1_000);
        let at = format!("2025-12-{:02}T10:00:00Z", 1 + n % 31);
        activity(&format!("A{n}"), &customer(n), &money, &at)
    };
    (0..CUSTOMERS).map(one).collect()
}

fn customer(n: usize) -> String {
    format!("c{n:04}")
}

/// Reads until something has come, and goes away.
async fn broken(stage: &Stage) {
    let mut progress = stage.tiers().evaluate_tiers(stage.evaluation("rank", AS_OF)).await.unwrap().into_inner();
    progress.message().await.unwrap().unwrap();
}

async fn all_tiers(db: &Db) -> Vec<(String, String, String)> {
    let sql = "SELECT customer, tier, CAST(recency_score * 100 + frequency_score * 10 + monetary_score AS TEXT)
               FROM customer_tier ORDER BY customer, effective_at";
    db.all(sql, ()).await.unwrap()
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    let (count,): (i64,) = db.one(sql, ()).await.unwrap();
    count
}

on_both_engines! {
    async fn broken_off_by_its_reader_and_by_a_drain_it_ends_the_same(lab: Lab) {
        let whole = Stage::with(&lab, "tier_whole", TierPeers::default()).await;
        whole.activated("rank", by_quintiles()).await;
        whole.ingest(&activities()).await;
        let steps = whole.evaluate("rank", AS_OF).await.unwrap();
        let evaluated: Vec<i64> = steps.iter().map(|[_, evaluated, _]| *evaluated).collect();
        assert_eq!(evaluated, [0, 500, 1_000, 1_500, 2_000, 2_500, 2_600]);
        assert_eq!(steps.last(), Some(&[2_600, 2_600, 2_600]));

        let stage = Stage::set(&lab).await;
        stage.activated("rank", by_quintiles()).await;
        stage.activated("value", by_bands()).await;
        stage.ingest(&activities()).await;
        broken(&stage).await;

        // Nothing else is evaluated before it has ended.
        let later = stage.tiers().evaluate_tiers(stage.evaluation("value", "2026-01-05T00:00:00Z")).await.unwrap_err();
        assert_eq!((later.code(), reason(&later).as_str()), (Code::FailedPrecondition, "EVALUATION_UNFINISHED"));
        assert!(count(&stage.db, "SELECT COUNT(*) FROM evaluation WHERE NOT finished").await == 1, "{}", later.message());

        // What arrives in between belongs to the next one: neither new customers nor more from old ones.
        let late: Vec<Activity> = (0..CUSTOMERS + 100)
            .map(|n| activity(&format!("late-{n}"), &customer(n), "9999 CZK", "2026-01-03T00:00:00Z"))
            .collect();
        stage.ingest(&late).await;

        // The program ends while somebody reads: he is told, or it was done already.
        let progress = stage.tiers().evaluate_tiers(stage.evaluation("rank", AS_OF)).await.unwrap().into_inner();
        let (read, ()) = tokio::join!(crate::stage::read(progress), stage.server.stop());
        match read {
            Ok(steps) => assert_eq!(steps.last().unwrap()[1], 2_600),
            Err(status) => assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "GOING_DOWN")),
        }

        let again = Stage::set(&lab).await;
        let steps = again.evaluate("rank", AS_OF).await.unwrap();
        assert_eq!(steps.last(), Some(&[2_600, 2_600, 2_600]));
        assert_eq!(all_tiers(&again.db).await, all_tiers(&whole.db).await);
        assert_eq!(count(&again.db, "SELECT COUNT(*) FROM evaluation_customer").await, 0, "the work is done");
        // Each change is told once.
        for sql in [
            "SELECT COUNT(*) FROM outbox WHERE destination = 'reward'",
            "SELECT COUNT(*) FROM outbox WHERE destination = 'referral'",
        ] {
            assert_eq!(count(&again.db, sql).await, 2_600, "{sql}");
        }
    }

    async fn two_who_evaluate_at_once_do_it_once(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("rank", by_quintiles()).await;
        stage.ingest(&activities()[..1_200]).await;
        let (one, other) = tokio::join!(stage.evaluate("rank", AS_OF), stage.evaluate("rank", AS_OF));
        assert_eq!((one.unwrap().last(), other.unwrap().last()), (Some(&[1_200, 1_200, 1_200]), Some(&[1_200, 1_200, 1_200])));
        assert_eq!(count(&stage.db, "SELECT COUNT(*) FROM customer_tier").await, 1_200);
        let sql = "SELECT COUNT(*) FROM outbox WHERE destination = 'reward'";
        assert_eq!(count(&stage.db, sql).await, 1_200);
    }

    async fn two_who_begin_different_ones_at_once_get_one(lab: Lab) {
        // Two processes over one database: two services, each with lanes of its own.
        let (one, other) = (Stage::set(&lab).await, Stage::set(&lab).await);
        one.activated("rank", by_quintiles()).await;
        one.ingest(&activities()).await;
        let first = one.tiers();
        let second = other.tiers();
        let (first, second) = tokio::join!(
            async { first.clone().evaluate_tiers(one.evaluation("rank", AS_OF)).await },
            async { second.clone().evaluate_tiers(other.by(CHECKER, one.evaluation("rank", "2026-01-03T00:00:00Z").into_inner())).await },
        );
        let refused = match (first, second) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            both => panic!("{both:?}"),
        };
        assert!(["EVALUATION_UNFINISHED", "EVALUATED_LATER"].contains(&reason(&refused).as_str()), "{refused:?}");
    }
}
