//! Leaves and bodies lie packed in their columns: whoever reads gets the bytes that came, and what this program did not pack is found
//! out as what it is.

use crate::{
    past::Past,
    stage::{Producer, Stage, config, pseudonyms, verifier},
};
use handsel_audit::{
    Audit,
    client::{Follower, verify_stream},
    packed::Packed,
};
use handsel_proto::handsel::audit::v1::{
    GetEvidenceRequest, GetInclusionProofRequest, GetRecordRequest, RecordFilter, SearchRecordsRequest, finding::Kind,
};
use handsel_testkit::{Engine, Lab, on_both_engines};

/// What is put where a leaf or a body is stored, in hex.
fn hostile() -> Vec<(&'static str, String)> {
    vec![
        ("a form that nobody knows", "ff00".to_owned()),
        ("a form, and no frame", "0100".to_owned()),
        ("a frame that says that it holds four gigabytes", "0128b52ffda0ffffffff010000".to_owned()),
        ("a frame that does not say how much it holds", "0128b52ffd0058010000".to_owned()),
        ("a frame of nothing", "0128b52ffd2000010000".to_owned()),
        ("other bytes, as they came", format!("00{}", hex::encode(r#"{"a":"b"}"#))),
        ("other bytes, packed well", hex::encode(Packed::Leaf.pack("{\"a\":\"b\"}".repeat(40).as_bytes()))),
    ]
}

fn literal(engine: Engine, hex: &str) -> String {
    match engine {
        Engine::Postgres => format!("'\\x{hex}'::BYTEA"),
        Engine::Sqlite => format!("x'{hex}'"),
    }
}

/// Everything that shows a record is asked for one, and answers: with the record as it is stored, or that there is none.
async fn every_reader_answers(stage: &Stage, index: i64) {
    let mut officer = stage.officer();
    officer.get_record(stage.ask(GetRecordRequest { index })).await.unwrap();
    officer.get_evidence(stage.ask(GetEvidenceRequest { index })).await.unwrap();
    let proof = GetInclusionProofRequest { index, tree_size: 0 };
    officer.get_inclusion_proof(stage.ask(proof)).await.unwrap();
    let filter = Some(RecordFilter { types: vec!["referral.registered".to_owned()], ..RecordFilter::default() });
    let search = SearchRecordsRequest { filter, ..SearchRecordsRequest::default() };
    officer.search_records(stage.ask(search)).await.unwrap();
}

async fn followed(stage: &Stage) -> bool {
    let mut follower = Follower::new(verifier(), None).unwrap();
    let stream = stage.stream(&follower, false).await.unwrap();
    verify_stream(&mut follower, stream, |_| {}).await.is_ok()
}

/// What is stored and what it is read as, of both columns.
async fn stored(stage: &Stage, packed: Packed) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut tx = stage.db.read().await.unwrap();
    let sql = match packed {
        Packed::Leaf => "SELECT content FROM leaf ORDER BY leaf_index",
        Packed::Body => "SELECT content FROM body ORDER BY leaf_index",
    };
    let rows: Vec<(Vec<u8>,)> = tx.all(sql, ()).await.unwrap();
    rows.into_iter().map(|(stored,)| (packed.unpack(&stored).unwrap(), stored)).collect()
}

on_both_engines! {
    async fn what_is_stored_is_shorter_and_what_is_read_is_what_came(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        // A story of many words is packed well, one letter is not worth a frame.
        let told = ["once upon a time ".repeat(200), "x".to_owned()].map(|story| {
            let made = producer.made(producer.sequence + 1, &story);
            (producer.sequence, producer.prev) = (made.sequence, handsel_outbox::statement::statement_digest(&made.statement));
            made
        });
        let receipts = stage.append("referral/audit", 1, told.to_vec()).await.unwrap();
        let again = stage.append("referral/audit", 1, told.to_vec()).await.unwrap();
        assert_eq!(receipts, again, "read back for whoever sends again");
        let (leaves, bodies) = (stored(&stage, Packed::Leaf).await, stored(&stage, Packed::Body).await);
        for ((receipt, told), ((leaf, leaf_stored), (body, body_stored))) in receipts.iter().zip(&told).zip(leaves.iter().zip(&bodies)) {
            assert_eq!((&receipt.leaf, &told.body), (leaf, body));
            assert!(leaf_stored.len() * 2 < leaf.len(), "{} bytes of {}", leaf_stored.len(), leaf.len());
            assert!(body_stored.len() <= body.len() + 1);
        }
        stage.sign().await;
        for (index, (receipt, told)) in (0..).zip(receipts.iter().zip(&told)) {
            let record = stage.officer().get_record(stage.ask(GetRecordRequest { index })).await.unwrap().into_inner();
            assert_eq!((record.leaf, record.body), (receipt.leaf.clone(), told.body.clone()));
        }
        assert!(followed(&stage).await);
    }

    async fn what_cannot_be_unpacked_is_found_like_any_other_bytes(lab: Lab) {
        let stage = Stage::set(lab.clone()).await;
        stage.fill(&mut Producer::of("referral/audit"), 20).await;
        let mut past = Past::of(&lab).await;
        past.keep().await;
        for (table, kind) in [("leaf", Kind::LeafTampered), ("body", Kind::BodyTampered)] {
            for (what, bytes) in hostile() {
                let deed = format!("UPDATE {table} SET content = {} WHERE leaf_index = 9", literal(lab.engine(), &bytes));
                past.run(&deed).await;
                let started = Audit::start(stage.db.clone(), lab.world(), config(), pseudonyms()).await;
                assert_eq!(started.is_err(), table == "leaf", "{table}, {what}: the start");
                let (found, _) = stage.verify().await;
                let found: Vec<_> = found.iter().map(|one| (one.kind(), one.index)).collect();
                assert_eq!(found, [(kind, Some(9))], "{table}, {what}: the scrubber");
                past.restore().await;
                stage.try_sign().await.unwrap();
                past.run(&deed).await;
                assert!(!followed(&stage).await, "{table}, {what}: a follower");
                every_reader_answers(&stage, 9).await;
                past.restore().await;
                stage.try_sign().await.unwrap();
            }
        }
        assert!(followed(&stage).await);
    }

    async fn a_record_that_was_packed_anew_says_what_it_always_said(lab: Lab) {
        let stage = Stage::set(lab.clone()).await;
        stage.fill(&mut Producer::of("referral/audit"), 20).await;
        let (leaf, packed) = stored(&stage, Packed::Leaf).await.swap_remove(9);
        let plain = [&[0], leaf.as_slice()].concat();
        assert_ne!(plain, packed);
        let deed = format!("UPDATE leaf SET content = {} WHERE leaf_index = 9", literal(lab.engine(), &hex::encode(plain)));
        Past::of(&lab).await.run(&deed).await;
        let (found, ended) = stage.verify().await;
        assert_eq!((found, ended.is_ok()), (vec![], true));
        assert!(followed(&stage).await);
    }
}
