//! Personal data in an export: sealed for everybody, open for whoever was given the openings, and each held to the log.

use crate::{
    export::{fit_manifest, python, ran, run},
    stage::{Producer, Stage, pseudonyms, verifier},
};
use handsel_audit::client::{
    export::{ExportFault, FieldOfRecord, Unsealer, verify},
    personal::{self, Opening, PersonalError, PersonalField},
};
use handsel_money::Timestamp;
use handsel_outbox::{
    Actor, Statement,
    statement::{Circumstances, PERSONAL, complete, pii_commitment, seal, statement_digest},
};
use handsel_proto::handsel::audit::v1::SealedStatement;
use handsel_testkit::{Lab, on_both_engines};
use serde_json::json;
use std::{fs, path::Path};
use tempfile::TempDir;
use uuid::Uuid;

const PLAIN: &str = "Bartholomäus Zwölfenstein";

/// A field as its keeper seals it; what is inside is no affair of the log's.
fn field() -> PersonalField {
    PersonalField {
        c: hex::encode(pii_commitment(&[3; 32], PLAIN.as_bytes())),
        field: "display_name".to_owned(),
        purpose: "CONTRACT".to_owned(),
        sealed: "00ff".to_owned(),
        subject: "subjects/1".to_owned(),
    }
}

/// A statement whose body carries it.
pub(crate) fn about_somebody(producer: &mut Producer) -> SealedStatement {
    producer.sequence += 1;
    let statement = Statement {
        kind: "referral.registered",
        time: Timestamp::from_micros(1_767_603_600_000_000),
        actor: Actor::system("referral/test"),
        subjects: vec!["referrals/1".to_owned(), "subjects/1".to_owned()],
        action: "register",
        outcome: "success",
        reason: None,
        correlation: "referrals/1".to_owned(),
        amount: None,
        policy: None,
        body: json!({ PERSONAL: [field()] }),
    };
    let id = Uuid::from_u128(producer.sequence.cast_unsigned().into());
    let around = Circumstances { id, source: producer.source.clone(), traceparent: String::new(), salt: [4; 32] };
    let sealed = seal(statement, &around, &pseudonyms()).unwrap();
    let statement = complete(&sealed.content, 1, producer.sequence, &producer.prev).unwrap();
    producer.prev = statement_digest(&statement);
    SealedStatement { sequence: producer.sequence, statement, body: sealed.body, body_salt: sealed.body_salt }
}

async fn exported(lab: Lab) -> TempDir {
    let stage = Stage::set(lab).await;
    let mut producer = Producer::of("referral/audit");
    stage.fill(&mut producer, 3).await;
    stage.append("referral/audit", 1, vec![about_somebody(&mut producer)]).await.unwrap();
    stage.fill(&mut producer, 2).await;
    let folder = TempDir::new().unwrap();
    run(&stage, folder.path(), usize::MAX).await.unwrap().unwrap();
    folder
}

/// Adds what `open` says for each field.
fn unseal(folder: &Path, open: impl Fn(&PersonalField) -> Option<Opening>) -> Result<usize, PersonalError> {
    let mut unsealer = Unsealer::of(folder).unwrap();
    let mut opened = 0;
    for bundle in 0..unsealer.bundles() {
        let mut openings = Vec::new();
        for one in unsealer.fields(bundle).unwrap() {
            let opening = personal::open(&one.field, &open)?;
            openings.push((one, opening));
        }
        opened += openings.len();
        unsealer.put(bundle, &openings).unwrap();
    }
    unsealer.finish().unwrap();
    Ok(opened)
}

fn opening(plain: &str) -> Opening {
    Opening { blind: [3; 32], plain: plain.to_owned() }
}

on_both_engines! {
    async fn an_export_shows_no_one_until_it_is_opened_and_then_strangers_check_it(lab: Lab) {
        let folder = exported(lab).await;
        let closed = verify(folder.path(), Some(&verifier()), |_, _| ()).unwrap();
        assert_eq!(closed.opened, 0);

        assert_eq!(unseal(folder.path(), |_| None), Err(PersonalError::Closed));
        assert_eq!(unseal(folder.path(), |_| Some(opening("Somebody Else"))), Err(PersonalError::OtherContent));
        assert_eq!(unseal(folder.path(), |_| Some(opening(PLAIN))), Ok(1));
        let open = verify(folder.path(), Some(&verifier()), |_, _| ()).unwrap();
        assert_eq!((open.opened, open.root_hash), (1, closed.root_hash));
        let (holds, said) = ran(python().arg(folder.path().join("verify.py")).arg(verifier().to_string()));
        assert!(holds, "{said}");
    }

    async fn an_opening_that_the_log_knows_nothing_of_is_found(lab: Lab) {
        let folder = exported(lab).await;
        unseal(folder.path(), |_| Some(opening(PLAIN))).unwrap();
        let file = folder.path().join("openings/000");
        let line = fs::read_to_string(&file).unwrap();
        let other = hex::encode(pii_commitment(&[3; 32], b"Somebody Else"));
        for forged in [
            line.replace(PLAIN, "Somebody Else"),
            line.replace(PLAIN, "Somebody Else").replace(&field().c, &other),
            line.replace("0303", "0304"),
        ] {
            assert_ne!(forged, line);
            fs::write(&file, forged).unwrap();
            fit_manifest(folder.path());
            let fault = verify(folder.path(), Some(&verifier()), |_, _| ()).unwrap_err();
            assert!(matches!(fault, ExportFault::Personal { why: PersonalError::OtherContent, .. }), "{fault}");
            let (holds, said) = ran(python().arg(folder.path().join("verify.py")));
            assert!(!holds && said.contains("is not of what its statement commits to"), "{said}");
        }
        fs::write(&file, line.replace("\"index\":\"3\"", "\"index\":\"9\"")).unwrap();
        fit_manifest(folder.path());
        assert!(verify(folder.path(), None, |_, _| ()).is_err());
        let unsealer = Unsealer::of(folder.path()).unwrap();
        assert_eq!(unsealer.fields(0).unwrap(), [FieldOfRecord { index: 3, field: field() }]);
    }
}
