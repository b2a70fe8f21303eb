//! Holds, the gate, claims, reversals and expiry as tables of situations.

use crate::{NOW, cny, reward};
use handsel_money::{Money, Rounding, Timestamp};
use handsel_reward::domain::{
    calculation::reversal::Clawback,
    claim::{self, Claim},
    expiry::expires_at,
    gate::{Answer, NO_ANSWER, Patience, Round, Verdict},
    hold::{Hold, Origin, Standing as HoldStanding, Target},
    reversal::{Decision, Rule, decide},
    state::Standing,
    terms::GateCheck,
};
use std::{collections::BTreeSet, time::Duration};
use uuid::Uuid;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn later(days: u32) -> Timestamp {
    NOW.checked_add(DAY * days).unwrap()
}

#[test]
fn a_hold_is_released_by_two_people_and_once() {
    let hold =
        Hold::place(Uuid::from_u128(1), Target::Plan("spring".into()), "X".into(), "karel".into(), Origin::Reward, NOW);
    assert_eq!(hold.clone().release("2", "karel", "u-1", NOW).unwrap_err().reason(), "ETAG_MISMATCH");
    let proposed = hold.release("1", "karel", "u-1", NOW).unwrap();
    assert_eq!(proposed.state.standing(), HoldStanding::ReleaseProposed);
    for (name, account) in [("karel", "u-9"), ("x", "karel")] {
        assert_eq!(proposed.clone().release("", name, account, NOW).unwrap_err().reason(), "MAKER_IS_CHECKER");
    }
    let released = proposed.release("2", "lena", "u-2", NOW).unwrap();
    assert_eq!((released.state.proposed_by(), released.state.released_by(), released.revision), ("karel", "lena", 3));
    assert_eq!(released.release("", "mona", "u-3", NOW).unwrap_err().reason(), "STATE_CONFLICT");
}

#[test]
fn a_hold_of_the_audit_service_is_released_there() {
    let (target, origin) = (Target::Plan("spring".into()), Origin::Audit);
    let hold = Hold::place(Uuid::from_u128(1), target, "X".into(), "karel".into(), origin, NOW);
    assert_eq!(hold.clone().release("", "lena", "u-2", NOW).unwrap_err().reason(), "STATE_CONFLICT");
    let released = hold.released_in_audit("karel".into(), "lena".into(), NOW);
    assert_eq!((released.state.proposed_by(), released.state.released_by(), released.revision), ("karel", "lena", 2));
    assert_eq!(released.clone().released_in_audit("x".into(), "y".into(), NOW), released);
}

#[test]
fn a_hold_names_what_can_be_held() {
    let id = Uuid::from_u128(7);
    for (name, expected) in [
        (format!("rewards/{id}"), Some(Target::Reward(id))),
        (format!("referrals/{id}"), Some(Target::Referral(id))),
        ("customers/10".into(), Some(Target::Beneficiary("customers/10".into()))),
        ("staff/7".into(), Some(Target::Beneficiary("staff/7".into()))),
        ("plans/spring".into(), Some(Target::Plan("spring".into()))),
        ("rewards/x".into(), None),
        ("programs/p".into(), None),
        ("spring".into(), None),
    ] {
        assert_eq!(Target::from_name(&name), expected, "{name}");
        assert!(expected.is_none_or(|target| target.name() == name));
    }
}

#[test]
fn the_worst_answer_counts_and_what_is_not_said_is_unknown() {
    let asked = BTreeSet::from([GateCheck::Standing, GateCheck::Sanctions]);
    let patience = Patience { pass_holds: DAY, ask_again: DAY / 24 };
    let say = |check, verdict| Answer { check, verdict, reason_code: "C".into(), asked_at: NOW };
    let (standing, sanctions) = (GateCheck::Standing, GateCheck::Sanctions);
    for (situation, said, verdict) in [
        ("both pass", vec![say(standing, Verdict::Pass), say(sanctions, Verdict::Pass)], Verdict::Pass),
        ("one fails", vec![say(standing, Verdict::Fail), say(sanctions, Verdict::Pass)], Verdict::Fail),
        ("one is unknown", vec![say(standing, Verdict::Unknown), say(sanctions, Verdict::Pass)], Verdict::Unknown),
        ("one is missing", vec![say(standing, Verdict::Pass)], Verdict::Unknown),
        ("all are missing", vec![], Verdict::Unknown),
        (
            "said twice",
            vec![say(standing, Verdict::Pass), say(standing, Verdict::Fail), say(sanctions, Verdict::Pass)],
            Verdict::Fail,
        ),
        (
            "something else as well",
            vec![say(standing, Verdict::Pass), say(sanctions, Verdict::Pass), say(GateCheck::Arrears, Verdict::Fail)],
            Verdict::Pass,
        ),
    ] {
        let round = Round::of(Uuid::from_u128(1), &asked, &said, NO_ANSWER, patience, NOW);
        assert_eq!(round.verdict, verdict, "{situation}");
        assert_eq!(round.answers.len(), 2, "{situation}");
        assert_eq!(round.passes(NOW), verdict == Verdict::Pass, "{situation}");
        assert!(!round.passes(later(1)), "{situation}: a word holds for a day");
    }
}

