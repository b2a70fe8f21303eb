//! The checks on a reward's way as a table of situations.

use crate::{NOW, cny, reward};
use handsel_money::{Timestamp, Zone};
use handsel_reward::domain::{
    approval::Approval,
    calculation::explanation::Language,
    checks::{Check, Known, Rule, Verdict, look, waiting_for, waits_for},
    gate::{self, Answer, Round},
    hold::{Hold, Origin, Target},
    latch::{Cause, Stop},
    outcome::{Attempt, Status},
    payee::Payee,
    rate_rule::Side,
    reward::Reward,
    reward_choice::{self, RewardChoice},
    state::Standing,
    terms::{ApprovalBand, Approver, GateCheck, Payment},
};
use std::{collections::BTreeSet, time::Duration};
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// What is stored beside a reward.
struct Stored {
    reward: Reward,
    newest: Option<Attempt>,
    holds: Vec<Hold>,
    choice: Option<RewardChoice>,
    approvals: Vec<Approval>,
    payee: Option<Payee>,
    round: Option<Round>,
    stop: Option<Stop>,
    signs: Vec<Cause>,
    payment: Payment,
}

impl Stored {
    /// A plan that asks two people and the bank about sanctions, and gives up after ten days.
    fn at(standing: Standing, attempts: i64) -> Self {
        let band = ApprovalBand {
            from: cny("50.00"),
            roles: BTreeSet::from([Approver::FinanceApprover, Approver::ComplianceOfficer]),
            approvers: 2,
        };
        let payment = Payment {
            approval_bands: vec![band],
            gate: BTreeSet::from([GateCheck::Sanctions]),
            expiry_days: Some(10),
            ..Payment::plain()
        };
        Self {
            reward: reward(standing, attempts),
            newest: None,
            holds: Vec::new(),
            choice: None,
            approvals: Vec::new(),
            payee: None,
            round: None,
            stop: None,
            signs: Vec::new(),
            payment,
        }
    }

    fn tried(mut self, status: Status, sent: bool) -> Self {
        self.newest = Some(Attempt {
            reward: Uuid::from_u128(1),
            number: 1,
            end_to_end_id: "e".into(),
            amount: cny("80.00"),
            status,
            reason_code: if status == Status::Rejected { "AC04".into() } else { String::new() },
            bank_reference: String::new(),
            instructed_at: NOW,
            first_sent_at: sent.then_some(NOW),
            outcome_at: None,
        });
        self
    }

    fn held(mut self) -> Self {
        let target = Target::Plan("spring".into());
        self.holds.push(Hold::place(
            Uuid::from_u128(7),
            target,
            "COLLUSION".into(),
            "karel".into(),
            Origin::Reward,
            NOW,
        ));
        self
    }

    fn approved_by(mut self, person: &str) -> Self {
        let role = Approver::FinanceApprover;
        self.approvals.push(Approval { person: person.into(), account: person.into(), role, given_at: NOW });
        self
    }

    fn said(mut self, verdict: gate::Verdict, holds_until: Timestamp) -> Self {
        let reason_code = if verdict == gate::Verdict::Pass { String::new() } else { "LIST_7".into() };
        let answer = Answer { check: GateCheck::Sanctions, verdict, reason_code, asked_at: NOW };
        let reward = Uuid::from_u128(1);
        self.round = Some(Round { reward, verdict, asked_at: NOW, holds_until, answers: vec![answer] });
        self
    }

    fn stopped(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self.signs = vec![Cause::Restored];
        self
    }

    fn plain(mut self) -> Self {
        self.payment = Payment::plain();
        self
    }

    fn look(&self, now: Timestamp) -> Vec<Check> {
        let zone: Zone = "UTC".parse().unwrap();
        let known = Known {
            reward: &self.reward,
            newest: self.newest.as_ref(),
            holds: &self.holds,
            choice: self.choice.as_ref(),
            approvals: &self.approvals,
            payee: self.payee.as_ref(),
            round: self.round.as_ref(),
            stop: self.stop,
            signs: &self.signs,
            payment: &self.payment,
            zone: &zone,
        };
        look(&known, now)
    }
}

fn later(hours: u32) -> Timestamp {
    NOW.checked_add(HOUR * hours).unwrap()
}

/// `RULE VERDICT REASON` of those that are neither passed nor left out.
fn open(checks: &[Check]) -> Vec<String> {
    let open = checks.iter().filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Pending));
    open.map(|one| format!("{} {} {}", one.rule.code(), one.verdict.code(), one.reason)).collect()
}

