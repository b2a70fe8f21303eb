//! Activities: each is taken once, known, or refused by itself, in a batch as on a stream.

use crate::stage::Stage;
use crate::words::{activity, outcomes};
use expect_test::expect;
use handsel_proto::handsel::tier::v1::{Activity, IngestActivitiesRequest};
use handsel_testkit::{Lab, Role, on_both_engines, reason, violated_fields};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request};

/// Longer than anything here takes; shorter than the frame waits for running calls.
const SOON: Duration = Duration::from_secs(10);

/// One of each kind. The clock stands at 2026-01-05T09:00:00Z.
fn one_of_each() -> Vec<Activity> {
    let mut negative = activity("negative", "1", "5 CZK", "2026-01-04T10:00:00Z");
    negative.amount.as_mut().unwrap().units = -5;
    let mut finer = activity("finer", "1", "5 CZK", "2026-01-04T10:00:00Z");
    finer.amount.as_mut().unwrap().nanos = 1;
    let mut immense = activity("immense", "1", "5 CZK", "2026-01-04T10:00:00Z");
    immense.amount.as_mut().unwrap().units = i64::MAX;
    let mut unknown = activity("unknown", "1", "5 CZK", "2026-01-04T10:00:00Z");
    unknown.amount.as_mut().unwrap().currency_code = "XXQ".to_owned();
    let mut beyond = activity("beyond", "1", "5 CZK", "2026-01-04T10:00:00Z");
    beyond.occur_time.as_mut().unwrap().seconds = 400_000_000_000;
    vec![
        activity("taken", "1", "12.30 CZK", "2026-01-04T10:00:00Z"),
        activity("nothing", "1", "0 CZK", "2026-01-04T10:00:00Z"),
        activity("taken", "1", "12.30 CZK", "2026-01-04T10:00:00Z"),
        activity("taken", "2", "12.30 CZK", "2026-01-04T10:00:00Z"),
        activity("ahead", "1", "5 CZK", "2026-01-05T09:05:00Z"),
        activity("future", "1", "5 CZK", "2026-01-05T09:05:00.000001Z"),
        negative,
        finer,
        immense,
        unknown,
        beyond,
        activity("yen", "1", "5 JPY", "2025-01-01T00:00:00Z"),
    ]
}

