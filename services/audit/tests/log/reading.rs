//! Nobody reads without a trace: who, what, and how far.

use crate::stage::{Producer, Stage, config, verifier};
use handsel_audit::{
    AuditConfig,
    client::{Follower, verify_stream},
};
use handsel_proto::handsel::audit::v1::{GetEvidenceRequest, GetRecordRequest};
use handsel_testkit::{Lab, on_both_engines};
use serde_json::Value;
use std::time::Duration;

/// What the readings in the log name, and who read.
async fn readings(stage: &Stage) -> Vec<(String, String)> {
    stage.sign().await;
    let said = |statement: &Value| (statement["subjects"][0].to_string(), statement["actor"]["staff"].to_string());
    stage.read().await.iter().filter(|statement| statement["type"] == "audit.read").map(said).collect()
}

on_both_engines! {
    async fn each_record_that_is_shown_leaves_one(lab: Lab) {
        let stage = Stage::set(lab).await;
        stage.fill(&mut Producer::of("referral/audit"), 3).await;
        stage.officer().get_record(stage.ask(GetRecordRequest { index: 1 })).await.unwrap();
        stage.officer().get_evidence(stage.ask(GetEvidenceRequest { index: 2 })).await.unwrap();
        stage.officer().get_record(stage.ask(GetRecordRequest { index: 77 })).await.unwrap_err();
        let readings = readings(&stage).await;
        assert_eq!(readings.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["\"records/1\"", "\"records/2\""]);
        assert!(readings.iter().all(|(_, person)| person.starts_with("\"s-")), "{readings:?}");
    }

    async fn a_long_stream_leaves_one_again_and_again(lab: Lab) {
        // As if each batch took an hour.
        let stage = Stage::with(lab, AuditConfig { reading: Duration::ZERO, ..config() }).await;
        stage.fill(&mut Producer::of("referral/audit"), 250).await;
        let mut follower = Follower::new(verifier(), None).unwrap();
        let stream = stage.stream(&follower, false).await.unwrap();
        verify_stream(&mut follower, stream, |_| {}).await.unwrap();
        stage.sign().await;
        let names: Vec<_> = readings(&stage).await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names[..4], ["\"records/0\"", "\"records/0\"", "\"records/100\"", "\"records/200\""]);
    }
}
