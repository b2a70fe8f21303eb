//! The development issuer: one key in a folder, its own tokens accepted.

use crate::provider::{NOW, TestClock};
use handsel_access::{Branch, DevIssuer, DevIssuerError, DevToken, KeySet, KeySource, Role, TokenFault, Verifier};
use std::{fs, os::unix::fs::PermissionsExt};

fn teller() -> DevToken {
    DevToken {
        person: Some("e.novakova".into()),
        branch: Branch::One("0101".into()),
        ..DevToken::of_role(Role::BranchStaff, "desk-7")
    }
}

#[test]
fn its_tokens_say_what_they_were_asked_to() {
    let issuer = DevIssuer::from_seed(&[7; 32], TestClock::new().now()).unwrap();
    let caller = issuer.verifier().unwrap().verify(&issuer.issue(&teller()).unwrap()).unwrap().as_ref().clone();
    assert_eq!((caller.subject.as_str(), caller.person.as_deref()), ("desk-7", Some("e.novakova")));
    assert_eq!((caller.roles, caller.branch), ([Role::BranchStaff].into(), Branch::One("0101".into())));
}

#[test]
fn its_tokens_end() {
    let clock = TestClock::new();
    let issuer = DevIssuer::from_seed(&[7; 32], clock.now()).unwrap();
    let verifier = issuer.verifier().unwrap();
    let token = issuer.issue(&DevToken { lifetime_seconds: 60, ..teller() }).unwrap();
    assert!(verifier.verify(&token).is_ok());
    clock.set(NOW + 90);
    assert_eq!(verifier.verify(&token), Err(TokenFault::Expired));
    let elsewhere = issuer.issue(&DevToken { audience: Some("ledger".into()), ..teller() }).unwrap();
    assert_eq!(verifier.verify(&elsewhere), Err(TokenFault::WrongAudience));
}

#[test]
fn its_key_stays_in_the_folder_for_its_owner_alone() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("keys");
    let clock = TestClock::new();
    let first = DevIssuer::open(&folder, &[1; 32], clock.now()).unwrap();
    let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(fs::metadata(&names[0]).unwrap().permissions().mode() & 0o777, 0o600);

    let again = DevIssuer::open(&folder, &[2; 32], clock.now()).unwrap();
    assert_eq!(first.key_set(), again.key_set(), "the seed is for a first time only");

    fs::set_permissions(&names[0], fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(DevIssuer::open(&folder, &[3; 32], clock.now()), Err(DevIssuerError::Exposed(_))));
    fs::set_permissions(&names[0], fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&names[0], "no key").unwrap();
    assert!(matches!(DevIssuer::open(&folder, &[3; 32], clock.now()), Err(DevIssuerError::NoKey)));
}

#[test]
fn another_process_verifies_by_its_key_set() {
    let clock = TestClock::new();
    let issuer = DevIssuer::from_seed(&[7; 32], clock.now()).unwrap();
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("jwks.json");
    fs::write(&file, issuer.key_set()).unwrap();
    let verifier = Verifier::new(&issuer.settings(), KeySource::File(file), clock.now()).unwrap();
    assert!(verifier.verify(&issuer.issue(&teller()).unwrap()).is_ok());
    assert!(!issuer.key_set().contains("\"d\""), "no private part");
    assert!(KeySet::parse(issuer.key_set()).is_ok());
    let stranger = DevIssuer::from_seed(&[8; 32], clock.now()).unwrap();
    assert_eq!(verifier.verify(&stranger.issue(&teller()).unwrap()), Err(TokenFault::UnknownKey));
}