#[test]
fn a_reward_waits_for_the_first_check_that_is_in_the_way() {
    let hold = "holds/00000000-0000-0000-0000-000000000007";
    let pass = || Stored::at(Standing::Approved, 0).said(gate::Verdict::Pass, later(24));
    for (situation, stored, rule, reason, awaited) in [
        ("due soon", Stored::at(Standing::Accrued, 0), Rule::HoldingPeriod, "NOT_DUE", format!("its due time, {NOW}")),
        (
            "held",
            Stored::at(Standing::PendingApproval, 0).held(),
            Rule::Hold,
            "COLLUSION",
            format!("two people to release {hold} (COLLUSION)"),
        ),
        (
            "nobody has approved",
            Stored::at(Standing::PendingApproval, 0),
            Rule::Approval,
            "APPROVAL_MISSING",
            "the approval of 2 in the role finance.approver or compliance.officer (0 of 2 given)".into(),
        ),
        (
            "one of two has",
            Stored::at(Standing::PendingApproval, 0).approved_by("fay"),
            Rule::Approval,
            "APPROVAL_MISSING",
            "the approval of 1 in the role finance.approver or compliance.officer (1 of 2 given)".into(),
        ),
        (
            "the bank was not asked",
            Stored::at(Standing::Approved, 0),
            Rule::Gate,
            "SANCTIONS_NOT_ASKED",
            "the bank's word on sanctions lists".into(),
        ),
        (
            "the bank says no",
            Stored::at(Standing::Approved, 0).said(gate::Verdict::Fail, later(1)),
            Rule::Gate,
            "SANCTIONS_FAIL",
            "sanctions lists to be in order (LIST_7)".into(),
        ),
        (
            "the bank does not know",
            Stored::at(Standing::Approved, 0).said(gate::Verdict::Unknown, later(1)),
            Rule::Gate,
            "SANCTIONS_UNKNOWN",
            "the bank's word on sanctions lists (LIST_7)".into(),
        ),
        (
            "its word is too old",
            Stored::at(Standing::Approved, 0).said(gate::Verdict::Pass, NOW),
            Rule::Gate,
            "SANCTIONS_LAPSED",
            "the bank's word on sanctions lists, asked again".into(),
        ),
        (
            "the latch is down",
            pass().stopped(Stop::Latched),
            Rule::SettlementLatch,
            "LATCHED",
            "two people to lift the settlement latch".into(),
        ),
        (
            "the log is behind",
            pass().stopped(Stop::LogBehind),
            Rule::SettlementLatch,
            "LOG_BEHIND",
            "the audit log, which payouts wait for".into(),
        ),
        ("nothing is in the way", pass(), Rule::Attempt, "NOT_INSTRUCTED", "the next payment run".into()),
        (
            "decided",
            Stored::at(Standing::Paying, 1).said(gate::Verdict::Pass, later(1)).tried(Status::Unknown, false),
            Rule::Attempt,
            "NOT_SENT",
            "core banking to take the instruction".into(),
        ),
        (
            "sent, and held too late",
            Stored::at(Standing::Paying, 1).tried(Status::Unknown, true).held().stopped(Stop::Latched),
            Rule::Attempt,
            "OUTCOME_UNKNOWN",
            "core banking's answer".into(),
        ),
        (
            "refused",
            Stored::at(Standing::Failed, 1).tried(Status::Rejected, true).stopped(Stop::Latched),
            Rule::Attempt,
            "REFUSED",
            "a person to have the payout tried again".into(),
        ),
        (
            "tried again",
            Stored::at(Standing::Approved, 1).tried(Status::Rejected, true).said(gate::Verdict::Pass, later(1)),
            Rule::Attempt,
            "NOT_INSTRUCTED",
            "the next payment run".into(),
        ),
    ] {
        let checks = stored.look(NOW);
        let first = waits_for(&stored.reward, &checks).unwrap();
        assert_eq!((first.rule, first.reason.as_str()), (rule, reason), "{situation}");
        assert_eq!(waiting_for(&stored.reward, &checks, Language::English), awaited, "{situation}");
        let chinese = waiting_for(&stored.reward, &checks, Language::Chinese);
        assert!(chinese.starts_with("等待"), "{situation}: {chinese}");
        assert!(checks.is_sorted_by_key(|check| check.rule), "{situation}");
        for check in &checks {
            assert!(check.detail(Language::English).ends_with('.'), "{situation}: {check:?}");
            assert!(check.detail(Language::Chinese).ends_with('。'), "{situation}: {check:?}");
        }
    }
}

