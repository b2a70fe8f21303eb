//! One key hands over to the next: both sign, a record names the new one, readers learn it, witnesses go on.

use crate::stage::{ORIGIN, Producer, Stage, config, key, pseudonyms, verifier};
use handsel_audit::{
    Audit, AuditConfig,
    client::{Follower, VerifyError, verify_stream},
    tlog::{CheckpointError, NoteError, SigningKey, TreeHead},
};
use handsel_proto::handsel::audit::v1::{GetCheckpointRequest, GetLogRequest};
use handsel_testkit::{Lab, on_both_engines};

fn next() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[6; 32]).unwrap()
}

fn both() -> AuditConfig {
    AuditConfig { retiring: Some(key()), key: next(), ..config() }
}

fn after() -> AuditConfig {
    AuditConfig { retired: vec![verifier()], key: next(), ..config() }
}

async fn read(stage: &Stage, follower: &mut Follower) -> Result<usize, VerifyError> {
    let mut records = 0;
    let stream = stage.stream(follower, false).await.unwrap();
    verify_stream(follower, stream, |batch| records += batch.len()).await?;
    Ok(records)
}

on_both_engines! {
    async fn a_reader_who_trusts_the_old_key_learns_the_new_one_from_both(lab: Lab) {
        let stage = Stage::set(lab.clone()).await;
        let mut producer = Producer::of("referral/audit");
        stage.fill(&mut producer, 10).await;
        let mut follower = Follower::new(verifier(), None).unwrap();
        read(&stage, &mut follower).await.unwrap();

        // Straight to the new key: whoever trusts the old one could not tell it from a forger's.
        let start = Audit::start(stage.db.clone(), lab.world(), after(), pseudonyms()).await;
        assert!(start.is_err());

        let stage = stage.restarted_with(both()).await.unwrap();
        stage.fill(&mut producer, 1).await;
        let checkpoint = stage.officer().get_checkpoint(stage.ask(GetCheckpointRequest::default())).await.unwrap().into_inner();
        for key in [key(), next()] {
            TreeHead::open(&checkpoint.note, key.verifier()).unwrap();
        }
        let log = stage.officer().get_log(stage.ask(GetLogRequest {})).await.unwrap().into_inner();
        assert_eq!((log.verifier_key, log.retiring_key), (next().verifier().to_string(), verifier().to_string()));
        let kinds = stage.kinds().await;
        assert_eq!(kinds.iter().filter(|kind| *kind == "key.rotate").count(), 1);

        let mut away = follower.clone();
        read(&stage, &mut follower).await.unwrap();
        assert_eq!(follower.key().to_string(), next().verifier().to_string());

        let stage = stage.restarted_with(after()).await.unwrap();
        stage.fill(&mut producer, 300).await;
        let mut follower = Follower::new(verifier(), Some(follower.saved().clone())).unwrap();
        assert!(read(&stage, &mut follower).await.unwrap() >= 300);
        let unsigned = VerifyError::Checkpoint(CheckpointError::Note(NoteError::Unsigned));
        assert_eq!(read(&stage, &mut away).await, Err(unsigned), "who was away all the time asks for the key elsewhere");
        let mut new = Follower::new(next().verifier().clone(), None).unwrap();
        read(&stage, &mut new).await.unwrap();
        let (found, ended) = stage.verify().await;
        assert_eq!((found, ended.is_ok()), (vec![], true), "what the old key signed stays signed");
    }
}
