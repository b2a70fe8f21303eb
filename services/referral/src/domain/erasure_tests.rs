//! Erasure, rung by rung.

use super::*;

const DAY: i64 = 86_400_000_000;

fn at(days: i64) -> Timestamp {
    Timestamp::from_micros(1_767_603_600_000_000 + days * DAY)
}

fn of(purposes: &[Purpose]) -> Erasure {
    let (id, referral) = (Uuid::from_u128(1), Uuid::from_u128(2));
    Erasure::proposed(id, referral, purposes.to_vec(), Reason::DataSubjectRequest, ("olga".into(), at(0)))
}

fn standing(state: ReferralState, qualified_at: Option<Timestamp>) -> Standing {
    let (subject, referral) = (Uuid::from_u128(3), Uuid::from_u128(2));
    Standing { subject, referral, customer: None, state, qualified_at }
}

fn clear() -> HoldAnswer {
    HoldAnswer::Clear
}

fn confirmed_by(person: &str, erasure: Erasure, standing: Standing, holds: &HoldAnswer, now: i64) -> &'static str {
    let periods = RetentionPeriods::default();
    match erasure.confirm((person.into(), at(now)), &[standing], &periods, holds) {
        Ok(decided) => decided.stage.as_str(),
        Err(refusal) => refusal.reason(),
    }
}

#[test]
fn the_first_rung_broken_is_named() {
    let qualified = || standing(ReferralState::Qualified, Some(at(0)));
    let held = HoldAnswer::Held("holds/1".into());
    let decided = || of(&[]).confirm(("petr".into(), at(1)), &[], &RetentionPeriods::default(), &clear()).unwrap();
    let open = || standing(ReferralState::Registered, None);
    for (person, erasure, standing, holds, outcome) in [
        ("olga", decided(), qualified(), &held, "STATE_CONFLICT"),
        ("olga", of(&[]), qualified(), &held, "MAKER_IS_CHECKER"),
        ("petr", of(&[]), qualified(), &held, "RETENTION_APPLIES"),
        ("petr", of(&[Purpose::Marketing]), qualified(), &held, "HELD"),
        ("petr", of(&[Purpose::Marketing]), qualified(), &HoldAnswer::Unavailable, "HOLDS_UNKNOWN"),
        ("petr", of(&[Purpose::Marketing]), qualified(), &clear(), "DECIDED"),
        ("petr", of(&[]), open(), &clear(), "DECIDED"),
    ] {
        assert_eq!(confirmed_by(person, erasure, standing, holds, 1), outcome);
    }
}

#[test]
fn a_duty_binds_by_purpose_and_for_its_time() {
    for (purpose, state, days, outcome) in [
        (Purpose::Contract, ReferralState::Qualified, 3_659, "RETENTION_APPLIES"),
        (Purpose::Contract, ReferralState::Reversed, 3_659, "RETENTION_APPLIES"),
        (Purpose::Contract, ReferralState::Qualified, 3_660, "DECIDED"),
        (Purpose::Contract, ReferralState::Expired, 1, "DECIDED"),
        (Purpose::Contract, ReferralState::Rejected, 1, "DECIDED"),
        (Purpose::Tax, ReferralState::Qualified, 3_659, "RETENTION_APPLIES"),
        (Purpose::Marketing, ReferralState::Qualified, 1, "DECIDED"),
    ] {
        let standing = standing(state, Some(at(0)));
        assert_eq!(confirmed_by("petr", of(&[purpose]), standing, &clear(), days), outcome, "{purpose:?} {state:?}");
    }
}

#[test]
fn the_course_goes_one_way() {
    let periods = RetentionPeriods::default();
    let decided = of(&[]).confirm(("petr".into(), at(1)), &[], &periods, &clear()).unwrap();
    assert_eq!(decided.clone().destroyed(2, at(2)).unwrap_err().reason(), "STATE_CONFLICT", "not before it is cleared");
    let held = decided.clone().cleared(&Clearance::Held("holds/1".into()), at(2)).unwrap();
    assert_eq!((held.stage, held.clone().destroyed(2, at(3)).is_err()), (Stage::Held, true));
    let cleared = decided.cleared(&Clearance::Granted { record: 7 }, at(2)).unwrap();
    let destroyed = cleared.destroyed(2, at(3)).unwrap();
    let erased = destroyed.erased(at(4)).unwrap();
    assert_eq!((erased.stage, erased.clearance, erased.keys), (Stage::Erased, Some(7), Some(2)));
    assert!(erased.erased(at(5)).is_err());
}

#[test]
fn no_purpose_named_means_all_and_each_counts_once() {
    assert_eq!(of(&[]).purposes, Purpose::ALL);
    assert_eq!(of(&[Purpose::Tax, Purpose::Marketing, Purpose::Tax]).purposes, [Purpose::Marketing, Purpose::Tax]);
}

#[test]
fn suppressions_may_be_switched_off() {
    let off = RetentionPeriods { suppression_years: 0, ..RetentionPeriods::default() };
    assert_eq!(off.suppressed_until(at(0)), None);
    assert_eq!(RetentionPeriods::default().suppressed_until(at(0)), Some(at(3_660)));
}

#[test]
fn what_no_duty_binds_runs_out_with_the_consent() {
    let periods = RetentionPeriods::default();
    for (state, expected) in
        [(ReferralState::Expired, Purpose::ALL.to_vec()), (ReferralState::Qualified, vec![Purpose::Marketing])]
    {
        assert_eq!(Erasure::purposes_run_out(&[standing(state, Some(at(0)))], &periods, at(800)), expected);
    }
    let erasure = Erasure::run_out(Uuid::from_u128(1), Uuid::from_u128(2), vec![Purpose::Marketing], at(0));
    assert_eq!((erasure.stage, erasure.reason), (Stage::Decided, Reason::RetentionOver));
    assert_ne!(Some(erasure.proposer), erasure.confirmer);
}
