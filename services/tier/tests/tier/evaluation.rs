//! Evaluations: what customers did becomes tiers, dated, and stays as it was found.

use crate::stage::Stage;
use crate::words::{Core, activity, by_bands, by_quintiles, condition};
use expect_test::expect;
use handsel_proto::handsel::tier::v1::Activity;
use handsel_testkit::{Lab, on_both_engines, reason};
use tonic::Code;

const FIRST: &str = "2026-01-04T00:00:00Z";
const SECOND: &str = "2026-01-05T00:00:00Z";

/// Situations of a month that ends at [`FIRST`].
fn month() -> Vec<Activity> {
    let often = (0..8).map(|n| activity(&format!("often-{n}"), "often", "750 CZK", "2026-01-02T12:00:00Z"));
    let once = [
        activity("edge-of-a-band", "edge", "100 CZK", "2025-12-31T00:00:00.000001Z"),
        activity("past-the-edge", "past", "99.99 CZK", "2025-12-31T00:00:00Z"),
        activity("first-instant", "window", "5000 CZK", "2025-12-05T00:00:00Z"),
        activity("too-early", "window", "5000 CZK", "2025-12-04T23:59:59.999999Z"),
        activity("long-ago", "absent", "5000 CZK", "2025-06-01T00:00:00Z"),
        activity("in-euro-1", "abroad", "9000 EUR", "2026-01-03T00:00:00Z"),
        activity("in-euro-2", "abroad", "9000 EUR", "2026-01-03T00:00:00Z"),
        activity("at-the-instant", "late", "5000 CZK", FIRST),
        activity("immense-1", "immense", "92233720368547758.07 CZK", "2026-01-03T00:00:00Z"),
        activity("immense-2", "immense", "92233720368547758.07 CZK", "2026-01-03T00:00:00Z"),
        activity("immense-3", "immense", "92233720368547758.07 CZK", "2026-01-03T00:00:00Z"),
    ];
    often.chain(once).collect()
}

/// Ten who did more and more, the later the more; the sixth is the seventh's equal, and has his scores.
fn ten() -> Vec<Activity> {
    let of = |n: u32| {
        let rank = if n == 6 { 7 } else { n };
        let at = format!("2025-12-{:02}T00:00:00Z", 10 + rank);
        (0..rank).map(move |k| activity(&format!("{n}-{k}"), &format!("c{n:02}"), "10 CZK", &at))
    };
    (1..=10).flat_map(of).collect()
}