fn claim_of(claimed: &str) -> Claim {
    Claim::new(Uuid::from_u128(1), Uuid::from_u128(2), "customers/10".into(), "X".into(), cny(claimed), NOW)
}

#[test]
fn a_claim_is_met_bit_by_bit_and_never_beyond() {
    let claim = claim_of("100.00").meet(claim::Means::Netting, cny("30.00"), NOW).unwrap();
    let claim = claim.meet(claim::Means::Money, cny("70.00"), NOW).unwrap();
    assert_eq!((claim.open(), claim.netted, claim.recovered), (cny("0.00"), cny("30.00"), cny("70.00")));
    for (amount, expected) in
        [("0.01", "MORE_THAN_CLAIMED"), ("0.00", "MORE_THAN_CLAIMED"), ("-1.00", "MORE_THAN_CLAIMED")]
    {
        assert_eq!(claim.clone().meet(claim::Means::Money, cny(amount), NOW).unwrap_err().reason(), expected);
    }
    let euro = Money::parse_major("EUR".parse().unwrap(), "1.00").unwrap();
    assert_eq!(claim.meet(claim::Means::Money, euro, NOW).unwrap_err().reason(), "CURRENCY_MISMATCH");
}

#[test]
fn what_is_kept_is_the_oldest_claims_up_to_what_is_owed() {
    let other = Claim { id: Uuid::from_u128(9), ..claim_of("50.00") };
    let claims = [claim_of("30.00"), other];
    for (owed, expected) in [
        ("20.00", vec!["20.00"]),
        ("30.00", vec!["30.00"]),
        ("45.00", vec!["30.00", "15.00"]),
        ("100.00", vec!["30.00", "50.00"]),
        ("0.00", vec![]),
    ] {
        let kept: Vec<Money> = claim::keep(cny(owed), &claims).into_iter().map(|(_, amount)| amount).collect();
        assert_eq!(kept, expected.into_iter().map(cny).collect::<Vec<_>>(), "{owed}");
    }
}

#[test]
fn a_reversal_takes_what_the_plan_says_of_what_was_paid_and_all_of_what_was_not() {
    let zone = "Asia/Shanghai".parse().unwrap();
    let full = Clawback::Full(30);
    let pro_rata = Clawback::ProRata(30);
    for (standing, clawback, days, expected) in [
        (Standing::Accrued, full, 0, "CANCELLED"),
        (Standing::Due, pro_rata, 10, "CANCELLED"),
        (Standing::PendingApproval, full, 400, "CANCELLED"),
        (Standing::Approved, full, 0, "CANCELLED"),
        (Standing::Approved, Clawback::None, 0, "NOTHING"),
        (Standing::Failed, full, 0, "CANCELLED"),
        (Standing::Returned, full, 0, "CANCELLED"),
        (Standing::Paying, full, 0, "WAITING"),
        (Standing::Paid, full, 29, "TAKEN_BACK 100.00 CNY 20.00 CNY"),
        (Standing::Paid, full, 30, "NOTHING"),
        (Standing::Paid, pro_rata, 15, "TAKEN_BACK 50.00 CNY 10.00 CNY"),
        (Standing::Paid, pro_rata, 0, "TAKEN_BACK 100.00 CNY 20.00 CNY"),
        (Standing::Paid, Clawback::None, 0, "NOTHING"),
        (Standing::Reversed, full, 0, "STATE_CONFLICT"),
        (Standing::Rejected, full, 0, "STATE_CONFLICT"),
        (Standing::Cancelled, full, 0, "STATE_CONFLICT"),
        (Standing::Expired, full, 0, "STATE_CONFLICT"),
        (Standing::WrittenOff, full, 0, "STATE_CONFLICT"),
    ] {
        let said =
            match decide(&reward(standing, 1), Rule { clawback, zone: &zone, rounding: Rounding::HalfUp }, later(days))
            {
                Ok(decision @ Decision::TakeBack(part, _)) => {
                    format!("{} {} {}", decision.effect().code(), part.reward, part.tax)
                }
                Ok(decision) => decision.effect().code().to_owned(),
                Err(refusal) => refusal.reason().to_owned(),
            };
        assert_eq!(said, expected, "{} after {days} days", standing.code());
    }
}

#[test]
fn a_reward_expires_so_many_days_after_it_was_due() {
    let zone = "UTC".parse().unwrap();
    let midnight = NOW.date_in(&zone).start_in(&zone);
    assert_eq!(expires_at(NOW, &zone, None), None);
    assert_eq!(expires_at(NOW, &zone, Some(30)), midnight.checked_add(DAY * 30));
}
