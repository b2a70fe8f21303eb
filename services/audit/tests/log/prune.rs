//! Retention: bodies that two people let go by type and age, and everything that still holds afterwards. Prune, hold and erasure in every
//! order.

use crate::{
    export::{fit_manifest, python, ran, run},
    openings::about_somebody,
    past::Past,
    stage::{Producer, Stage, verifier},
};
use handsel_audit::client::export::{ExportFault, verify};
use handsel_audit::tlog::TreeHead;
use handsel_proto::handsel::audit::v1::{
    ConfirmPruneRequest, Finding, GetConsistencyProofRequest, GetInclusionProofRequest, GetPruneRequest,
    GetRecordRequest, Hold, ProposePruneRequest, Prune, finding, hold::scope::What, prune,
    prune_service_client::PruneServiceClient,
};
use handsel_service::{Clock as _, Part as _, wire::to_timestamp};
use handsel_testkit::{Lab, Role, on_both_engines, reason};
use std::{fs, time::Duration};
use tempfile::TempDir;
use tonic::Status;

pub(crate) const YEAR: Duration = Duration::from_secs(366 * 86_400);

impl Stage {
    async fn propose(&self, id: &str, types: &[&str], person: &str) -> Result<Prune, Status> {
        let now = self.lab.system.now();
        let request = ProposePruneRequest {
            prune_id: id.into(),
            types: types.iter().map(|kind| (*kind).to_owned()).collect(),
            before_time: Some(to_timestamp(now.checked_sub(10 * YEAR).unwrap())),
        };
        let token = self.lab.token(Role::ComplianceOfficer, "*", person);
        let mut client = PruneServiceClient::new(self.server.channel());
        Ok(client.propose_prune(self.lab.call(request, &token)).await?.into_inner())
    }

    async fn confirm(&self, id: &str, person: &str) -> Result<Prune, Status> {
        let token = self.lab.token(Role::ComplianceOfficer, "*", person);
        let request = ConfirmPruneRequest { name: format!("prunes/{id}") };
        let mut client = PruneServiceClient::new(self.server.channel());
        Ok(client.confirm_prune(self.lab.call(request, &token)).await?.into_inner())
    }

    async fn prune_job(&self) {
        let jobs = self.audit.jobs();
        jobs.iter().find(|job| job.name == "audit.prune").unwrap().run_once().await.unwrap();
    }

    /// Both people, and all of it.
    pub(crate) async fn pruned(&self, id: &str, types: &[&str]) -> Prune {
        self.propose(id, types, "olga").await.unwrap();
        self.confirm(id, "petr").await.unwrap();
        self.sign().await;
        let request = self.ask(GetPruneRequest { name: format!("prunes/{id}") });
        let done = PruneServiceClient::new(self.server.channel()).get_prune(request).await.unwrap().into_inner();
        assert_eq!(done.state(), prune::State::Done);
        done
    }

    async fn bodies(&self) -> i64 {
        let (left,): (i64,) = self.db.one("SELECT COUNT(*) FROM body WHERE leaf_index < 4", ()).await.unwrap();
        left
    }

    /// The scrubber finds nothing, and strangers prove an export.
    async fn holds_up(&self) -> TempDir {
        self.sign().await;
        let (found, end) = self.verify().await;
        assert!(found.is_empty() && end.is_ok(), "{found:?} {end:?}");
        let folder = TempDir::new().unwrap();
        run(self, folder.path(), usize::MAX).await.unwrap().unwrap();
        verify(folder.path(), Some(&verifier()), |_, _| ()).unwrap();
        let (holds, said) = ran(python().arg(folder.path().join("verify.py")).arg(verifier().to_string()));
        assert!(holds, "{said}");
        folder
    }
}

/// Three records of a producer's and one about somebody, all old enough.
async fn aged(lab: Lab) -> Stage {
    let stage = Stage::set(lab).await;
    let mut producer = Producer::of("referral/audit");
    stage.fill(&mut producer, 3).await;
    stage.append("referral/audit", 1, vec![about_somebody(&mut producer)]).await.unwrap();
    stage.sign().await;
    stage.lab.system.advance(10 * YEAR + Duration::from_secs(1)).unwrap();
    stage.restarted().await.unwrap()
}

