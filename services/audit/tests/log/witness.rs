//! The log and its witnesses: what is cosigned, what is covered, and what a witness alone can tell.

use crate::{
    past::Past,
    stage::{ORIGIN, Producer, Stage, config, pseudonyms, verifier},
};
use handsel_audit::{
    Audit, AuditConfig, Witness,
    tlog::{CosigningKey, LogProof, LogProofError, TreeHead, cosigned},
};
use handsel_proto::handsel::audit::v1::{
    GetCheckpointRequest, GetEvidenceRequest, GetLogRequest, ListFindingsRequest, finding::Kind,
};
use handsel_testkit::{Lab, on_both_engines, reason};
use handsel_witness::{Known, Records, serve};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Code;

/// A witness that runs, over a folder of its own.
pub(crate) struct Beside {
    pub(crate) witness: Witness,
    _folder: TempDir,
    _stop: DropGuard,
}

impl Beside {
    pub(crate) async fn start(lab: &Lab, number: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let own = cosigning(number);
        let key = own.verifier().clone();
        let records = Records::open(folder.path()).unwrap();
        let known = Known::new(vec![verifier()]);
        let witness = Arc::new(handsel_witness::Witness::start(own, known, records, lab.system.clone()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (format!("http://{}", listener.local_addr().unwrap()), CancellationToken::new());
        tokio::spawn(serve(listener, witness, stop.clone()));
        Self { witness: Witness::new(key, &address).unwrap(), _folder: folder, _stop: stop.drop_guard() }
    }
}

fn cosigning(number: u8) -> CosigningKey {
    CosigningKey::from_seed(&format!("witness.test/{number}"), &[number; 32]).unwrap()
}

/// A log that wants so many of these to cosign.
pub(crate) fn watched(witnesses: &[&Beside], quorum: usize) -> AuditConfig {
    let witnesses = witnesses.iter().map(|beside| beside.witness.clone()).collect();
    AuditConfig { witnesses, witness_quorum: quorum, ..config() }
}

on_both_engines! {
    async fn a_checkpoint_counts_when_enough_witnesses_have_cosigned_it(lab: Lab) {
        let (first, second) = (Beside::start(&lab, 1).await, Beside::start(&lab, 2).await);
        let stage = Stage::with(lab.clone(), watched(&[&first, &second], 2)).await;
        let mut producer = Producer::of("referral/audit");
        let none = stage.officer().get_checkpoint(stage.ask(GetCheckpointRequest { witnessed: true })).await.unwrap_err();
        assert_eq!((none.code(), reason(&none).as_str()), (Code::NotFound, "NOT_FOUND"));

        stage.fill(&mut producer, 300).await;
        let log = stage.officer().get_log(stage.ask(GetLogRequest {})).await.unwrap().into_inner();
        assert_eq!((log.witness_keys.len(), log.witness_quorum), (2, 2));
        let witnessed = stage.officer().get_checkpoint(stage.ask(GetCheckpointRequest { witnessed: true })).await.unwrap().into_inner();
        assert_eq!((witnessed.tree_size, witnessed.witnessed_size), (300, 300));
        let keys = [first.witness.key().clone(), second.witness.key().clone()];
        assert_eq!(cosigned(&witnessed.note, &keys).unwrap().len(), 2);
        TreeHead::open(&witnessed.note, &verifier()).unwrap();

        // One is away: what is signed is not covered, and nothing else waits.
        drop(second);
        let failing = stage.append("referral/audit", 1, vec![producer.next()]).await;
        assert_eq!(failing.unwrap().len(), 1);
        assert!(stage.try_sign().await.is_err(), "the job says that a witness is away");
        let newest = stage.officer().get_checkpoint(stage.ask(GetCheckpointRequest { witnessed: false })).await.unwrap().into_inner();
        assert_eq!((newest.tree_size, newest.witnessed_size), (301, 300));
    }

    async fn evidence_is_a_file_that_proves_itself_and_names_its_witness(lab: Lab) {
        let beside = Beside::start(&lab, 1).await;
        let stage = Stage::with(lab.clone(), watched(&[&beside], 1)).await;
        stage.fill(&mut Producer::of("referral/audit"), 300).await;
        let keys = [beside.witness.key().clone()];
        for index in [0, 7, 255, 256, 299] {
            let evidence = stage.officer().get_evidence(stage.ask(GetEvidenceRequest { index })).await.unwrap().into_inner();
            let proof = LogProof::parse(std::str::from_utf8(&evidence.proof).unwrap()).unwrap();
            let leaf = proof.extra.clone().unwrap();
            let head = proof.check(&leaf, &verifier(), &keys, 1).unwrap();
            assert_eq!((head.size, proof.index), (300, index.cast_unsigned()));
            let statement: serde_json::Value = serde_json::from_slice(&leaf).unwrap();
            assert_eq!(statement["statement"]["source_seq"], (index + 1).to_string());
            assert!(!evidence.body.is_empty());
            assert_eq!(proof.check(b"another", &verifier(), &keys, 1), Err(LogProofError::Unproven { index: proof.index }));
        }
        let beyond = stage.officer().get_evidence(stage.ask(GetEvidenceRequest { index: 9_999 })).await.unwrap_err();
        assert_eq!(beyond.code(), Code::NotFound);
    }

    async fn a_log_restored_from_before_does_not_start_where_a_witness_remembers(lab: Lab) {
        let beside = Beside::start(&lab, 1).await;
        let stage = Stage::with(lab.clone(), watched(&[&beside], 1)).await;
        let mut past = Past::of(&lab).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 20).await;
        past.keep().await;
        stage.fill(&mut producer, 20).await;
        past.restore().await;

        // By itself it is whole: every check of its own holds.
        drop(Audit::start(stage.db.clone(), lab.world(), config(), pseudonyms()).await.unwrap());
        let start = Audit::start(stage.db.clone(), lab.world(), watched(&[&beside], 1), pseudonyms()).await;
        let told = start.err().map(|refused| format!("{refused:#}")).unwrap();
        assert!(told.contains("it has 20, and 40 was signed"), "{told}");
    }

    async fn a_log_that_goes_on_from_before_is_found_out_by_the_next_checkpoint(lab: Lab) {
        // One more than it had then, and less than it had once; or more than it ever had, of another history.
        for (more, kind) in [(1, Kind::Rollback), (30, Kind::Fork)] {
            let beside = Beside::start(&lab, 1).await;
            let stage = Stage::with(lab.clone(), watched(&[&beside], 1)).await;
            let mut past = Past::of(&lab).await;
            past.empty().await;
            stage.fill(&mut Producer::of("referral/audit"), 20).await;
            past.keep().await;
            stage.fill(&mut Producer::of("tier/audit"), 20).await;
            past.restore().await;
            let mut other = Producer::of("reward/audit");
            stage.fill(&mut other, more).await;

            let listed = stage.integrity().list_findings(stage.ask(ListFindingsRequest::default())).await.unwrap().into_inner();
            assert_eq!((listed.frozen, listed.findings.len(), listed.findings[0].kind()), (true, 1, kind));
            let seen = TreeHead::open(&listed.findings[0].checkpoints[0], &verifier()).unwrap();
            assert_eq!((seen.origin.as_str(), seen.size), (ORIGIN, 40), "signed by our own key");
            let frozen = stage.append("reward/audit", 1, vec![other.next()]).await.unwrap_err();
            assert_eq!((frozen.code(), reason(&frozen).as_str()), (Code::FailedPrecondition, "LOG_FROZEN"));
        }
    }
}
