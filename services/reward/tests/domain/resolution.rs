//! What two people decide by hand: what it does in every situation, and who may confirm it.

use crate::{NOW, cny, reward};
use expect_test::expect;
use handsel_reward::domain::{
    outcome::{Attempt, Status},
    resolution::{Basis, Circumstances, Effect, Finding, Found, Resolution, State, decide, give_up},
    state::{Room, Standing},
};
use std::{fmt::Write as _, time::Duration};
use uuid::Uuid;

fn attempt(status: Status) -> Attempt {
    Attempt {
        reward: Uuid::from_u128(1),
        number: 1,
        end_to_end_id: "e2e".into(),
        amount: cny("80.00"),
        status,
        reason_code: String::new(),
        bank_reference: String::new(),
        instructed_at: NOW,
        first_sent_at: None,
        outcome_at: None,
    }
}

fn found(settled: bool) -> Found {
    Found {
        end_to_end_id: "e2e".into(),
        settled,
        bank_reference: if settled { "TX-9".into() } else { String::new() },
        occurred_at: NOW,
    }
}

#[test]
fn every_finding_in_every_situation() {
    let mut table = String::new();
    for (known, standing, attempts) in [
        (Status::Unknown, Standing::Paying, 1),
        (Status::Accepted, Standing::Paying, 1),
        (Status::Unknown, Standing::Cancelled, 1),
        (Status::Settled, Standing::Paid, 1),
        (Status::Settled, Standing::Reversed, 1),
        (Status::Rejected, Standing::Failed, 1),
        (Status::Rejected, Standing::Paying, 2),
        (Status::Rejected, Standing::Failed, 2),
        (Status::Rejected, Standing::Paid, 2),
        (Status::Rejected, Standing::WrittenOff, 1),
        (Status::Returned, Standing::Returned, 1),
    ] {
        for settled in [true, false] {
            let said = |contradicted| match decide(
                &found(settled),
                &attempt(known),
                &reward(standing, attempts),
                Circumstances { contradicted, about_to_leave: false },
                NOW,
            ) {
                Ok(Effect::Said(outcome, moved)) => {
                    format!("{} → {}", outcome.status.code(), moved.reward.state.standing().code())
                }
                Ok(Effect::Stands) => "stands".into(),
                Err(refusal) => refusal.reason().to_owned(),
            };
            let verdict = if settled { "SETTLED" } else { "REJECTED" };
            let (plain, contradicted) = (said(false), said(true));
            let (known, standing) = (known.code(), standing.code());
            writeln!(table, "{known} {standing} {attempts} | {verdict} | {plain} | {contradicted}").unwrap();
        }
    }
    expect![[r#"
        UNKNOWN PAYING 1 | SETTLED | SETTLED → PAID | SETTLED → PAID
        UNKNOWN PAYING 1 | REJECTED | REJECTED → FAILED | REJECTED → FAILED
        ACCEPTED PAYING 1 | SETTLED | SETTLED → PAID | SETTLED → PAID
        ACCEPTED PAYING 1 | REJECTED | REJECTED → FAILED | REJECTED → FAILED
        UNKNOWN CANCELLED 1 | SETTLED | SETTLED → REVERSED | SETTLED → REVERSED
        UNKNOWN CANCELLED 1 | REJECTED | STATE_CONFLICT | STATE_CONFLICT
        SETTLED PAID 1 | SETTLED | STATE_CONFLICT | stands
        SETTLED PAID 1 | REJECTED | STATE_CONFLICT | RETURNED → RETURNED
        SETTLED REVERSED 1 | SETTLED | STATE_CONFLICT | stands
        SETTLED REVERSED 1 | REJECTED | STATE_CONFLICT | OUTCOME_CONFLICT
        REJECTED FAILED 1 | SETTLED | STATE_CONFLICT | SETTLED → PAID
        REJECTED FAILED 1 | REJECTED | STATE_CONFLICT | stands
        REJECTED PAYING 2 | SETTLED | STATE_CONFLICT | STATE_CONFLICT
        REJECTED PAYING 2 | REJECTED | STATE_CONFLICT | stands
        REJECTED FAILED 2 | SETTLED | STATE_CONFLICT | SETTLED → PAID
        REJECTED FAILED 2 | REJECTED | STATE_CONFLICT | stands
        REJECTED PAID 2 | SETTLED | STATE_CONFLICT | stands
        REJECTED PAID 2 | REJECTED | STATE_CONFLICT | stands
        REJECTED WRITTEN_OFF 1 | SETTLED | STATE_CONFLICT | SETTLED → PAID
        REJECTED WRITTEN_OFF 1 | REJECTED | STATE_CONFLICT | stands
        RETURNED RETURNED 1 | SETTLED | STATE_CONFLICT | STATE_CONFLICT
        RETURNED RETURNED 1 | REJECTED | STATE_CONFLICT | stands
    "#]]
    .assert_eq(&table);
}

#[test]
fn what_would_be_another_amount_or_lies_in_the_future_is_refused() {
    let failed = reward(Standing::Failed, 2);
    let other = Attempt { amount: cny("79.99"), ..attempt(Status::Rejected) };
    let contradicted = Circumstances { contradicted: true, about_to_leave: false };
    assert_eq!(decide(&found(true), &other, &failed, contradicted, NOW).unwrap_err().reason(), "STATE_CONFLICT");
    let tomorrow = NOW.checked_add(Duration::from_secs(86_400)).unwrap();
    let early = Found { occurred_at: tomorrow, ..found(true) };
    let paying = reward(Standing::Paying, 1);
    let unknown = attempt(Status::Unknown);
    assert_eq!(decide(&early, &unknown, &paying, Circumstances::default(), NOW).unwrap_err().reason(), "FUTURE_TIME");
    let leaving = Circumstances { contradicted: false, about_to_leave: true };
    for settled in [true, false] {
        let refused = decide(&found(settled), &unknown, &paying, leaving, NOW).unwrap_err();
        assert_eq!(refused.reason(), "STATE_CONFLICT", "the file would pay it all the same");
    }
}

#[test]
fn only_what_was_tried_and_is_not_on_its_way_is_given_up_and_its_room_is_free() {
    for standing in Standing::ALL.iter().copied() {
        use Standing::{Approved, Failed, PendingApproval, Returned};
        let may = matches!(standing, Failed | Returned | PendingApproval | Approved);
        match give_up(reward(standing, 1), "ACCOUNT_GONE", false, NOW) {
            Ok(moved) => {
                assert!(may, "{}", standing.code());
                assert_eq!(moved.reward.state.standing().room(), Room::Free);
                assert_eq!(moved.reward.reasons, ["ACCOUNT_GONE"]);
            }
            Err(refusal) => assert!(!may && refusal.reason() == "STATE_CONFLICT", "{}", standing.code()),
        }
        assert!(give_up(reward(standing, 1), "ACCOUNT_GONE", true, NOW).is_err(), "it may have been paid");
    }
}

#[test]
fn another_person_confirms_once_what_is_still_so() {
    let basis = Basis { revision: 7, status: Some(Status::Unknown), conflicts: 0 };
    let proposed = Resolution {
        id: Uuid::from_u128(5),
        reward: Uuid::from_u128(1),
        finding: Finding::Attempt(found(true)),
        reason: "ACCOUNT_STATEMENT".into(),
        evidence: "page 3".into(),
        basis,
        proposer: "fay".into(),
        proposer_account: "desk-1".into(),
        proposed_at: NOW,
        state: State::Proposed,
    };
    for (name, account) in [("fay", "desk-2"), ("x", "fay"), ("gus", "desk-1")] {
        let refused = proposed.clone().confirm(name, account, basis, NOW).unwrap_err();
        assert_eq!(refused.reason(), "MAKER_IS_CHECKER", "{name} {account}");
    }
    for known in [
        Basis { revision: 8, ..basis },
        Basis { status: Some(Status::Accepted), ..basis },
        Basis { conflicts: 1, ..basis },
    ] {
        let refused = proposed.clone().confirm("gus", "desk-2", known, NOW).unwrap_err();
        assert_eq!(refused.reason(), "RESOLUTION_VOID");
    }
    let confirmed = proposed.clone().confirm("gus", "desk-2", basis, NOW).unwrap();
    assert_eq!((confirmed.state.confirmed_by(), confirmed.state.ended_at()), ("gus", Some(NOW)));
    assert_eq!(confirmed.confirm("hal", "desk-3", basis, NOW).unwrap_err().reason(), "STATE_CONFLICT");
    let void = Resolution { state: State::Void { at: NOW }, ..proposed };
    assert_eq!(void.confirm("gus", "desk-2", basis, NOW).unwrap_err().reason(), "STATE_CONFLICT");
}
