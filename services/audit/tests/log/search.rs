//! Filters and searches: what was asked for and nothing else, in pages, and on record.

use crate::stage::{Producer, Stage, verifier};
use handsel_audit::{
    client::{Follower, Glance, verify_stream},
    filter::RecordFilter,
};
use handsel_proto::handsel::audit::v1::{ReadMode, SearchRecordsRequest, SearchRecordsResponse, StreamRecordsRequest};
use handsel_testkit::{Lab, on_both_engines, reason};
use serde_json::Value;
use tonic::{Code, Status};

const NONE: [i64; 0] = [];

fn about(subject: &str) -> RecordFilter {
    RecordFilter { subjects: vec![subject.to_owned()], ..RecordFilter::default() }
}

fn of_type(kind: &str) -> RecordFilter {
    RecordFilter { types: vec![kind.to_owned()], ..RecordFilter::default() }
}

async fn search(stage: &Stage, filter: &RecordFilter, token: &str) -> Result<SearchRecordsResponse, Status> {
    let filter = Some(filter.message());
    let request = SearchRecordsRequest { filter, page_size: 3, page_token: token.to_owned() };
    Ok(stage.officer().search_records(stage.ask(request)).await?.into_inner())
}

/// Every index that a search finds, page by page.
async fn found(stage: &Stage, filter: &RecordFilter) -> Vec<i64> {
    let (mut indexes, mut token) = (Vec::new(), String::new());
    loop {
        let page = search(stage, filter, &token).await.unwrap();
        assert!(page.records.len() <= 3);
        indexes.extend(page.records.iter().map(|record| record.index));
        if page.next_page_token.is_empty() {
            return indexes;
        }
        token = page.next_page_token;
    }
}

on_both_engines! {
    async fn a_search_finds_by_subject_type_and_time_newest_first(lab: Lab) {
        let stage = Stage::set(lab).await;
        let (mut one, mut other) = (Producer::of("referral/audit"), Producer::of("tier/audit"));
        stage.fill(&mut one, 300).await;
        stage.fill(&mut other, 7).await;
        // Both sources name the referral of their statements' number.
        assert_eq!(found(&stage, &about("referrals/5")).await, [304, 4]);
        assert_eq!(found(&stage, &about("referrals/299")).await, [298]);
        let both = RecordFilter { sources: vec!["tier/audit".to_owned()], ..about("referrals/5") };
        assert_eq!(found(&stage, &both).await, [304]);
        assert_eq!(found(&stage, &RecordFilter { outcomes: vec!["refused".to_owned()], ..about("referrals/5") }).await, NONE);
        let family = found(&stage, &of_type("referral.")).await;
        assert_eq!((family.len(), family.first(), family.last()), (307, Some(&306), Some(&0)));
        assert!(family.is_sorted_by(|one, next| one > next));
        assert_eq!(found(&stage, &RecordFilter { to: Some("1990-01-01T00:00:00.000000Z".parse().unwrap()), ..of_type("referral.") }).await, NONE);
    }

    async fn a_search_is_on_record_and_its_token_holds_for_its_filter(lab: Lab) {
        let stage = Stage::set(lab).await;
        stage.fill(&mut Producer::of("referral/audit"), 10).await;
        let first = search(&stage, &of_type("referral."), "").await.unwrap();
        let refused = search(&stage, &of_type("reward."), &first.next_page_token).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_PAGE_TOKEN"));
        assert_eq!(found(&stage, &of_type("audit.")).await, NONE, "what is not signed yet is not found");
        stage.sign().await;
        let reads = found(&stage, &of_type("audit.read")).await;
        assert_eq!(reads, [11, 10]);
    }

    async fn a_filtered_stream_is_proven_and_a_fast_one_says_that_it_is_not(lab: Lab) {
        let stage = Stage::set(lab).await;
        stage.fill(&mut Producer::of("referral/audit"), 300).await;
        let filter = about("referrals/17");
        let ask = |cursor, mode: ReadMode, filter: &RecordFilter| StreamRecordsRequest {
            cursor: Some(cursor), follow: false, batch_size: 100, filter: Some(filter.message()), mode: mode.into(),
        };
        let mut follower = Follower::new(verifier(), None).unwrap().asking_for(filter.clone());
        let request = ask(follower.cursor(), ReadMode::ProvenFilter, &filter);
        let stream = stage.officer().stream_records(stage.ask(request)).await.unwrap().into_inner();
        let mut read = Vec::new();
        verify_stream(&mut follower, stream, |records| read.extend(records)).await.unwrap();
        assert_eq!(read.iter().map(|record| record.index).collect::<Vec<_>>(), [16]);
        assert!(!read[0].body.is_empty() && follower.is_at_the_end());

        let mut glance = Glance::new(verifier(), filter.clone());
        let request = ask(glance.cursor(), ReadMode::Fast, &filter);
        let mut stream = stage.officer().stream_records(stage.ask(request)).await.unwrap().into_inner();
        let mut seen = Vec::new();
        while let Some(batch) = stream.message().await.unwrap() {
            assert!(batch.prefix_hashes.is_empty());
            seen.extend(glance.accept(batch).unwrap());
        }
        assert_eq!(seen.iter().map(|record| record.0.index).collect::<Vec<_>>(), [16]);

        let refused = stage.officer().stream_records(stage.ask(ask(glance.cursor(), ReadMode::Full, &filter))).await;
        assert_eq!(reason(&refused.unwrap_err()), "FIELD_INVALID");
        stage.sign().await;
        let told: Vec<Value> = stage.read().await.into_iter().filter(|said| said["type"] == "audit.read").collect();
        assert_eq!(told.len(), 2, "each reading is on record, before its first record goes out");
    }

    async fn a_search_goes_on_from_what_no_run_tells_of_to_what_one_does(lab: Lab) {
        let stage = Stage::set(lab).await;
        let (mut one, mut other) = (Producer::of("referral/audit"), Producer::of("tier/audit"));
        stage.fill(&mut one, 4_200).await;
        stage.fill(&mut other, 20).await;
        let (told,): (i64,) = stage.db.one("SELECT next_bundle FROM record_term_position", ()).await.unwrap();
        assert_eq!(told, 16);
        finds_both(&stage).await;
        // The index is lost: what it told of is read, and then told of again.
        let lost = ["DELETE FROM record_term_page", "UPDATE record_term_position SET next_bundle = 0"];
        stage.tamper(&lost, &lost).await.unwrap();
        finds_both(&stage).await;
        stage.sign().await;
        let (told,): (i64,) = stage.db.one("SELECT next_bundle FROM record_term_position", ()).await.unwrap();
        assert_eq!(told, 16);
        finds_both(&stage).await;
    }
}

/// In the run, behind it, and in both.
async fn finds_both(stage: &Stage) {
    assert_eq!(found(stage, &about("referrals/5")).await, [4_204, 4]);
    assert_eq!(found(stage, &about("referrals/4000")).await, [3_999]);
    let of_source = RecordFilter { sources: vec!["tier/audit".to_owned()], ..RecordFilter::default() };
    assert_eq!(found(stage, &of_source).await, (4_200..4_220).rev().collect::<Vec<i64>>());
}
