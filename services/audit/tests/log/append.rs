//! What the log takes, gives again, refuses and quarantines; on both engines.

use crate::stage::{ORIGIN, Producer, Stage, config, pseudonyms, verifier};
use handsel_audit::AuditConfig;
use handsel_proto::handsel::audit::v1::{GetCheckpointRequest, GetLogRequest, GetRecordRequest, SealedStatement};
use handsel_service::Clock as _;
use handsel_testkit::{Engine, Lab, on_both_engines, reason};
use serde_json::json;
use std::time::Duration;
use tonic::Code;
use tonic_types::StatusExt as _;

on_both_engines! {
    async fn a_statement_becomes_a_leaf_and_the_same_bytes_get_the_same_leaf_again(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        let statements: Vec<_> = (0..3).map(|_| producer.next()).collect();
        let receipts = stage.append("referral/audit", 1, statements.clone()).await.unwrap();
        assert_eq!(receipts.iter().map(|receipt| (receipt.sequence, receipt.index)).collect::<Vec<_>>(), [(1, 0), (2, 1), (3, 2)]);
        let leaf = String::from_utf8(receipts[0].leaf.clone()).unwrap();
        let statement = String::from_utf8(statements[0].statement.clone()).unwrap();
        assert_eq!(leaf, format!(r#"{{"logged_at":"{}","statement":{statement}}}"#, stage.lab.system.now()));

        assert_eq!(stage.append("referral/audit", 1, statements[1..].to_vec()).await.unwrap(), receipts[1..]);
        let with_one_more = [&statements[2..], &[producer.next()]].concat();
        let again = stage.append("referral/audit", 2, with_one_more).await.unwrap();
        assert_eq!((&again[0], again[1].index), (&receipts[2], 3));

        let record = stage.officer().get_record(stage.ask(GetRecordRequest { index: 1 })).await.unwrap().into_inner();
        assert_eq!((record.leaf, record.body, record.body_salt.len()), (receipts[1].leaf.clone(), statements[1].body.clone(), 32));
        let missing = stage.officer().get_record(stage.ask(GetRecordRequest { index: 99 })).await.unwrap_err();
        assert_eq!((missing.code(), reason(&missing).as_str()), (Code::NotFound, "NOT_FOUND"));
    }

    async fn the_same_statements_make_the_same_root_on_every_engine(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 300).await;
        let conflicting = Producer::of("referral/audit").made(7, "false");
        stage.append("referral/audit", 1, vec![conflicting]).await.unwrap_err();
        let unfit = SealedStatement { sequence: 301, statement: b"{}".to_vec(), ..SealedStatement::default() };
        stage.append("referral/audit", 1, vec![unfit]).await.unwrap();
        stage.sign().await;
        let checkpoint = stage.officer().get_checkpoint(stage.ask(GetCheckpointRequest::default())).await.unwrap().into_inner();
        // Both engines are held to this one text.
        let signed = "handsel.test/audit\n302\nNgTyduQGzqr2IcYWkZngJwX2tdEIBpgpQD3AUXRxoWk=";
        assert_eq!(checkpoint.note.split_once("\n\n").unwrap().0, signed);
    }

    async fn other_bytes_under_a_number_taken_before_are_refused_and_leave_one_leaf(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 2).await;
        let other = Producer::of("referral/audit").made(1, "false");
        for _ in 0..2 {
            let refused = stage.append("referral/audit", 1, vec![other.clone(), producer.made(2, "false")]).await.unwrap_err();
            assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "STATEMENT_CONFLICT"));
        }
        assert_eq!(stage.kinds().await, ["referral.registered", "referral.registered", "audit.conflict"]);
        let conflict = stage.read().await[2].clone();
        assert_eq!(conflict["subjects"], json!(["sources/referral/audit/statements/1", "records/0"]));
        assert_eq!(conflict["source"], "audit/audit");
    }

    async fn a_gap_names_the_number_expected_and_an_old_lease_is_fenced(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        let statements: Vec<_> = (0..4).map(|_| producer.next()).collect();
        let gap = stage.append("referral/audit", 5, statements[1..].to_vec()).await.unwrap_err();
        assert_eq!((gap.code(), reason(&gap).as_str()), (Code::FailedPrecondition, "SEQUENCE_GAP"));
        assert_eq!(gap.get_details_error_info().unwrap().metadata["expected"], "1");
        stage.append("referral/audit", 5, statements[..2].to_vec()).await.unwrap();
        let fenced = stage.append("referral/audit", 4, statements[2..].to_vec()).await.unwrap_err();
        assert_eq!((fenced.code(), reason(&fenced).as_str()), (Code::FailedPrecondition, "EPOCH_FENCED"));
        // Even a repetition raises the lease: whoever came last is the one.
        stage.append("referral/audit", 6, statements[..1].to_vec()).await.unwrap();
        let fenced = stage.append("referral/audit", 5, statements[2..].to_vec()).await.unwrap_err();
        assert_eq!(reason(&fenced), "EPOCH_FENCED");
    }

    async fn what_can_never_be_taken_is_quarantined_and_its_source_goes_on(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 1).await;
        let spoilt = |sequence, statement: &[u8]| SealedStatement { sequence, statement: statement.to_vec(), ..SealedStatement::default() };
        let spaced = [producer.made(2, "true").statement.as_slice(), b" "].concat();
        let bodiless = SealedStatement { body: Vec::new(), body_salt: Vec::new(), ..Producer::of("referral/audit").made(5, "true") };
        let table = [
            (spoilt(2, b"not json"), "NOT_A_STATEMENT"),
            (spoilt(3, &spaced), "NOT_A_STATEMENT"),
            (spoilt(4, &Producer::of("reward/audit").made(4, "true").statement), "SOURCE_DIFFERS"),
            (bodiless, "PREV_DIFFERS"),
        ];
        for (index, (statement, why)) in (1..).zip(table) {
            let receipt = stage.append("referral/audit", 1, vec![statement.clone()]).await.unwrap().remove(0);
            let leaf: serde_json::Value = serde_json::from_slice(&receipt.leaf).unwrap();
            assert_eq!((receipt.index, &leaf["statement"]["type"], &leaf["statement"]["reason"]), (index, &json!("source.quarantined"), &json!(why)));
            assert_eq!(stage.append("referral/audit", 1, vec![statement.clone()]).await.unwrap()[0], receipt);
            producer.sequence = statement.sequence;
            producer.prev = handsel_outbox::statement::statement_digest(&statement.statement);
        }
        let mut wrong_body = producer.next();
        wrong_body.body.push(b' ');
        let next = producer.next();
        let receipts = stage.append("referral/audit", 1, vec![wrong_body, next]).await.unwrap();
        assert_eq!((receipts[0].index, receipts[1].index), (5, 6));
        assert_eq!(stage.kinds().await[5..], ["source.quarantined", "referral.registered"]);
    }

    async fn nobody_speaks_in_the_logs_own_name_or_out_of_order(lab: Lab) {
        let stage = Stage::set(lab).await;
        let own = Producer::of("audit/audit").next();
        let refused = stage.append("audit/audit", 9, vec![own]).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "SOURCE_RESERVED"));
        let mut producer = Producer::of("referral/audit");
        let (first, second) = (producer.next(), producer.next());
        let refused = stage.append("referral/audit", 1, vec![second, first]).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
    }

    async fn an_empty_log_has_a_name_a_key_and_a_checkpoint(lab: Lab) {
        let stage = Stage::set(lab).await;
        let log = stage.officer().get_log(stage.ask(GetLogRequest {})).await.unwrap().into_inner();
        assert_eq!((log.origin.as_str(), log.verifier_key), (ORIGIN, verifier().to_string()));
        let checkpoint = stage.officer().get_checkpoint(stage.ask(GetCheckpointRequest::default())).await.unwrap().into_inner();
        assert_eq!(checkpoint.tree_size, 0);
        let head = handsel_audit::tlog::TreeHead::open(&checkpoint.note, &verifier()).unwrap();
        assert_eq!((head.size, head.root.to_vec()), (0, checkpoint.root_hash));
    }

    async fn the_program_records_what_no_rpc_does(lab: Lab) {
        let stage = Stage::set(lab).await;
        stage.audit.record_system("clock.jumped", json!({ "to": "2026-02-01T00:00:00.000000Z" })).await.unwrap();
        stage.audit.record_system("clock.jumped", json!({ "to": "2026-03-01T00:00:00.000000Z" })).await.unwrap();
        stage.sign().await;
        let read = stage.read().await;
        assert_eq!((&read[1]["source"], &read[1]["source_seq"], &read[1]["type"]), (&json!("audit/audit"), &json!("2"), &json!("clock.jumped")));
    }

    async fn a_log_says_that_it_lives_where_it_is_asked_to(lab: Lab) {
        let period = Some(Duration::from_secs(60));
        let stage = Stage::with(lab, AuditConfig { heartbeat: period, ..config() }).await;
        stage.sign().await;
        let kinds = stage.kinds().await;
        assert!(kinds.len() > 1 && kinds.iter().all(|kind| kind == "audit.heartbeat" || kind == "audit.read"), "{kinds:?}");
    }

    async fn one_replica_writes_and_another_takes_over_when_it_stops(lab: Lab) {
        let stage = Stage::set(lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 5).await;
        let second = handsel_audit::Audit::start(stage.db.clone(), stage.lab.world(), config(), pseudonyms()).await.unwrap();
        let tried = second.record_system("clock.jumped", json!({})).await;
        // SQLite's file is one process's own, so whoever asks has outlived the other.
        assert_eq!(tried.is_ok(), stage.lab.engine() == Engine::Sqlite, "{tried:?}");
        let stage = stage.restarted().await.unwrap();
        stage.fill(&mut producer, 300).await;
        assert!(stage.kinds().await.len() >= 305);
    }
}
