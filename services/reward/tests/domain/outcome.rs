//! What an outcome means beside what was known: the whole table.

use crate::{NOW, cny};
use expect_test::expect;
use handsel_reward::domain::{
    outcome::{Attempt, Outcome, Status, read},
    state::Standing,
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
        bank_reference: if matches!(status, Status::Settled | Status::Returned) {
            "TX-1".into()
        } else {
            String::new()
        },
        instructed_at: NOW,
        first_sent_at: None,
        outcome_at: None,
    }
}

fn outcome(status: Status, bank_reference: &str) -> Outcome {
    Outcome {
        end_to_end_id: "e2e".into(),
        status,
        reason_code: String::new(),
        bank_reference: bank_reference.into(),
        occurred_at: NOW,
    }
}

#[test]
fn every_outcome_after_every_other() {
    let mut table = String::new();
    // Known of the attempt, and where that leaves the reward: with this attempt the newest, and with another after it.
    for (known, standing, newest) in [
        (Status::Unknown, Standing::Paying, 1),
        (Status::Accepted, Standing::Paying, 1),
        (Status::Settled, Standing::Paid, 1),
        (Status::Rejected, Standing::Failed, 1),
        (Status::Rejected, Standing::Approved, 1),
        (Status::Rejected, Standing::Paying, 2),
        (Status::Rejected, Standing::Paid, 2),
        (Status::Rejected, Standing::Cancelled, 1),
        (Status::Returned, Standing::Returned, 1),
        (Status::Returned, Standing::Paying, 2),
        (Status::Settled, Standing::Reversed, 1),
    ] {
        for (said, reference) in [
            (Status::Accepted, ""),
            (Status::Settled, "TX-1"),
            (Status::Settled, "TX-2"),
            (Status::Rejected, ""),
            (Status::Returned, ""),
        ] {
            let meaning = match read(&outcome(said, reference), &attempt(known), standing, newest, NOW) {
                Ok(meaning) => format!("{meaning:?}"),
                Err(refusal) => refusal.reason().to_owned(),
            };
            let said = format!("{} {reference}", said.code());
            writeln!(table, "{} {} {newest} | {} | {meaning}", known.code(), standing.code(), said.trim_end()).unwrap();
        }
    }
    expect![[r#"
        UNKNOWN PAYING 1 | ACCEPTED | Accepted
        UNKNOWN PAYING 1 | SETTLED TX-1 | Settled
        UNKNOWN PAYING 1 | SETTLED TX-2 | Settled
        UNKNOWN PAYING 1 | REJECTED | Refused
        UNKNOWN PAYING 1 | RETURNED | Returned
        ACCEPTED PAYING 1 | ACCEPTED | Duplicate
        ACCEPTED PAYING 1 | SETTLED TX-1 | Settled
        ACCEPTED PAYING 1 | SETTLED TX-2 | Settled
        ACCEPTED PAYING 1 | REJECTED | Refused
        ACCEPTED PAYING 1 | RETURNED | Returned
        SETTLED PAID 1 | ACCEPTED | Duplicate
        SETTLED PAID 1 | SETTLED TX-1 | Duplicate
        SETTLED PAID 1 | SETTLED TX-2 | OUTCOME_CONFLICT
        SETTLED PAID 1 | REJECTED | OUTCOME_CONFLICT
        SETTLED PAID 1 | RETURNED | Returned
        REJECTED FAILED 1 | ACCEPTED | Duplicate
        REJECTED FAILED 1 | SETTLED TX-1 | Settled
        REJECTED FAILED 1 | SETTLED TX-2 | Settled
        REJECTED FAILED 1 | REJECTED | Duplicate
        REJECTED FAILED 1 | RETURNED | Duplicate
        REJECTED APPROVED 1 | ACCEPTED | Duplicate
        REJECTED APPROVED 1 | SETTLED TX-1 | Settled
        REJECTED APPROVED 1 | SETTLED TX-2 | Settled
        REJECTED APPROVED 1 | REJECTED | Duplicate
        REJECTED APPROVED 1 | RETURNED | Duplicate
        REJECTED PAYING 2 | ACCEPTED | Duplicate
        REJECTED PAYING 2 | SETTLED TX-1 | OUTCOME_CONFLICT
        REJECTED PAYING 2 | SETTLED TX-2 | OUTCOME_CONFLICT
        REJECTED PAYING 2 | REJECTED | Duplicate
        REJECTED PAYING 2 | RETURNED | Duplicate
        REJECTED PAID 2 | ACCEPTED | Duplicate
        REJECTED PAID 2 | SETTLED TX-1 | OUTCOME_CONFLICT
        REJECTED PAID 2 | SETTLED TX-2 | OUTCOME_CONFLICT
        REJECTED PAID 2 | REJECTED | Duplicate
        REJECTED PAID 2 | RETURNED | Duplicate
        REJECTED CANCELLED 1 | ACCEPTED | Duplicate
        REJECTED CANCELLED 1 | SETTLED TX-1 | OUTCOME_CONFLICT
        REJECTED CANCELLED 1 | SETTLED TX-2 | OUTCOME_CONFLICT
        REJECTED CANCELLED 1 | REJECTED | Duplicate
        REJECTED CANCELLED 1 | RETURNED | Duplicate
        RETURNED RETURNED 1 | ACCEPTED | Duplicate
        RETURNED RETURNED 1 | SETTLED TX-1 | Duplicate
        RETURNED RETURNED 1 | SETTLED TX-2 | OUTCOME_CONFLICT
        RETURNED RETURNED 1 | REJECTED | Duplicate
        RETURNED RETURNED 1 | RETURNED | Duplicate
        RETURNED PAYING 2 | ACCEPTED | Duplicate
        RETURNED PAYING 2 | SETTLED TX-1 | Duplicate
        RETURNED PAYING 2 | SETTLED TX-2 | OUTCOME_CONFLICT
        RETURNED PAYING 2 | REJECTED | Duplicate
        RETURNED PAYING 2 | RETURNED | Duplicate
        SETTLED REVERSED 1 | ACCEPTED | Duplicate
        SETTLED REVERSED 1 | SETTLED TX-1 | Duplicate
        SETTLED REVERSED 1 | SETTLED TX-2 | OUTCOME_CONFLICT
        SETTLED REVERSED 1 | REJECTED | OUTCOME_CONFLICT
        SETTLED REVERSED 1 | RETURNED | OUTCOME_CONFLICT
    "#]]
    .assert_eq(&table);
}

#[test]
fn the_future_is_refused_beyond_what_clocks_may_differ() {
    let at = |seconds| Outcome {
        occurred_at: NOW.checked_add(Duration::from_secs(seconds)).unwrap(),
        ..outcome(Status::Settled, "TX-1")
    };
    let reads = |seconds| read(&at(seconds), &attempt(Status::Unknown), Standing::Paying, 1, NOW);
    assert!(reads(300).is_ok());
    assert_eq!(reads(301).unwrap_err().reason(), "FUTURE_TIME");
}
