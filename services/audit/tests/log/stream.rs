//! What an officer reads: proofs that a stranger's verifier accepts, and a stream that proves itself.

use crate::stage::{Producer, Stage, pseudonyms, verifier};
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use handsel_access::DevToken;
use handsel_audit::client::{Follower, VerifyError, verify_stream};
use handsel_proto::handsel::audit::v1::{
    Checkpoint, Cursor, GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest, GetRecordRequest,
    StreamRecordsRequest,
};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use serde_json::json;
use sha2::Sha256;
use std::time::Duration;
use tokio::time::timeout;
use tonic::Code;

fn root_of(checkpoint: &Checkpoint) -> RootHash<Sha256> {
    let root: [u8; 32] = checkpoint.root_hash.clone().try_into().unwrap();
    RootHash::new(root.into(), checkpoint.tree_size.cast_unsigned())
}

async fn checkpoint(stage: &Stage) -> Checkpoint {
    stage.officer().get_checkpoint(stage.ask(GetCheckpointRequest::default())).await.unwrap().into_inner()
}

on_both_engines! {
    async fn proofs_hold_for_a_verifier_that_we_did_not_write(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        let mut signed = Vec::new();
        for count in [1, 199, 56, 1, 255, 300] {
            stage.fill(&mut producer, count).await;
            signed.push(checkpoint(&stage).await);
        }
        let newest = signed.last().unwrap();
        assert_eq!(newest.tree_size, 812);
        for tree in &signed {
            let size = tree.tree_size;
            for index in [0, size / 3, size / 2, size - 1] {
                let request = GetInclusionProofRequest { index, tree_size: size };
                let proof = stage.officer().get_inclusion_proof(stage.ask(request)).await.unwrap().into_inner();
                assert_eq!(proof.checkpoint.as_ref(), Some(tree));
                let record = stage.officer().get_record(stage.ask(GetRecordRequest { index })).await.unwrap().into_inner();
                let path = InclusionProof::from_bytes(proof.hashes.concat());
                root_of(tree).verify_inclusion(&record.leaf, index.cast_unsigned(), &path).unwrap();
            }
            let request = GetConsistencyProofRequest { from_size: size, to_size: 0 };
            let proof = stage.officer().get_consistency_proof(stage.ask(request)).await.unwrap().into_inner();
            assert_eq!(proof.to_size, newest.tree_size);
            let path = ConsistencyProof::try_from_bytes(proof.hashes.concat()).unwrap();
            root_of(newest).verify_consistency(&root_of(tree), &path).unwrap();
        }
        for (index, tree_size) in [(812, 0), (0, 813), (200, 200)] {
            let request = GetInclusionProofRequest { index, tree_size };
            let beyond = stage.officer().get_inclusion_proof(stage.ask(request)).await.unwrap_err();
            assert_eq!((beyond.code(), reason(&beyond).as_str()), (Code::OutOfRange, "OUT_OF_RANGE"), "{index} in {tree_size}");
        }
    }

    async fn a_stream_is_read_to_its_end_and_gone_on_with_later(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 700).await;
        let mut follower = Follower::new(verifier(), None).unwrap();
        let mut batches = Vec::new();
        let stream = stage.stream(&follower, false).await.unwrap();
        verify_stream(&mut follower, stream, |batch| batches.push(batch.len())).await.unwrap();
        assert_eq!(batches, [100; 7]);

        stage.fill(&mut producer, 50).await;
        let mut follower = Follower::new(verifier(), Some(follower.saved().clone())).unwrap();
        let stream = stage.stream(&follower, false).await.unwrap();
        let mut read = Vec::new();
        verify_stream(&mut follower, stream, |batch| read.extend(batch)).await.unwrap();
        let reading = &read[0];
        assert_eq!((reading.index, &reading.statement["type"]), (700, &json!("audit.read")), "reading is recorded");
        assert_eq!(reading.statement["actor"]["staff"], pseudonyms().staff("olga"));
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&reading.body).unwrap(),
            json!({ "filter": {}, "first": "0", "mode": "FULL", "end": "TO_THE_END" }));
        assert_eq!(read.len(), 51);
        assert!(follower.is_at_the_end());
    }

    async fn a_reader_who_stays_is_told_when_his_token_is_over(lab: Lab) {
        let stage = Stage::set(lab).await;
        stage.fill(&mut Producer::of("referral/audit"), 3).await;
        // It was over 29 seconds ago, and holds for 30 more for clocks that differ.
        let token = DevToken { lifetime_seconds: -29, ..DevToken::of_role(Role::ComplianceOfficer, "olga") };
        let request = StreamRecordsRequest { follow: true, ..Default::default() };
        let request = stage.lab.call(request, &stage.lab.issuer.issue(&token).unwrap());
        let mut stream = stage.officer().stream_records(request).await.unwrap().into_inner();
        let mut read = 0;
        let over = loop {
            match stream.message().await {
                Ok(batch) => read += batch.unwrap().records.len(),
                Err(over) => break over,
            }
        };
        assert_eq!((read, over.code(), reason(&over).as_str()), (3, Code::Unauthenticated, "TOKEN_EXPIRED"));
    }

    async fn a_reader_who_stays_gets_what_comes_until_the_server_goes_down(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        let mut follower = Follower::new(verifier(), None).unwrap();
        let mut stream = stage.stream(&follower, true).await.unwrap();
        let mut seen = 0;
        for count in [1, 3, 300] {
            stage.fill(&mut producer, count).await;
            while !follower.is_at_the_end() || seen < producer.sequence {
                let batch = timeout(Duration::from_secs(10), stream.message()).await.expect("news").unwrap().unwrap();
                let records = follower.accept(batch).unwrap();
                seen += i64::try_from(records.iter().filter(|one| one.statement["type"] == "referral.registered").count()).unwrap();
            }
        }
        stage.server.stop().await;
        // A checkpoint signed in the meantime may still be on its way.
        let end = loop {
            match timeout(Duration::from_secs(10), stream.message()).await.expect("an end") {
                Ok(batch) => assert!(follower.accept(batch.expect("an end that says why")).unwrap().len() < 2),
                Err(status) => break status,
            }
        };
        assert_eq!((end.code(), reason(&end).as_str()), (Code::Unavailable, "GOING_DOWN"));
    }

    async fn a_cursor_of_another_history_is_refused(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 20).await;
        let tree = checkpoint(&stage).await;
        let good = Cursor { origin: "handsel.test/audit".to_owned(), next_index: 7, tree_size: 20, root_hash: tree.root_hash };
        let table = [
            (Cursor { origin: "handsel.other/audit".to_owned(), ..good.clone() }, "CURSOR_MISMATCH"),
            (Cursor { root_hash: vec![1; 32], ..good.clone() }, "CURSOR_MISMATCH"),
            (Cursor { tree_size: 19, ..good.clone() }, "CURSOR_MISMATCH"),
            (Cursor { tree_size: 999, ..good.clone() }, "CURSOR_MISMATCH"),
            (Cursor { next_index: 21, ..good.clone() }, "FIELD_INVALID"),
            (Cursor { tree_size: 0, next_index: 0, ..good.clone() }, "FIELD_INVALID"),
        ];
        let ask = |cursor| StreamRecordsRequest { cursor: Some(cursor), follow: false, batch_size: 0, ..Default::default() };
        for (cursor, expected) in table {
            let refused = stage.officer().stream_records(stage.ask(ask(cursor.clone()))).await.unwrap_err();
            assert_eq!(reason(&refused), expected, "{cursor:?}");
        }
        let mut stream = stage.officer().stream_records(stage.ask(ask(good))).await.unwrap().into_inner();
        let batch = stream.message().await.unwrap().unwrap();
        assert_eq!((batch.records.len(), batch.records[0].index), (13, 7));
        assert_eq!(stream.message().await.unwrap(), None);
    }

    async fn a_follower_tells_when_the_stored_log_was_changed_under_the_server(lab: Lab) {
        let stage = Stage::set(lab).await;
        stage.fill(&mut Producer::of("referral/audit"), 300).await;
        stage.tamper(
            &["ALTER TABLE leaf DISABLE TRIGGER USER", "UPDATE leaf SET content = (SELECT content FROM leaf WHERE leaf_index = 8) WHERE leaf_index = 9"],
            &["DROP TRIGGER leaf_no_update", "UPDATE leaf SET content = (SELECT content FROM leaf WHERE leaf_index = 8) WHERE leaf_index = 9"],
        ).await.unwrap();
        let mut follower = Follower::new(verifier(), None).unwrap();
        let stream = stage.stream(&follower, false).await.unwrap();
        let refused = verify_stream(&mut follower, stream, |_| {}).await.unwrap_err();
        assert_eq!(refused, VerifyError::Unproven { size: 100 });
    }
}
