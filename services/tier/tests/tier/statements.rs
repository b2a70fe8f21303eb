//! What each command owes the log.

use crate::stage::{CHECKER, MAKER, Stage};
use crate::words::{activity, by_bands};
use expect_test::expect;
use handsel_testkit::{Lab, on_both_engines};
use serde_json::Value;

/// The statements owed, in order: what, by whom, about what, how it went, and the details.
async fn owed(stage: &Stage) -> String {
    let sql = "SELECT content, body FROM outbox WHERE destination = 'audit' ORDER BY ordinal";
    let rows: Vec<(Vec<u8>, Vec<u8>)> = stage.db.all(sql, ()).await.unwrap();
    let line = |(content, body): &(Vec<u8>, Vec<u8>)| {
        let statement: Value = serde_json::from_slice(content).unwrap();
        let text = |field: &str| statement[field].as_str().unwrap_or_default().to_owned();
        let subjects: Vec<&str> = statement["subjects"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(!String::from_utf8_lossy(content).contains("customers/often"), "no customer in clear");
        let subjects = subjects.iter().map(|name| if name.starts_with("customers/") { "customers/…" } else { name });
        let subjects = subjects.collect::<Vec<_>>().join(" ");
        let body = String::from_utf8_lossy(body);
        format!("{} [{subjects}] {} under [{}] {body}", text("type"), text("outcome"), text("policy"))
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

on_both_engines! {
    async fn every_write_owes_its_statement(lab: Lab) {
        let stage = Stage::set(&lab).await;
        stage.activated("value", by_bands()).await;
        let mut batch: Vec<_> =
            (0..8).map(|n| activity(&format!("often-{n}"), "often", "750 CZK", "2026-01-02T12:00:00Z")).collect();
        batch.push(activity("seldom", "seldom", "5 CZK", "2025-12-25T12:00:00Z"));
        batch.push(activity("future", "seldom", "5 CZK", "2027-01-02T12:00:00Z"));
        batch.push(activity("often-0", "seldom", "5 CZK", "2026-01-02T12:00:00Z"));
        batch.push(activity("seldom", "seldom", "5 CZK", "2025-12-25T12:00:00Z"));
        stage.ingest(&batch).await;
        stage.evaluate("value", "2026-01-04T00:00:00Z").await.unwrap();
        let first = owed(&stage).await;
        expect![[r#"
            tier.policy.created [tierPolicies/value] success under [] {"tiers":"2","window_days":"30"}
            tier.policy.activated [tierPolicies/value] success under [tierPolicies/value] 
            tier.activity.ingested [] success under [] {"sent":"12","taken":"9"}
            tier.activity.refused [] refused under [] {"ACTIVITY_ID_REUSED":"1","FUTURE_TIME":"1"}
            tier.evaluation.begun [tierPolicies/value] success under [tierPolicies/value] {"as_of":"2026-01-04T00:00:00.000000Z","customers":"2","frequency":["8","5","3","2"],"monetary_minor":["500000","100000","50000","10000"],"recency_days":["3","7","14","28"]}
            tier.changed [customers/…] success under [tierPolicies/value] {"core":true,"currency":"CZK","frequency":"8","from":"","monetary_minor":"600000","recency_days":"1","scores":["5","5","5"],"to":"CORE"}
            tier.changed [customers/…] success under [tierPolicies/value] {"core":false,"currency":"CZK","frequency":"1","from":"","monetary_minor":"500","recency_days":"9","scores":["3","1","1"],"to":"AT_RISK"}
            tier.evaluation.finished [tierPolicies/value] success under [tierPolicies/value] {"changed":"2","customers":"2"}"#]].assert_eq(&first);

        // What changed nothing leaves no trace: a request sent again, a refusal of a request, known activities, an evaluation again.
        stage.ingest(&batch[..1]).await;
        stage.evaluate("value", "2026-01-04T00:00:00Z").await.unwrap();
        stage.create("value", by_bands()).await.unwrap_err();
        stage.policies().activate_tier_policy(stage.by(CHECKER, stage.activation("value"))).await.unwrap_err();
        let creation = stage.creation("other", by_bands());
        for _ in 0..3 {
            stage.policies().create_tier_policy(stage.by(MAKER, creation.clone())).await.unwrap();
        }
        let more = owed(&stage).await;
        expect![[r#"

            tier.policy.created [tierPolicies/other] success under [] {"tiers":"2","window_days":"30"}"#]].assert_eq(more.strip_prefix(&first).unwrap());
    }
}