on_both_engines! {
    async fn each_in_a_batch_is_judged_by_itself(lab: Lab) {
        let stage = Stage::set(&lab).await;
        expect![[r#"
            taken: APPLIED
            nothing: APPLIED
            taken: DUPLICATE
            taken: REFUSED ACTIVITY_ID_REUSED activity_id was used before for other content
            ahead: APPLIED
            future: REFUSED FUTURE_TIME occur_time: lies more than five minutes ahead
            negative: REFUSED FIELD_INVALID amount: must be 0 or more
            finer: REFUSED AMOUNT_PRECISION amount: finer than the minor unit of CZK
            immense: REFUSED OUT_OF_RANGE amount: the result is out of range
            unknown: REFUSED FIELD_INVALID amount.currency_code: not an ISO 4217 currency
            beyond: REFUSED OUT_OF_RANGE occur_time: outside the years 1 to 9999
            yen: APPLIED"#]].assert_eq(&outcomes(&stage.ingest(&one_of_each()).await));
        // Again, as a source does that got no answer; what came too early has its time now.
        lab.clock.advance(Duration::from_secs(1)).unwrap();
        expect![[r#"
            taken: DUPLICATE
            nothing: DUPLICATE
            taken: DUPLICATE
            taken: REFUSED ACTIVITY_ID_REUSED activity_id was used before for other content
            ahead: DUPLICATE
            future: APPLIED
            negative: REFUSED FIELD_INVALID amount: must be 0 or more
            finer: REFUSED AMOUNT_PRECISION amount: finer than the minor unit of CZK
            immense: REFUSED OUT_OF_RANGE amount: the result is out of range
            unknown: REFUSED FIELD_INVALID amount.currency_code: not an ISO 4217 currency
            beyond: REFUSED OUT_OF_RANGE occur_time: outside the years 1 to 9999
            yen: DUPLICATE"#]].assert_eq(&outcomes(&stage.ingest(&one_of_each()).await));
    }

    async fn a_stream_answers_each_request_once_it_is_committed(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let batches = one_of_each().chunks(4).map(<[Activity]>::to_vec).collect::<Vec<_>>();
        let requests = batches.into_iter().map(|activities| IngestActivitiesRequest { activities });
        let requests = tokio_stream::iter(requests.collect::<Vec<_>>());
        let mut answers = stage.activities().ingest_activities(stage.by_core_banking(requests)).await.unwrap().into_inner();
        let mut streamed = Vec::new();
        while let Some(answer) = answers.message().await.unwrap() {
            streamed.push(outcomes(&answer.outcomes));
        }
        assert_eq!(streamed.len(), 3);
        let twin = Stage::with(&lab, "tier_twin", handsel_tier::TierPeers::default()).await;
        assert_eq!(streamed.join("\n"), outcomes(&twin.ingest(&one_of_each()).await), "as in one batch");
    }

    async fn batches_that_wait_together_know_of_each_other(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let batch = |customer: &str| -> Vec<Activity> {
            (0..100).map(|n| activity(&format!("A{n}"), customer, "5 CZK", "2026-01-04T10:00:00Z")).collect()
        };
        let (one, other) = (batch("1"), batch("2"));
        let answers = tokio::join!(stage.ingest(&one), stage.ingest(&other), stage.ingest(&one), stage.ingest(&other));
        let mut counts = [0; 3];
        for outcome in [answers.0, answers.1, answers.2, answers.3].concat() {
            let place = ["", "ACTIVITY_ID_REUSED"].iter().position(|reason| *reason == outcome.reason).unwrap();
            counts[if outcome.result().as_str_name() == "RESULT_APPLIED" { 2 } else { place }] += 1;
        }
        assert_eq!(counts, [100, 200, 100], "each id once; its own batch again is known, the other's two are not it");
    }

    async fn a_request_that_breaks_the_contract_ends_the_stream_behind_those_before_it(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let fine = IngestActivitiesRequest { activities: vec![activity("A1", "1", "5 CZK", "2026-01-04T10:00:00Z")] };
        let requests = tokio_stream::iter([fine, IngestActivitiesRequest::default()]);
        let mut answers = stage.activities().ingest_activities(stage.by_core_banking(requests)).await.unwrap().into_inner();
        assert_eq!(outcomes(&answers.message().await.unwrap().unwrap().outcomes), "A1: APPLIED");
        let error = answers.message().await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
        assert_eq!(violated_fields(&error), ["activities"]);
    }

    async fn a_stream_ends_when_the_program_does(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let (sender, requests) = mpsc::channel(1);
        let request = stage.by_core_banking(ReceiverStream::new(requests));
        let mut answers = stage.activities().ingest_activities(request).await.unwrap().into_inner();
        let activities = vec![activity("A1", "1", "5 CZK", "2026-01-04T10:00:00Z")];
        sender.send(IngestActivitiesRequest { activities }).await.unwrap();
        assert_eq!(outcomes(&answers.message().await.unwrap().unwrap().outcomes), "A1: APPLIED");
        let ended = timeout(SOON, stage.server.stop());
        ended.await.expect("it does not wait for a source that has more");
        assert!(answers.message().await.unwrap().is_none(), "what has no answer is to be sent again");
    }

    async fn only_core_banking_hands_them_in(lab: Lab) {
        let stage = Stage::set(&lab).await;
        let request = || IngestActivitiesRequest { activities: vec![activity("A1", "1", "5 CZK", "2026-01-04T10:00:00Z")] };
        let error = stage.activities().batch_ingest_activities(Request::new(request())).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::Unauthenticated, "TOKEN_MISSING"));
        let teller = lab.token(Role::BranchStaff, "0101", "anna");
        let error = stage.activities().batch_ingest_activities(lab.call(request(), &teller)).await.unwrap_err();
        assert_eq!((error.code(), reason(&error).as_str()), (Code::PermissionDenied, "ROLE_NOT_ALLOWED"));
    }
}
