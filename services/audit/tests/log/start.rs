//! What a start looks at before anything is appended: the frontier, rebuilt, gives the head's root; the newest checkpoint is one that
//! we signed for this log; no witness has seen more, or anything else.

use crate::{
    past::Past,
    stage::{Producer, Stage, config, pseudonyms},
    witness::{Beside, watched},
};
use handsel_audit::{Audit, AuditConfig, tlog::SigningKey};
use handsel_testkit::{Lab, on_both_engines};

/// Why it does not start; nothing if it does.
async fn start(stage: &Stage, config: AuditConfig) -> String {
    let started = Audit::start(stage.db.clone(), stage.lab.world(), config, pseudonyms()).await;
    started.err().map(|refused| format!("{refused:#}")).unwrap_or_default()
}

/// What is done to a log of 600 records, and what its start says.
const DAMAGE: [(&str, &str); 9] = [
    ("UPDATE head SET root = (SELECT root FROM tile WHERE number = 0) WHERE size = 600", "the head says"),
    (
        "UPDATE leaf SET hash = (SELECT root FROM tile WHERE number = 0) WHERE leaf_index = 599",
        "leaf 599 is not what was hashed",
    ),
    (
        "UPDATE leaf SET content = (SELECT content FROM leaf WHERE leaf_index = 598) WHERE leaf_index = 599",
        "leaf 599 is not what",
    ),
    ("DELETE FROM leaf WHERE leaf_index = 599", "a leaf from 512 on is not there"),
    ("DELETE FROM tile WHERE number = 1", "a tile of level 0 from 0 on is not there"),
    (
        "UPDATE tile SET root = (SELECT root FROM tile WHERE number = 0) WHERE number = 1",
        "tile 0/1 is not what its root",
    ),
    ("DELETE FROM checkpoint WHERE size = 600; DELETE FROM head WHERE size = 600", "a leaf from"),
    (
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 300) WHERE size = 600",
        "is not its continuation",
    ),
    ("UPDATE checkpoint SET note = 'nothing' WHERE size = 600", "the checkpoint of 600 leaves"),
];

on_both_engines! {
    async fn a_log_whose_edge_is_damaged_does_not_start(lab: Lab) {
        let stage = Stage::set(lab.clone()).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 300).await;
        stage.fill(&mut producer, 300).await;
        let mut past = Past::of(&lab).await;
        past.keep().await;
        assert_eq!(start(&stage, config()).await, "");
        for (damage, expected) in DAMAGE {
            past.run(damage).await;
            let told = start(&stage, config()).await;
            assert!(told.contains(expected), "{damage}: {told:?}");
            past.restore().await;
        }
        assert_eq!(start(&stage, config()).await, "", "put back, it starts");
        let stranger = SigningKey::from_seed("handsel.test/audit", &[77; 32]).unwrap();
        let told = start(&stage, AuditConfig { key: stranger, ..config() }).await;
        assert!(told.contains("the checkpoint of 600 leaves"), "{told:?}");
    }

    async fn a_log_does_not_start_behind_a_witness_or_beside_one_and_starts_without_one(lab: Lab) {
        let beside = Beside::start(&lab, 1).await;
        let stage = Stage::with(lab.clone(), watched(&[&beside], 1)).await;
        let mut past = Past::of(&lab).await;
        past.keep().await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 40).await;
        assert_eq!(start(&stage, watched(&[&beside], 1)).await, "");

        // Cut off, or restored from before: the witness has seen 40.
        past.restore().await;
        let told = start(&stage, watched(&[&beside], 1)).await;
        assert!(told.contains("it has 0, and 40 was signed"), "{told:?}");

        // Another history, longer than the one that the witness has seen.
        let unwatched = stage.restarted().await.unwrap();
        unwatched.fill(&mut Producer::of("reward/audit"), 60).await;
        let told = start(&unwatched, watched(&[&beside], 1)).await;
        assert!(told.contains("it was rewritten"), "{told:?}");

        // One that is away says nothing: what it knows comes to light with the next checkpoint.
        let away = watched(&[&beside], 1);
        drop(beside);
        assert_eq!(start(&unwatched, away).await, "");
    }
}