/// What was proven before anything was taken away.
struct Proofs {
    old: TreeHead,
    leaf: Vec<u8>,
    path: Vec<Vec<u8>>,
}

impl Proofs {
    async fn of(stage: &Stage) -> Self {
        let checkpoint = stage.officer().get_checkpoint(stage.ask(Default::default())).await.unwrap().into_inner();
        let old = TreeHead::open(&checkpoint.note, &verifier()).unwrap();
        let leaf =
            stage.officer().get_record(stage.ask(GetRecordRequest { index: 3 })).await.unwrap().into_inner().leaf;
        let (index, tree_size) = (3, checkpoint.tree_size);
        let request = stage.ask(GetInclusionProofRequest { index, tree_size });
        let path = stage.officer().get_inclusion_proof(request).await.unwrap().into_inner().hashes;
        Self { old, leaf, path }
    }

    /// They are as they were, and the tree of then is the beginning of the tree of now.
    async fn still_hold(&self, stage: &Stage) {
        let tree_size = self.old.size.cast_signed();
        let request = stage.ask(GetInclusionProofRequest { index: 3, tree_size });
        assert_eq!(stage.officer().get_inclusion_proof(request).await.unwrap().into_inner().hashes, self.path);
        let leaf =
            stage.officer().get_record(stage.ask(GetRecordRequest { index: 3 })).await.unwrap().into_inner().leaf;
        assert_eq!(leaf, self.leaf);
        let checkpoint = stage.officer().get_checkpoint(stage.ask(Default::default())).await.unwrap().into_inner();
        let request = GetConsistencyProofRequest { from_size: tree_size, to_size: checkpoint.tree_size };
        stage.officer().get_consistency_proof(stage.ask(request)).await.unwrap();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Prune,
    Erase,
    Hold,
}

/// Every order of the three.
const ORDERS: [[Do; 3]; 6] = [
    [Do::Prune, Do::Erase, Do::Hold],
    [Do::Prune, Do::Hold, Do::Erase],
    [Do::Erase, Do::Prune, Do::Hold],
    [Do::Erase, Do::Hold, Do::Prune],
    [Do::Hold, Do::Prune, Do::Erase],
    [Do::Hold, Do::Erase, Do::Prune],
];

async fn in_order(lab: Lab, order: [Do; 3]) {
    let stage = aged(lab).await;
    let proofs = Proofs::of(&stage).await;
    let at = |what| order.iter().position(|one| *one == what).unwrap();
    let mut hold: Option<Hold> = None;
    for act in order {
        match act {
            Do::Hold => hold = Some(stage.hold_on(What::Subject("subjects/1".into())).await),
            Do::Prune => {
                let done = stage.pruned("old", &["referral."]).await;
                let held = i64::from(at(Do::Hold) < at(Do::Prune));
                assert_eq!((done.pruned, done.held), (4 - held, held), "{order:?}");
            }
            Do::Erase => {
                let cleared = stage.clear().await;
                assert_eq!(cleared.is_err(), at(Do::Hold) < at(Do::Erase), "nothing held is erased: {order:?}");
            }
        }
        stage.holds_up().await;
        proofs.still_hold(&stage).await;
    }
    let kept = i64::from(at(Do::Hold) < at(Do::Prune));
    assert_eq!(stage.bodies().await, kept, "nothing held is gone: {order:?}");
    // Once the hold is released, both may be.
    stage.let_go(&hold.unwrap()).await;
    stage.clear().await.unwrap();
    stage.pruned("rest", &["referral."]).await;
    assert_eq!(stage.bodies().await, 0);
    stage.holds_up().await;
    proofs.still_hold(&stage).await;
    let kinds = stage.kinds().await;
    for kind in ["bodies.prune_proposed", "bodies.prune_confirmed", "bodies.pruned", "erasure.cleared", "hold.placed"] {
        assert!(kinds.iter().any(|one| one == kind), "the log says who did it: {kind}");
    }
}

on_both_engines! {
    async fn prune_erase_hold(lab: Lab) {
        in_order(lab, ORDERS[0]).await;
    }

    async fn prune_hold_erase(lab: Lab) {
        in_order(lab, ORDERS[1]).await;
    }

    async fn erase_prune_hold(lab: Lab) {
        in_order(lab, ORDERS[2]).await;
    }

    async fn erase_hold_prune(lab: Lab) {
        in_order(lab, ORDERS[3]).await;
    }

    async fn hold_prune_erase(lab: Lab) {
        in_order(lab, ORDERS[4]).await;
    }

    async fn hold_erase_prune(lab: Lab) {
        in_order(lab, ORDERS[5]).await;
    }

    async fn two_people_prune_what_is_old_enough(lab: Lab) {
        let stage = aged(lab).await;
        let early = stage.propose("log", &["bodies."], "olga").await.unwrap_err();
        assert_eq!(reason(&early), "RETENTION_APPLIES", "what says who took what is kept for ever");
        let proposed = stage.propose("old", &["referral.registered"], "olga").await.unwrap();
        assert_eq!(stage.propose("old", &["referral.registered"], "olga").await.unwrap(), proposed);
        let other = stage.propose("old", &["tier."], "olga").await.unwrap_err();
        assert_eq!(reason(&other), "ALREADY_EXISTS");
        assert_eq!(reason(&stage.confirm("old", "olga").await.unwrap_err()), "MAKER_IS_CHECKER");
        assert_eq!(reason(&stage.confirm("nothing", "petr").await.unwrap_err()), "NOT_FOUND");
        stage.prune_job().await;
        assert_eq!(stage.bodies().await, 4, "one person has said so");
        stage.confirm("old", "petr").await.unwrap();
        stage.confirm("old", "petr").await.unwrap();
        assert_eq!(reason(&stage.confirm("old", "jana").await.unwrap_err()), "STATE_CONFLICT");
        stage.prune_job().await;
        assert_eq!(stage.bodies().await, 0);
        let record = stage.officer().get_record(stage.ask(GetRecordRequest { index: 1 })).await.unwrap().into_inner();
        assert!(record.body.is_empty() && record.pruned_by.is_some_and(|by| by > 1) && !record.body_withheld);
        stage.holds_up().await;
    }

    async fn a_body_that_no_prune_names_is_missing(lab: Lab) {
        let stage = aged(lab).await;
        let held = stage.hold_on(What::Subject("subjects/1".into())).await;
        stage.pruned("old", &["referral."]).await;
        assert!(!held.name.is_empty());
        let (record,): (i64,) = stage.db.one("SELECT MIN(record) FROM pruned_body", ()).await.unwrap();
        let folder = stage.holds_up().await;
        // Somebody takes the held one away, and says that it was pruned.
        let mut past = Past::of(&stage.lab).await;
        past.run(&format!("INSERT INTO pruned_body (leaf_index, record) VALUES (3, {record})")).await;
        past.run("DELETE FROM body WHERE leaf_index = 3").await;
        let (found, _) = stage.verify().await;
        let kinds: Vec<_> = found.iter().map(Finding::kind).collect();
        let (index, missing) = (finding::Kind::IndexTampered, finding::Kind::BodyMissing);
        assert_eq!(kinds, [index, missing, index], "its note, its body, and how many the record names");
        // And out of an export.
        let bodies = folder.path().join("bodies/000");
        let text = fs::read_to_string(&bodies).unwrap();
        let without: Vec<&str> = text.lines().filter(|line| !line.contains("\"index\":\"3\"")).collect();
        assert!(without.len() < text.lines().count());
        fs::write(&bodies, without.join("\n") + "\n").unwrap();
        fit_manifest(folder.path());
        let fault = verify(folder.path(), Some(&verifier()), |_, _| ()).unwrap_err();
        assert!(matches!(fault, ExportFault::Record { index: 3, .. }), "{fault}");
        let (holds, said) = ran(python().arg(folder.path().join("verify.py")));
        assert!(!holds && said.contains("the body of record 3 is missing"), "{said}");
    }
}
