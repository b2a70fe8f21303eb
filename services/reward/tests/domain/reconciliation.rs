//! What a credit of a statement means beside what is known of its payout: the whole table.

use crate::{NOW, cny};
use expect_test::expect;
use handsel_reward::domain::{
    channel::Channel,
    outcome::Status,
    reconciliation::{Act, Known, Reading, Said, SettledBy, read},
};
use std::fmt::Write as _;

fn known(status: Status, returned_as: Option<&str>) -> Known {
    Known {
        amount: cny("80.00"),
        channel: Some(Channel::File),
        file: Some(1),
        status,
        returned_as: returned_as.map(str::to_owned),
    }
}

fn said(act: Act, amount: Option<&str>) -> Said {
    Said {
        position: 1,
        end_to_end_id: Some("e2e".into()),
        words: String::new(),
        amount: amount.map(cny),
        instructed: Some(cny("80.00")),
        bank_reference: Some("RT-1".into()),
        reason_code: Some("AC04".into()),
        occurred_at: NOW,
        act,
    }
}

fn meaning(reading: Reading) -> String {
    match reading {
        Reading::Outcome(outcome) => {
            format!("{} {:?} {:?}", outcome.status.code(), outcome.reason_code, outcome.bank_reference)
        }
        Reading::Difference(difference) => difference.code().to_owned(),
        Reading::Ignored => "ignored".to_owned(),
    }
}

#[test]
fn a_return_is_one_of_what_is_settled_whole_and_once() {
    let mut table = String::new();
    for status in Status::ALL {
        let reading = read(&said(Act::CameBack, Some("80.00")), Some(&known(*status, None)), SettledBy::Statement);
        writeln!(table, "{} | {}", status.code(), meaning(reading)).unwrap();
    }
    for (what, amount, returned_as) in [
        ("less", Some("79.99"), None),
        ("more", Some("80.01"), None),
        ("not said", None, None),
        ("again as the same", Some("80.00"), Some("RT-1")),
        ("again as another", Some("80.00"), Some("RT-0")),
    ] {
        let reading =
            read(&said(Act::CameBack, amount), Some(&known(Status::Settled, returned_as)), SettledBy::Statement);
        writeln!(table, "{what} | {}", meaning(reading)).unwrap();
    }
    let unknown = read(&said(Act::CameBack, Some("80.00")), None, SettledBy::Statement);
    writeln!(table, "nobody's | {}", meaning(unknown)).unwrap();
    let plain = read(&said(Act::CameIn, Some("80.00")), Some(&known(Status::Settled, None)), SettledBy::Statement);
    writeln!(table, "no return | {}", meaning(plain)).unwrap();
    expect![[r#"
        UNKNOWN | RETURNED
        ACCEPTED | RETURNED
        SETTLED | RETURNED "AC04" ""
        REJECTED | RETURNED
        RETURNED | RETURNED "AC04" ""
        less | AMOUNT_MISMATCH
        more | AMOUNT_MISMATCH
        not said | AMOUNT_MISSING
        again as the same | RETURNED "AC04" ""
        again as another | UNEXPECTED_CREDIT
        nobody's | UNKNOWN_INSTRUCTION
        no return | UNEXPECTED_CREDIT
    "#]]
    .assert_eq(&table);
}

/// Out or back: which payouts it is for is not guessed.
#[test]
fn what_is_booked_for_a_whole_file_is_left_open() {
    let whole = Said { end_to_end_id: None, ..said(Act::BookedWhole, Some("80.00")) };
    assert_eq!(meaning(read(&whole, None, SettledBy::Statement)), "BATCH_NOT_BROKEN_DOWN");
    for act in [Act::CameBack, Act::Reversed, Act::CameIn, Act::PaidOut] {
        let anybodys = Said { end_to_end_id: None, ..said(act, Some("80.00")) };
        assert_eq!(meaning(read(&anybodys, None, SettledBy::Statement)), "ignored", "{act:?}");
    }
    let named = read(&said(Act::BookedWhole, Some("80.00")), Some(&known(Status::Unknown, None)), SettledBy::Statement);
    assert_eq!(meaning(named), "BATCH_NOT_BROKEN_DOWN");
}

#[test]
fn what_came_back_stays_so_whatever_is_said_next() {
    let mut ours = known(Status::Settled, None);
    ours.note(&said(Act::CameBack, Some("80.00")), Status::Returned);
    assert_eq!((ours.status, ours.returned_as.as_deref()), (Status::Returned, Some("RT-1")));
    ours.note(&said(Act::PaidOut, Some("80.00")), Status::Settled);
    assert_eq!((ours.status, ours.returned_as.as_deref()), (Status::Returned, Some("RT-1")));
}
