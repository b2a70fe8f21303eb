//! What the scrubber finds, what follows from it, and what people decide.

use crate::{
    past::Past,
    stage::{Producer, Stage, config, verifier},
};
use handsel_audit::{AuditConfig, client::Follower};
use handsel_proto::handsel::audit::v1::{
    AcknowledgeFindingRequest, GetRecordRequest, ListFindingsRequest, ResumeRequest, finding::Kind,
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::time::Duration;
use tonic::Code;

fn resume(name: &str) -> ResumeRequest {
    ResumeRequest { name: name.to_owned(), comment: "restored from the standby".to_owned() }
}

fn acknowledge(name: &str) -> AcknowledgeFindingRequest {
    AcknowledgeFindingRequest { name: name.to_owned(), comment: "looked into".to_owned() }
}

on_both_engines! {
    async fn a_log_that_was_left_alone_is_found_whole(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 600).await;
        stage.append("referral/audit", 1, vec![Producer::of("referral/audit").made(7, "false")]).await.unwrap_err();
        let unfit = handsel_proto::handsel::audit::v1::SealedStatement { sequence: 601, statement: b"{}".to_vec(), ..Default::default() };
        stage.append("referral/audit", 3, vec![unfit]).await.unwrap();
        stage.sign().await;
        let (found, ended) = stage.verify().await;
        assert_eq!((found, ended.is_ok()), (vec![], true));
    }

    async fn damage_to_a_body_withholds_it_and_everything_goes_on(lab: Lab) {
        let stage = Stage::set(lab.clone()).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 10).await;
        let mut past = Past::of(&lab).await;
        past.run("DELETE FROM body WHERE leaf_index = 3").await;
        past.run("UPDATE body SET content = (SELECT salt FROM body WHERE leaf_index = 5) WHERE leaf_index = 4").await;
        let (found, ended) = stage.verify().await;
        assert!(ended.is_ok());
        assert_eq!(found.iter().map(|one| (one.kind(), one.index, one.freezes)).collect::<Vec<_>>(),
            [(Kind::BodyMissing, Some(3), false), (Kind::BodyTampered, Some(4), false)]);
        let record = stage.officer().get_record(stage.ask(GetRecordRequest { index: 4 })).await.unwrap().into_inner();
        assert!(record.body_withheld && record.body.is_empty());

        stage.fill(&mut producer, 10).await;
        assert_eq!(stage.kinds().await[10..12], ["audit.finding", "audit.finding"]);
        let (again, _) = stage.verify().await;
        assert_eq!(again, found, "found again, it is the same");
        let acknowledged = stage.integrity().acknowledge_finding(stage.ask(acknowledge("findings/1"))).await.unwrap().into_inner();
        assert!(acknowledged.settled && acknowledged.decisions[0].person == "olga");
        let listed = stage.integrity().list_findings(stage.ask(ListFindingsRequest { open_only: true, ..Default::default() })).await.unwrap();
        assert_eq!(listed.into_inner().findings.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["findings/2"]);
        assert_eq!(stage.kinds().await.last().unwrap(), "audit.acknowledged");
    }

    async fn a_tampered_leaf_freezes_the_log_until_two_people_resume(lab: Lab) {
        let stage = Stage::set(lab.clone()).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 300).await;
        let mut past = Past::of(&lab).await;
        past.keep().await;
        let mut follower = Follower::new(verifier(), None).unwrap();
        let mut stream = stage.stream(&follower, true).await.unwrap();
        while !follower.is_at_the_end() || follower.cursor().next_index == 0 {
            follower.accept(stream.message().await.unwrap().unwrap()).unwrap();
        }
        past.run("UPDATE leaf SET content = (SELECT content FROM leaf WHERE leaf_index = 8) WHERE leaf_index = 9").await;
        let (found, ended) = stage.verify().await;
        assert_eq!(found.iter().map(|one| (one.kind(), one.index)).collect::<Vec<_>>(), [(Kind::LeafTampered, Some(9))]);
        let ended = ended.unwrap_err();
        assert_eq!((ended.code(), reason(&ended).as_str()), (Code::DataLoss, "LOG_DAMAGED"));

        // Readers are told, writers wait, nothing is signed.
        let cut = loop {
            match stream.message().await {
                Ok(batch) => { follower.accept(batch.unwrap()).unwrap(); }
                Err(status) => break status,
            }
        };
        assert_eq!((cut.code(), reason(&cut).as_str()), (Code::DataLoss, "LOG_DAMAGED"));
        let next = producer.next();
        let frozen = stage.append("referral/audit", 1, vec![next.clone()]).await.unwrap_err();
        assert_eq!((frozen.code(), reason(&frozen).as_str()), (Code::FailedPrecondition, "LOG_FROZEN"));
        let refused = stage.stream(&follower, false).await.unwrap_err();
        assert_eq!(refused.code(), Code::DataLoss);
        let name = found[0].name.as_str();
        let wrong = stage.integrity().acknowledge_finding(stage.ask(acknowledge(name))).await.unwrap_err();
        assert_eq!((wrong.code(), reason(&wrong).as_str()), (Code::FailedPrecondition, "STATE_CONFLICT"));

        past.run("UPDATE leaf SET content = (SELECT content FROM kept_leaf WHERE leaf_index = 9) WHERE leaf_index = 9").await;
        let first = stage.integrity().resume(stage.ask(resume(name))).await.unwrap().into_inner();
        let again = stage.integrity().resume(stage.ask(resume(name))).await.unwrap().into_inner();
        assert_eq!((first.settled, &first), (false, &again), "one person counts once");
        stage.append("referral/audit", 1, vec![next.clone()]).await.unwrap_err();
        let karel = lab.token(Role::ComplianceOfficer, "*", "karel");
        let resumed = stage.integrity().resume(lab.call(resume(name), &karel)).await.unwrap().into_inner();
        assert!(resumed.settled);
        stage.append("referral/audit", 1, vec![next]).await.unwrap();
        let kinds = stage.kinds().await;
        assert_eq!(kinds[301..303], ["audit.resumed", "referral.registered"]);
        let jana = lab.token(Role::ComplianceOfficer, "*", "jana");
        let late = stage.integrity().resume(lab.call(resume(name), &jana)).await.unwrap_err();
        assert_eq!(reason(&late), "STATE_CONFLICT");
        let missing = stage.integrity().resume(lab.call(resume("findings/77"), &jana)).await.unwrap_err();
        assert_eq!(reason(&missing), "NOT_FOUND");
        let (found, ended) = stage.verify().await;
        assert_eq!((found, ended.is_ok()), (vec![], true));
    }

    async fn the_scrubber_goes_on_where_it_was_and_begins_again_when_it_is_time(lab: Lab) {
        let day = Duration::from_secs(86_400);
        let config = || AuditConfig { scrub: Some(day), ..config() };
        let stage = Stage::with(lab.clone(), config()).await;
        stage.fill(&mut Producer::of("referral/audit"), 1_500).await;
        let mut past = Past::of(&lab).await;
        past.run("UPDATE body SET content = (SELECT salt FROM body WHERE leaf_index = 7) WHERE leaf_index = 1400").await;
        // `fill` has run a few portions of a thousand, so that rounds over what was there then are over.
        let listed = stage.integrity().list_findings(stage.ask(ListFindingsRequest::default())).await.unwrap().into_inner();
        assert_eq!(listed.findings.len(), 0);
        stage.sign().await;
        let listed = stage.integrity().list_findings(stage.ask(ListFindingsRequest::default())).await.unwrap().into_inner();
        assert_eq!(listed.findings.len(), 0, "the next round is a day away");
        lab.system.advance(day).unwrap();
        stage.sign().await;
        let listed = stage.integrity().list_findings(stage.ask(ListFindingsRequest::default())).await.unwrap().into_inner();
        assert_eq!(listed.findings.iter().map(|one| (one.kind(), one.index)).collect::<Vec<_>>(), [(Kind::BodyTampered, Some(1_400))]);
    }

    async fn a_source_that_leaves_statements_out_is_found(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 3).await;
        producer.next();
        for _ in 0..2 {
            let gap = stage.append("referral/audit", 1, vec![producer.clone().next()]).await.unwrap_err();
            assert_eq!(reason(&gap), "SEQUENCE_GAP");
        }
        let listed = stage.integrity().list_findings(stage.ask(ListFindingsRequest::default())).await.unwrap().into_inner();
        let told: Vec<_> = listed.findings.iter().map(|one| (one.kind(), one.place.as_str(), one.expected.as_str(), one.actual.as_str())).collect();
        assert_eq!(told, [(Kind::StatementsLost, "referral/audit", "4", "5")]);
        assert!(!listed.frozen, "the others go on");
    }
}
