//! Every act on every state: where it leads, and what the ledger writes.

use crate::{NOW, cny, reward};
use expect_test::expect;
use handsel_reward::domain::{
    approval,
    grant::{Budget, Counters, Pot, Tally, WindowKey},
    refusal::Refusal,
    reward::{Moved, Onward, Reward},
    state::Standing,
    terms::{ApprovalBand, Approver},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

type Act = (&'static str, fn(Reward) -> Result<Moved, Refusal>);

const ACTS: [Act; 9] = [
    ("due below threshold", |reward| fall_due(reward, "100.01")),
    ("due at threshold", |reward| fall_due(reward, "100.00")),
    ("due, to be said", |reward| reward.fall_due(Onward::Stay, NOW)),
    ("approve", |reward| reward.approve("fay", NOW)),
    ("reject", |reward| reward.reject("fay", "DUPLICATE", NOW)),
    ("instruct", |reward| reward.instruct(NOW)),
    ("settle", |reward| reward.settle(NOW, NOW)),
    ("refuse", |reward| reward.refuse(NOW)),
    ("retry", |reward| reward.retry(NOW)),
];

/// From this amount on, somebody is asked.
fn fall_due(reward: Reward, from: &str) -> Result<Moved, Refusal> {
    let band = ApprovalBand { from: cny(from), roles: BTreeSet::from([Approver::FinanceApprover]), approvers: 1 };
    let onward = approval::onward(&reward, &[band]);
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
                let line = format!("{} {attempts} | {name} | {to} {tried} | {}", standing.code(), events.join(" "));
                writeln!(table, "{}", line.trim_end()).unwrap();
                assert_eq!((moved.reward.revision, moved.reward.updated_at), (8, NOW));
            }
        }
    }
    expect![[r#"
        ACCRUED 0 | due below threshold | APPROVED 0 |
        ACCRUED 0 | due at threshold | PENDING_APPROVAL 0 |
        ACCRUED 0 | due, to be said | DUE 0 |
        ACCRUED 1 | due below threshold | APPROVED 0 |
        ACCRUED 1 | due at threshold | PENDING_APPROVAL 0 |
        ACCRUED 1 | due, to be said | DUE 0 |
        DUE 0 | due below threshold | APPROVED 0 |
        DUE 0 | due at threshold | PENDING_APPROVAL 0 |
        DUE 1 | due below threshold | APPROVED 0 |
        DUE 1 | due at threshold | PENDING_APPROVAL 0 |
        PENDING_APPROVAL 0 | approve | APPROVED 0 |
        PENDING_APPROVAL 0 | reject | REJECTED 0 | REJECTION REJECTION_TAX
        PENDING_APPROVAL 1 | approve | APPROVED 1 |
        PENDING_APPROVAL 1 | reject | REJECTED 1 | REJECTION REJECTION_TAX
        PENDING_APPROVAL 1 | settle | PAID 1 | LATE_SETTLEMENT
        APPROVED 0 | instruct | PAYING 1 | INSTRUCTION
        APPROVED 1 | instruct | PAYING 2 | INSTRUCTION
        APPROVED 1 | settle | PAID 1 | LATE_SETTLEMENT
        PAYING 0 | settle | PAID 0 | SETTLEMENT
        PAYING 0 | refuse | FAILED 0 | REFUSAL
        PAYING 1 | settle | PAID 1 | SETTLEMENT
        PAYING 1 | refuse | FAILED 1 | REFUSAL
        FAILED 0 | retry | APPROVED 0 |
        FAILED 1 | settle | PAID 1 | LATE_SETTLEMENT
        FAILED 1 | retry | APPROVED 1 |
        RETURNED 0 | retry | APPROVED 0 |
        RETURNED 1 | settle | PAID 1 | LATE_SETTLEMENT
        RETURNED 1 | retry | APPROVED 1 |
    "#]]
    .assert_eq(&table);
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