#[test]
fn what_is_still_to_come_is_told_as_well() {
    let checks = Stored::at(Standing::Accrued, 0).look(NOW);
    let expected = [
        "HOLDING_PERIOD PENDING NOT_DUE",
        "APPROVAL PENDING APPROVAL_MISSING",
        "GATE PENDING SANCTIONS_NOT_ASKED",
        "ATTEMPT PENDING NOT_INSTRUCTED",
    ];
    assert_eq!(open(&checks), expected);
    let checks = Stored::at(Standing::Accrued, 0).plain().look(NOW);
    assert_eq!(open(&checks), ["HOLDING_PERIOD PENDING NOT_DUE", "ATTEMPT PENDING NOT_INSTRUCTED"]);
}

#[test]
fn what_has_ended_waits_for_nothing_and_says_why() {
    for (standing, attempts, expected) in [
        (Standing::Paid, 0, ""),
        (Standing::Cancelled, 0, ""),
        (Standing::WrittenOff, 1, "ATTEMPT FAIL REFUSED"),
        (Standing::Expired, 0, "EXPIRY FAIL EXPIRED"),
        (Standing::Rejected, 0, "CAPS_AND_BUDGET FAIL BUDGET"),
    ] {
        let mut stored = Stored::at(standing, attempts).held().stopped(Stop::Latched);
        if attempts > 0 {
            stored = stored.tried(Status::Rejected, true);
        }
        stored.reward.reasons = if standing == Standing::Rejected { vec!["BUDGET".into()] } else { Vec::new() };
        let checks = stored.look(NOW);
        assert_eq!(open(&checks).join(", "), expected, "{}", standing.code());
        assert_eq!(waiting_for(&stored.reward, &checks, Language::English), "", "{}", standing.code());
    }
}

#[test]
fn it_says_until_when() {
    let until = |stored: &Stored, rule: Rule, now: Timestamp| {
        stored.look(now).into_iter().find(|check| check.rule == rule).unwrap().until
    };
    let mut accrued = Stored::at(Standing::Accrued, 0);
    accrued.reward.entitlement.due_at = later(5);
    accrued.choice = Some(RewardChoice {
        reward: Uuid::from_u128(1),
        default_side: Side::Cash,
        until: later(3),
        estimate: cny("90.00"),
        extra: cny("0.00"),
        state: reward_choice::State::Open,
    });
    assert_eq!(until(&accrued, Rule::HoldingPeriod, NOW), Some(later(5)));
    assert_eq!(until(&accrued, Rule::HoldingPeriod, later(5)), None, "the next run moves it");
    assert_eq!(until(&accrued, Rule::Choice, NOW), Some(later(3)));
    assert_eq!(until(&accrued, Rule::Choice, later(3)), None);
    let asked = Stored::at(Standing::Approved, 0).said(gate::Verdict::Fail, later(1));
    assert_eq!(until(&asked, Rule::Gate, NOW), Some(later(1)), "asked again then");
    let midnight = NOW.date_in(&"UTC".parse().unwrap()).start_in(&"UTC".parse().unwrap());
    let expires = midnight.checked_add(HOUR * 24 * 10).unwrap();
    assert_eq!(until(&asked, Rule::Expiry, NOW), Some(expires));
    let late = asked.look(later(24 * 11)).pop().unwrap();
    assert_eq!((late.verdict, late.reason.as_str()), (Verdict::Fail, "EXPIRED"));
    let held = Stored::at(Standing::Approved, 0).held().look(later(24 * 11)).pop().unwrap();
    assert_eq!(held.verdict, Verdict::NotApplicable, "what is held does not expire");
}

#[test]
fn a_cut_and_a_named_account_are_told() {
    let mut stored = Stored::at(Standing::PendingApproval, 0).plain();
    stored.reward.reasons = vec!["AMOUNT_CAP".into()];
    stored.payee = Some(Payee {
        reward: Uuid::from_u128(1),
        number: 1,
        account_reference: "ACC-2".into(),
        person: "bea".into(),
        account: "u-2".into(),
        set_at: NOW,
    });
    let checks = stored.look(NOW);
    let of = |rule: Rule| checks.iter().find(|check| check.rule == rule).unwrap();
    assert_eq!(of(Rule::CapsAndBudget).reason, "AMOUNT_CAP");
    assert_eq!(of(Rule::CapsAndBudget).verdict, Verdict::Pass);
    assert_eq!(of(Rule::Payee).detail(Language::English), "It goes to the account ACC-2, which bea named.");
    assert_eq!(
        of(Rule::Approval).detail(Language::English),
        "0 of 1 have approved; missing: 1 in the role finance.approver."
    );
}
