//! Who may withdraw a sealed file, when, and what becomes of its payouts: the ladder.

use crate::NOW;
use handsel_reward::domain::{
    payment_file::{FileState, PaymentFile},
    refusal::Refusal,
    withdrawal::{Confirmer, Effect, Evidence, Withdrawal, confirm},
};
use uuid::Uuid;

const SIGNS: [Evidence; 3] = [
    Evidence { placed: true, reported: false, spoken_of: false },
    Evidence { placed: false, reported: true, spoken_of: false },
    Evidence { placed: false, reported: false, spoken_of: true },
];
const NONE: Evidence = Evidence { placed: false, reported: false, spoken_of: false };

fn file(state: FileState) -> PaymentFile {
    let currency = "EUR".parse().unwrap();
    let begun = PaymentFile::begin("BANK", 7, currency, "2026-01-05".parse().unwrap(), "fiona".into(), NOW);
    PaymentFile { state, payouts: 2, sha256: "ab".repeat(32), ..begun }
}

/// By fay, whose account is `f`.
fn proposal(id: u128) -> Withdrawal {
    Withdrawal {
        id: Uuid::from_u128(id),
        file: 7,
        number: 0,
        effect: Effect::Kept,
        note: "the folder was moved".into(),
        proposed_by: "fay".into(),
        proposer_account: "f".into(),
        proposed_at: NOW,
        confirmation: None,
    }
}

fn by(read: u128, person: &str, account: &str) -> Confirmer {
    Confirmer { read: Uuid::from_u128(read), person: person.into(), account: account.into() }
}

#[test]
fn one_sign_that_the_bank_may_have_it_is_enough_to_keep_its_payouts_in_it() {
    assert_eq!(NONE.effect(), Effect::Released);
    for sign in SIGNS {
        assert_eq!(sign.effect(), Effect::Kept, "{sign:?}");
    }
}

#[test]
fn only_a_sealed_file_is_withdrawn() {
    for state in [FileState::Gathering, FileState::Closed, FileState::Written, FileState::Withdrawn] {
        let refused = proposal(1).propose(&file(state), None, NONE).unwrap_err();
        assert!(matches!(refused, Refusal::StateConflict { .. }), "{state:?}");
        let refused = confirm(file(state), Some(proposal(1)), &by(1, "gus", "g"), NONE, NOW).unwrap_err();
        assert!(matches!(refused, Refusal::StateConflict { .. }), "{state:?}");
    }
}

#[test]
fn two_people_withdraw_it_by_the_proposal_that_was_read_on_the_evidence_of_then() {
    let first = proposal(1).propose(&file(FileState::Sealed), None, NONE).unwrap();
    assert_eq!((first.number, first.effect), (1, Effect::Released));
    let second = proposal(2).propose(&file(FileState::Sealed), Some(&first), NONE).unwrap();
    assert_eq!(second.number, 2);
    let refusal = |newest: Option<&Withdrawal>, by: Confirmer, evidence| {
        confirm(file(FileState::Sealed), newest.cloned(), &by, evidence, NOW).unwrap_err().reason()
    };
    assert_eq!(refusal(None, by(2, "gus", "g"), NONE), "STATE_CONFLICT");
    assert_eq!(refusal(Some(&second), by(1, "fay", "f"), NONE), "ETAG_MISMATCH", "before who it is");
    assert_eq!(refusal(Some(&second), by(2, "fay", "g"), NONE), "MAKER_IS_CHECKER");
    assert_eq!(refusal(Some(&second), by(2, "gus", "f"), SIGNS[0]), "MAKER_IS_CHECKER", "before what it rests on");
    for sign in SIGNS {
        assert_eq!(refusal(Some(&second), by(2, "gus", "g"), sign), "RESOLUTION_VOID", "{sign:?}");
    }
    let (file, confirmed) = confirm(file(FileState::Sealed), Some(second), &by(2, "gus", "g"), NONE, NOW).unwrap();
    assert_eq!((file.state, confirmed.confirmation.unwrap().by.as_str()), (FileState::Withdrawn, "gus"));
}

#[test]
fn what_may_lie_where_the_bank_finds_it_is_on_record_from_the_first_time_on() {
    let placed = file(FileState::Sealed).place(0, NOW).unwrap();
    assert_eq!(placed.placed_at, Some(NOW));
    let later = NOW.checked_add(std::time::Duration::from_secs(1)).unwrap();
    assert_eq!(placed.place(0, later).unwrap().placed_at, Some(NOW));
    for (state, ended) in [(FileState::Sealed, 1), (FileState::Closed, 0), (FileState::Withdrawn, 0)] {
        assert!(file(state).place(ended, NOW).is_err(), "{state:?} {ended}");
    }
}
