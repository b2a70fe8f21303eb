//! Every act on every state: where it leads, and what the ledger writes.

use crate::{NOW, cny, reward};
use expect_test::expect;
use handsel_reward::domain::{
    approval,
    grant::{Budget, Counters, Pot, Tally, WindowKey},
    refusal::Refusal,
    reward::{Moved, Onward, Reward},
    room::RoomChange,
    state::{Standing, TakenBack},
    terms::{ApprovalBand, Approver},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

type Act = (&'static str, fn(Reward) -> Result<Moved, Refusal>);

const ACTS: [Act; 19] = [
    ("due below threshold", |reward| fall_due(reward, "100.01")),
    ("due at threshold", |reward| fall_due(reward, "100.00")),
    ("due, to be said", |reward| reward.fall_due(Onward::Stay, NOW)),
    ("approve in part", |reward| reward.approve_in_part(NOW)),
    ("approve", |reward| reward.approve("fay", NOW)),
    ("reject", |reward| reward.reject("fay", "DUPLICATE", NOW)),
    ("change payee", |reward| reward.change_payee(NOW)),
    ("instruct", |reward| reward.instruct(cny("0.00"), NOW)),
    ("instruct, a part kept", |reward| reward.instruct(cny("30.00"), NOW)),
    ("instruct, all kept", |reward| reward.instruct(cny("80.00"), NOW)),
    ("settle", |reward| {
        let attempt = reward.state.attempts();
        reward.settle(attempt, NOW, NOW)
    }),
    ("refuse", |reward| reward.refuse(NOW)),
    ("come back", |reward| {
        let attempt = reward.state.attempts();
        reward.come_back(attempt, NOW)
    }),
    ("retry", |reward| reward.retry(NOW)),
    ("write off", |reward| reward.write_off("GONE", NOW)),
    ("cancel", |reward| reward.cancel("ACCOUNT_CLOSED", NOW)),
    ("expire", |reward| reward.expire(NOW)),
    ("take back a part", |reward| reward.take_back(TakenBack { reward: cny("50.00"), tax: cny("10.00") }, "X", NOW)),
    ("take back all", |reward| reward.take_back(TakenBack { reward: cny("100.00"), tax: cny("20.00") }, "X", NOW)),
];

/// From this amount on, somebody is asked.
fn fall_due(reward: Reward, from: &str) -> Result<Moved, Refusal> {
    let band = ApprovalBand { from: cny(from), roles: BTreeSet::from([Approver::FinanceApprover]), approvers: 1 };
    let onward = approval::onward(&reward, &[band], None, NOW);
    reward.fall_due(onward, NOW)
}

#[test]
fn every_act_on_every_state() {
    let mut table = String::new();
    for standing in Standing::ALL {
        for attempts in [0, 1] {
            for (name, act) in ACTS {
                let Ok(moved) = act(reward(*standing, attempts)) else { continue };
                let events: Vec<&str> = moved.postings.iter().map(|posting| posting.event.code()).collect();
                let (to, tried) = (moved.reward.state.standing().code(), moved.reward.state.attempts());
                let room = room(moved.room);
                let line =
                    format!("{} {attempts} | {name} | {to} {tried} | {room} | {}", standing.code(), events.join(" "));
                writeln!(table, "{}", line.trim_end()).unwrap();
                assert_eq!((moved.reward.revision, moved.reward.updated_at), (8, NOW));
            }
        }
    }
    expect![[r#"
        ACCRUED 0 | due below threshold | APPROVED 0 | - |
        ACCRUED 0 | due at threshold | PENDING_APPROVAL 0 | - |
        ACCRUED 0 | due, to be said | DUE 0 | - |
        ACCRUED 0 | change payee | ACCRUED 0 | - |
        ACCRUED 0 | cancel | CANCELLED 0 | comes back | CANCELLATION CANCELLATION_TAX
        ACCRUED 1 | due below threshold | APPROVED 0 | - |
        ACCRUED 1 | due at threshold | PENDING_APPROVAL 0 | - |
        ACCRUED 1 | due, to be said | DUE 0 | - |
        ACCRUED 1 | change payee | ACCRUED 0 | - |
        ACCRUED 1 | cancel | CANCELLED 0 | comes back | CANCELLATION CANCELLATION_TAX
        DUE 0 | due below threshold | APPROVED 0 | - |
        DUE 0 | due at threshold | PENDING_APPROVAL 0 | - |
        DUE 0 | change payee | DUE 0 | - |
        DUE 0 | cancel | CANCELLED 0 | comes back | CANCELLATION CANCELLATION_TAX
        DUE 0 | expire | EXPIRED 0 | comes back | EXPIRY EXPIRY_TAX
        DUE 1 | due below threshold | APPROVED 0 | - |
        DUE 1 | due at threshold | PENDING_APPROVAL 0 | - |
        DUE 1 | change payee | DUE 0 | - |
        DUE 1 | cancel | CANCELLED 0 | comes back | CANCELLATION CANCELLATION_TAX
        DUE 1 | expire | EXPIRED 0 | comes back | EXPIRY EXPIRY_TAX
        PENDING_APPROVAL 0 | approve in part | PENDING_APPROVAL 0 | - |
        PENDING_APPROVAL 0 | approve | APPROVED 0 | - |
        PENDING_APPROVAL 0 | reject | REJECTED 0 | comes back | REJECTION REJECTION_TAX
        PENDING_APPROVAL 0 | change payee | PENDING_APPROVAL 0 | - |
        PENDING_APPROVAL 0 | cancel | CANCELLED 0 | comes back | CANCELLATION CANCELLATION_TAX
        PENDING_APPROVAL 0 | expire | EXPIRED 0 | comes back | EXPIRY EXPIRY_TAX
        PENDING_APPROVAL 1 | approve in part | PENDING_APPROVAL 1 | - |
        PENDING_APPROVAL 1 | approve | APPROVED 1 | - |
        PENDING_APPROVAL 1 | change payee | PENDING_APPROVAL 1 | - |
        PENDING_APPROVAL 1 | settle | PAID 1 | used | LATE_SETTLEMENT
        PENDING_APPROVAL 1 | write off | WRITTEN_OFF 1 | comes back | WRITE_OFF WRITE_OFF_TAX
        PENDING_APPROVAL 1 | cancel | CANCELLED 1 | comes back | CANCELLATION CANCELLATION_TAX
        APPROVED 0 | change payee | PENDING_APPROVAL 0 | - |
        APPROVED 0 | instruct | PAYING 1 | - | INSTRUCTION
        APPROVED 0 | instruct, a part kept | PAYING 1 | - | NETTING INSTRUCTION
        APPROVED 0 | instruct, all kept | PAID 0 | used | NETTING
        APPROVED 0 | cancel | CANCELLED 0 | comes back | CANCELLATION CANCELLATION_TAX
        APPROVED 0 | expire | EXPIRED 0 | comes back | EXPIRY EXPIRY_TAX
        APPROVED 1 | change payee | PENDING_APPROVAL 1 | - |
        APPROVED 1 | instruct | PAYING 2 | - | INSTRUCTION
        APPROVED 1 | instruct, a part kept | PAYING 2 | - | NETTING INSTRUCTION
        APPROVED 1 | instruct, all kept | PAID 1 | used | NETTING
        APPROVED 1 | settle | PAID 1 | used | LATE_SETTLEMENT
        APPROVED 1 | write off | WRITTEN_OFF 1 | comes back | WRITE_OFF WRITE_OFF_TAX
        APPROVED 1 | cancel | CANCELLED 1 | comes back | CANCELLATION CANCELLATION_TAX
        PAYING 0 | settle | PAID 0 | used | SETTLEMENT
        PAYING 0 | refuse | FAILED 0 | - | REFUSAL
        PAYING 0 | come back | RETURNED 0 | - | REFUSAL
        PAYING 1 | settle | PAID 1 | used | SETTLEMENT
        PAYING 1 | refuse | FAILED 1 | - | REFUSAL
        PAYING 1 | come back | RETURNED 1 | - | REFUSAL
        PAID 0 | take back a part | PAID 0 | comes back in part | REVERSAL REVERSAL_TAX CLAIM
        PAID 0 | take back all | REVERSED 0 | comes back | REVERSAL REVERSAL_TAX CLAIM
        PAID 1 | come back | RETURNED 1 | reserved again | RETURN
        PAID 1 | take back a part | PAID 1 | comes back in part | REVERSAL REVERSAL_TAX CLAIM
        PAID 1 | take back all | REVERSED 1 | comes back | REVERSAL REVERSAL_TAX CLAIM
        FAILED 0 | change payee | PENDING_APPROVAL 0 | - |
        FAILED 0 | retry | APPROVED 0 | - |
        FAILED 0 | cancel | CANCELLED 0 | comes back | CANCELLATION CANCELLATION_TAX
        FAILED 1 | change payee | PENDING_APPROVAL 1 | - |
        FAILED 1 | settle | PAID 1 | used | LATE_SETTLEMENT
        FAILED 1 | retry | APPROVED 1 | - |
        FAILED 1 | write off | WRITTEN_OFF 1 | comes back | WRITE_OFF WRITE_OFF_TAX
        FAILED 1 | cancel | CANCELLED 1 | comes back | CANCELLATION CANCELLATION_TAX
        RETURNED 0 | change payee | PENDING_APPROVAL 0 | - |
        RETURNED 0 | retry | APPROVED 0 | - |
        RETURNED 0 | cancel | CANCELLED 0 | comes back | CANCELLATION CANCELLATION_TAX
        RETURNED 1 | change payee | PENDING_APPROVAL 1 | - |
        RETURNED 1 | settle | PAID 1 | used | LATE_SETTLEMENT
        RETURNED 1 | retry | APPROVED 1 | - |
        RETURNED 1 | write off | WRITTEN_OFF 1 | comes back | WRITE_OFF WRITE_OFF_TAX
        RETURNED 1 | cancel | CANCELLED 1 | comes back | CANCELLATION CANCELLATION_TAX
        WRITTEN_OFF 1 | settle | PAID 1 | is taken again | WRITE_OFF_UNDONE WRITE_OFF_UNDONE_TAX LATE_SETTLEMENT
        CANCELLED 1 | settle | REVERSED 1 | - | LATE_SETTLEMENT CLAIM
    "#]]
    .assert_eq(&table);
}

fn room(change: RoomChange) -> &'static str {
    match change {
        RoomChange::Stays => "-",
        RoomChange::IsUsed => "used",
        RoomChange::IsReservedAgain => "reserved again",
        RoomChange::ComesBack => "comes back",
        RoomChange::ComesBackInPart(_) => "comes back in part",
        RoomChange::IsTakenAgain => "is taken again",
    }
}

#[test]
fn a_state_is_restored_from_its_columns() {
    for standing in Standing::ALL {
        let reward = reward(*standing, 2);
        assert_eq!(reward.state.standing(), *standing);
        assert_eq!(Standing::from_code(standing.code()), Some(*standing));
    }
    assert_eq!(Standing::from_code("GONE"), None);
}

#[test]
fn what_is_given_back_is_what_was_taken_and_never_more() {
    let reward = reward(Standing::PendingApproval, 0);
    let key = WindowKey { plan: "spring".into(), window: "2026-01".into(), beneficiary: "customers/10".into() };
    let counters = |granted: i64, count: i64, in_window: i64| {
        let pot = Pot { granted_minor: granted, ..Pot::default() };
        let budget = Budget { rewards: pot, cost: pot, ..Budget::default() };
        Counters {
            budgets: BTreeMap::from([("spring".to_owned(), budget)]),
            windows: BTreeMap::from([(key.clone(), Tally { count, granted_minor: in_window })]),
            ..Counters::default()
        }
    };
    let mut full = counters(25_000, 3, 15_000);
    full.give_back(&reward.entitlement).unwrap();
    assert_eq!(full, counters(15_000, 2, 5_000));
    for (situation, short) in [
        ("the plan", counters(9_999, 3, 15_000)),
        ("the count", counters(25_000, 0, 15_000)),
        ("the window", counters(25_000, 3, 9_999)),
    ] {
        let mut after = short.clone();
        assert!(matches!(after.give_back(&reward.entitlement), Err(Refusal::OutOfRange(_))), "{situation}");
        assert_eq!(after, short, "{situation}");
    }
}

#[test]
fn every_state_says_what_it_does_to_count_cap_and_budget() {
    let mut table = String::new();
    for standing in Standing::ALL {
        writeln!(table, "{} | {}", standing.code(), standing.room().code()).unwrap();
    }
    expect![[r#"
        ACCRUED | RESERVED
        DUE | RESERVED
        PENDING_APPROVAL | RESERVED
        APPROVED | RESERVED
        PAYING | RESERVED
        PAID | USED
        FAILED | RESERVED
        RETURNED | RESERVED
        WRITTEN_OFF | FREE
        REJECTED | FREE
        CANCELLED | FREE
        EXPIRED | FREE
        REVERSED | FREE
    "#]]
    .assert_eq(&table);
}
