//! Who may close a difference, and when: the ladder.

use crate::NOW;
use handsel_reward::domain::{
    difference::{Code, Place, Resolution, Standing, confirm, standing},
    refusal::Refusal,
};
use uuid::Uuid;

const PLACE: Place = Place { file: Uuid::from_u128(1), position: 7 };

/// By a person whose account is called by the first letter.
fn proposal(id: u128, by: &str) -> Resolution {
    Resolution {
        id: Uuid::from_u128(id),
        place: PLACE,
        number: 0,
        code: Code::NotOurs,
        note: "a salary, see the letter of the fifth".into(),
        proposed_by: by.into(),
        proposer_account: by[..1].into(),
        proposed_at: NOW,
        confirmation: None,
    }
}

fn closed(newest: Option<&Resolution>, read: u128, person: &str, account: &str) -> Result<Standing, &'static str> {
    confirm(PLACE, newest.cloned(), Uuid::from_u128(read), person, account, NOW)
        .map(|closed| standing(Some(&closed)))
        .map_err(|refusal| refusal.reason())
}

#[test]
fn two_people_close_it_by_the_proposal_that_was_read() {
    assert_eq!(standing(None), Standing::Open);
    assert_eq!(closed(None, 2, "gus", "g"), Err("STATE_CONFLICT"));
    let first = proposal(2, "fay").propose(None).unwrap();
    assert_eq!((first.number, standing(Some(&first))), (1, Standing::ResolutionProposed));
    assert_eq!(closed(Some(&first), 3, "fay", "f"), Err("ETAG_MISMATCH"), "before who it is");
    assert_eq!(closed(Some(&first), 2, "fay", "f"), Err("MAKER_IS_CHECKER"));
    assert_eq!(closed(Some(&first), 2, "gus", "fay"), Err("MAKER_IS_CHECKER"), "nor by the same account");
    assert_eq!(closed(Some(&first), 2, "Fay B.", "f"), Err("MAKER_IS_CHECKER"), "whatever he is called now");
    assert_eq!(closed(Some(&first), 2, "f", "g"), Err("MAKER_IS_CHECKER"));
    let second = proposal(3, "gus").propose(Some(&first)).unwrap();
    assert_eq!(second.number, 2);
    assert_eq!(closed(Some(&second), 3, "fay", "f"), Ok(Standing::Resolved));
    let done = confirm(PLACE, Some(second), Uuid::from_u128(3), "fay", "f", NOW).unwrap();
    assert_eq!(closed(Some(&done), 3, "hal", "h"), Err("STATE_CONFLICT"));
    let again = proposal(4, "hal").propose(Some(&done));
    assert!(matches!(again, Err(Refusal::StateConflict { state: "RESOLVED", .. })), "{again:?}");
}