on_both_engines! {
    async fn by_bands_each_measure_is_scored_by_where_it_lies(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("value", by_bands()).await;
        stage.ingest(&month()).await;
        assert_eq!(stage.evaluate("value", FIRST).await.unwrap(), [[7, 0, 0], [7, 7, 7]]);
        expect![[r#"
            Tier {
                name: "customers/often/tier",
                tier: "CORE",
                core: true,
                tier_policy: "tierPolicies/value",
                effective_time: Some(
                    Timestamp {
                        seconds: 1767484800,
                        nanos: 0,
                    },
                ),
                recency_days: 1,
                frequency: 8,
                monetary: Some(
                    Money {
                        currency_code: "CZK",
                        units: 6000,
                        nanos: 0,
                    },
                ),
                recency_score: 5,
                frequency_score: 5,
                monetary_score: 5,
            }
        "#]].assert_debug_eq(&stage.tier("often", None).await.unwrap());
        let customers = ["often", "edge", "past", "window", "absent", "abroad", "immense"];
        expect![[r#"
            customers/often/tier: CORE (core) since 2026-01-04T00:00:00.000000Z by tierPolicies/value: 1 days 5, 8 times 5, 6000.00 CZK 5
            customers/edge/tier: GENERAL since 2026-01-04T00:00:00.000000Z by tierPolicies/value: 3 days 5, 1 times 1, 100.00 CZK 2
            customers/past/tier: GENERAL since 2026-01-04T00:00:00.000000Z by tierPolicies/value: 4 days 4, 1 times 1, 99.99 CZK 1
            customers/window/tier: GENERAL since 2026-01-04T00:00:00.000000Z by tierPolicies/value: 30 days 1, 1 times 1, 5000.00 CZK 5
            customers/absent/tier: AT_RISK since 2026-01-04T00:00:00.000000Z by tierPolicies/value: 217 days 1, 0 times 1, 0.00 CZK 1
            customers/abroad/tier: GENERAL since 2026-01-04T00:00:00.000000Z by tierPolicies/value: 1 days 5, 2 times 2, 0.00 CZK 1
            customers/immense/tier: CORE (core) since 2026-01-04T00:00:00.000000Z by tierPolicies/value: 1 days 5, 3 times 3, 92233720368547758.07 CZK 5"#]].assert_eq(&stage.lines(&customers).await);
        let error = stage.tier("late", None).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::NotFound, "TIER_UNKNOWN"));
        assert!(!error.message().contains("late"), "a refusal names no customer: {}", error.message());
        expect!["AT_RISK 1, CORE 2, GENERAL 4"].assert_eq(&stage.summary(None).await);
    }

    async fn by_quintiles_each_fifth_has_its_score_and_equals_are_equal(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("rank", by_quintiles()).await;
        stage.ingest(&ten()).await;
        assert_eq!(stage.evaluate("rank", FIRST).await.unwrap(), [[10, 0, 0], [10, 10, 10]]);
        let customers: Vec<String> = (1..=10).map(|n| format!("c{n:02}")).collect();
        expect![[r#"
            customers/c01/tier: AT_RISK since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 24 days 1, 1 times 1, 10.00 CZK 1
            customers/c02/tier: AT_RISK since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 23 days 1, 2 times 1, 20.00 CZK 1
            customers/c03/tier: GENERAL since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 22 days 2, 3 times 2, 30.00 CZK 2
            customers/c04/tier: GENERAL since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 21 days 2, 4 times 2, 40.00 CZK 2
            customers/c05/tier: GENERAL since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 20 days 3, 5 times 3, 50.00 CZK 3
            customers/c06/tier: CORE (core) since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 18 days 4, 7 times 4, 70.00 CZK 4
            customers/c07/tier: CORE (core) since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 18 days 4, 7 times 4, 70.00 CZK 4
            customers/c08/tier: CORE (core) since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 17 days 4, 8 times 4, 80.00 CZK 4
            customers/c09/tier: CORE (core) since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 16 days 5, 9 times 5, 90.00 CZK 5
            customers/c10/tier: CORE (core) since 2026-01-04T00:00:00.000000Z by tierPolicies/rank: 15 days 5, 10 times 5, 100.00 CZK 5"#]].assert_eq(&stage.lines(&customers).await);
        expect!["AT_RISK 2, CORE 5, GENERAL 3"].assert_eq(&stage.summary(None).await);
    }

    async fn evaluated_again_nothing_changes(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("value", by_bands()).await;
        stage.ingest(&month()).await;
        stage.evaluate("value", FIRST).await.unwrap();
        let before = stage.lines(&["often", "absent"]).await;
        // What arrives late belongs to the next evaluation.
        stage.ingest(&[activity("late", "absent", "5000 CZK", "2026-01-03T00:00:00Z")]).await;
        assert_eq!(stage.evaluate("value", FIRST).await.unwrap(), [[7, 7, 7]], "it says at once that it is done");
        assert_eq!(stage.lines(&["often", "absent"]).await, before);
        assert_eq!(stage.evaluate("value", SECOND).await.unwrap(), [[8, 0, 0], [8, 8, 3]]);
        assert_eq!(stage.tier("absent", None).await.unwrap().tier, "GENERAL");
    }

    async fn a_tier_holds_from_its_instant_until_the_next(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("value", by_bands()).await;
        stage.ingest(&[activity("A1", "1", "5 CZK", "2026-01-01T00:00:00Z")]).await;
        stage.ingest(&[activity("B1", "2", "5 CZK", "2026-01-01T00:00:00Z")]).await;
        stage.evaluate("value", FIRST).await.unwrap();
        let more: Vec<Activity> =
            (0..8).map(|n| activity(&format!("C{n}"), "1", "1000 CZK", "2026-01-04T10:00:00Z")).collect();
        stage.ingest(&more).await;
        assert_eq!(stage.evaluate("value", SECOND).await.unwrap(), [[2, 0, 0], [2, 2, 1]]);
        let before = stage.tier("1", Some("2026-01-03T23:59:59.999999Z")).await.unwrap_err();
        assert_eq!(reason(&before), "TIER_UNKNOWN");
        for (at, tier, summary) in [
            (FIRST, "GENERAL", "GENERAL 2"),
            ("2026-01-04T23:59:59.999999Z", "GENERAL", "GENERAL 2"),
            (SECOND, "CORE", "CORE 1, GENERAL 1"),
            ("2026-01-05T09:00:00Z", "CORE", "CORE 1, GENERAL 1"),
        ] {
            assert_eq!(stage.tier("1", Some(at)).await.unwrap().tier, tier, "{at}");
            assert_eq!(stage.summary(Some(at)).await, summary, "{at}");
        }
        assert_eq!(stage.summary(Some("2026-01-03T00:00:00Z")).await, "");
        let unchanged = stage.tier("2", None).await.unwrap();
        assert_eq!(unchanged.effective_time.unwrap(), crate::words::instant(FIRST).unwrap(), "it has held since then");
    }

    async fn the_same_tier_that_counts_as_core_now_is_a_change(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let policy = |core| handsel_proto::handsel::tier::v1::TierPolicy {
            tiers: vec![condition("GOLD", 0, 0, core)],
            ..by_bands()
        };
        stage.activated("plain", policy(Core::No)).await;
        stage.activated("prized", policy(Core::Yes)).await;
        stage.ingest(&[activity("A1", "1", "5 CZK", "2026-01-01T00:00:00Z")]).await;
        stage.evaluate("plain", FIRST).await.unwrap();
        assert!(!stage.tier("1", None).await.unwrap().core);
        assert_eq!(stage.evaluate("prized", SECOND).await.unwrap(), [[1, 0, 0], [1, 1, 1]]);
        assert!(stage.tier("1", None).await.unwrap().core);
    }

    async fn without_customers_it_is_done_at_once(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("rank", by_quintiles()).await;
        assert_eq!(stage.evaluate("rank", FIRST).await.unwrap(), [[0, 0, 0]]);
        stage.ingest(&[activity("A1", "1", "5 CZK", "2026-01-01T00:00:00Z")]).await;
        assert_eq!(stage.evaluate("rank", SECOND).await.unwrap(), [[1, 0, 0], [1, 1, 1]]);
    }

    async fn an_instant_before_all_time_has_a_window_too(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("value", by_bands()).await;
        stage.ingest(&[activity("A1", "1", "5 CZK", "0001-01-03T00:00:00Z")]).await;
        assert_eq!(stage.evaluate("value", "0001-01-04T00:00:00Z").await.unwrap(), [[1, 0, 0], [1, 1, 1]]);
        expect!["customers/1/tier: GENERAL since 0001-01-04T00:00:00.000000Z by tierPolicies/value: 1 days 5, 1 times 1, 5.00 CZK 1"].assert_eq(&stage.lines(&["1"]).await);
    }
}
