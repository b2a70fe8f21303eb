//! The latch of settlement: one sign drops it, two people lift it.

use handsel_money::Timestamp;
use handsel_reward::domain::latch::{Cause, Event, Latch, Proposal, Sign, is_of_our_making};
use uuid::Uuid;

fn sign(cause: Cause, detail: &str) -> Sign {
    Sign { cause, detail: detail.into(), author: "relay".into(), seen_at: Timestamp::MIN }
}

fn proposal(number: u128, author: &str) -> Proposal {
    Proposal {
        id: Uuid::from_u128(number),
        author: author.into(),
        reconciled: "the bank's statement of today".into(),
        proposed_at: Timestamp::MIN,
    }
}

fn fell(detail: &str) -> Event {
    Event::Fell(sign(Cause::LogAhead, detail))
}

fn released() -> Event {
    Event::Released { proposal: Uuid::from_u128(1), author: "gus".into(), released_at: Timestamp::MIN }
}

#[test]
fn where_it_stands() {
    let proposed = || Event::Proposed(proposal(1, "fay"));
    for (situation, events, expected) in [
        ("nothing happened", vec![], "UP"),
        ("a sign", vec![fell("a")], "DOWN"),
        ("a proposal", vec![fell("a"), proposed()], "RELEASE_PROPOSED"),
        ("a sign after the proposal voids it", vec![fell("a"), proposed(), fell("b")], "DOWN"),
        ("lifted", vec![fell("a"), proposed(), released()], "UP"),
        ("and fallen again", vec![fell("a"), proposed(), released(), fell("a")], "DOWN"),
    ] {
        assert_eq!(Latch::after(events).code(), expected, "{situation}");
    }
}

#[test]
fn the_same_sign_counts_once_until_it_is_lifted() {
    let down = Latch::after([fell("a")]);
    assert_eq!(down.fall(sign(Cause::LogAhead, "a")), None);
    assert!(down.fall(sign(Cause::LogAhead, "b")).is_some());
    assert!(down.fall(sign(Cause::SenderAhead, "a")).is_some());
    let lifted = Latch::after([fell("a"), Event::Proposed(proposal(1, "fay")), released()]);
    assert!(lifted.fall(sign(Cause::LogAhead, "a")).is_some());
}

#[test]
fn whoever_lifts_it() {
    let up = Latch::Up;
    let down = Latch::after([fell("a")]);
    let proposed = Latch::after([fell("a"), Event::Proposed(proposal(1, "fay"))]);
    let again = Latch::after([fell("a"), Event::Proposed(proposal(1, "fay")), Event::Proposed(proposal(2, "gus"))]);
    assert_eq!(up.propose(proposal(1, "fay")).unwrap_err().reason(), "STATE_CONFLICT");
    for (situation, latch, number, person, account, expected) in [
        ("it is up", &up, 1, "gus", "gus", Some("STATE_CONFLICT")),
        ("nobody has proposed it", &down, 1, "gus", "gus", Some("STATE_CONFLICT")),
        ("another proposal was read", &again, 1, "gus", "gus", Some("ETAG_MISMATCH")),
        ("the proposer", &proposed, 1, "fay", "desk", Some("MAKER_IS_CHECKER")),
        ("the proposer's account", &proposed, 1, "gus", "fay", Some("MAKER_IS_CHECKER")),
        ("the later proposer", &again, 2, "gus", "gus", Some("MAKER_IS_CHECKER")),
        ("another person", &proposed, 1, "gus", "gus", None),
    ] {
        let decided = latch.confirm(Uuid::from_u128(number), person, account, Timestamp::MIN);
        assert_eq!(decided.err().map(|refusal| refusal.reason()), expected, "{situation}");
    }
}

#[test]
fn our_own_ids_are_recognised() {
    for (id, ours) in [
        ("3f3712964c430b48a30773cd22f5afa907d", true),
        ("3f3712964c430b48a30773cd22f5afa907", false),
        ("3F3712964C430B48A30773CD22F5AFA907D", false),
        ("RF18539007547034-2026-01-05-SALARY1", false),
        ("", false),
    ] {
        assert_eq!(is_of_our_making(id), ours, "{id}");
    }
}
