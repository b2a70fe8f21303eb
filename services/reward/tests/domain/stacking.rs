//! Which of a customer's rates add up, in which order, and which give way.

use handsel_money::Rate;
use handsel_reward::domain::{
    calculation::{
        deposit::Accrual,
        loan::{InterestBasis, Method},
    },
    rate_product::Kind,
    stacking::{Because, Candidate, Group, On, Stacking, Within, stack},
};
use uuid::Uuid;

use crate::NOW;

const DEPOSIT: Kind = Kind::Deposit { day_count: handsel_money::DayCount::Act365F, accrual: Accrual::Simple };
const LOAN: Kind = Kind::Loan { interest_basis: InterestBasis::Twelfth, method: Method::EqualInstalment };

/// A grant of a group, the `id`-th by age.
pub(crate) fn candidate(id: u8, group: &str, bps: &str) -> Candidate {
    Candidate {
        grant: Uuid::from_u128(u128::from(id)),
        source: format!("plans/p{id}"),
        group: group.into(),
        bps: bps.parse().unwrap(),
        limit: None,
        principal_cap: None,
        term_months: None,
        since: NOW.checked_add(std::time::Duration::from_secs(u64::from(id))).unwrap(),
    }
}

fn group(name: &str, within: Within, excludes: &[&str]) -> Group {
    Group { name: name.into(), within, excludes: excludes.iter().map(|name| (*name).to_owned()).collect() }
}

fn on(kind: Kind, months: u32) -> On {
    On { kind, base_rate: Rate::parse("0.03").unwrap(), term_months: months }
}

/// `1:50 2:0 NOT_BEST`: every grant in its place, what is left to it, and why.
fn told(stacking: &Stacking, candidates: &[Candidate], on: On) -> String {
    let placed = stack(stacking, candidates, on).unwrap();
    let one = |one: &handsel_reward::domain::stacking::Placed<'_>| {
        let because = one.because.map(|because| format!(" {}", because.code())).unwrap_or_default();
        format!("{}:{}{because}", one.candidate.grant.as_u128(), one.bps.normalize())
    };
    placed.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn groups_that_are_not_listed_add_up_by_name_then_age() {
    let grants = [candidate(3, "A", "5"), candidate(2, "B", "10"), candidate(1, "A", "20")];
    assert_eq!(told(&Stacking::default(), &grants, on(DEPOSIT, 12)), "1:20, 3:5, 2:10");
}

#[test]
fn listed_groups_come_first_in_their_order() {
    let stacking = Stacking { groups: vec![group("B", Within::AddUp, &[]), group("A", Within::AddUp, &[])] };
    let grants = [candidate(1, "A", "20"), candidate(2, "C", "7"), candidate(3, "B", "10")];
    assert_eq!(told(&stacking, &grants, on(DEPOSIT, 12)), "3:10, 1:20, 2:7");
}

#[test]
fn a_group_excludes_what_is_listed_after_it_where_it_counts_itself() {
    let groups = vec![group("REFERRAL", Within::AddUp, &["CAMPAIGN"]), group("CAMPAIGN", Within::AddUp, &["LOYALTY"])];
    let stacking = Stacking { groups };
    let (referral, campaign, loyalty) =
        (candidate(1, "REFERRAL", "10"), candidate(2, "CAMPAIGN", "90"), candidate(3, "LOYALTY", "5"));
    // The campaign gives way, so it excludes nobody.
    let all = [referral, campaign.clone(), loyalty.clone()];
    assert_eq!(told(&stacking, &all, on(DEPOSIT, 12)), "1:10, 2:0 EXCLUDED, 3:5");
    assert_eq!(told(&stacking, &[campaign, loyalty], on(DEPOSIT, 12)), "2:90, 3:0 EXCLUDED");
}

#[test]
fn of_a_group_of_the_best_only_one_counts_the_oldest_among_equals() {
    let stacking = Stacking { groups: vec![group("A", Within::BestOnly, &[])] };
    let grants = [candidate(1, "A", "20"), candidate(2, "A", "30"), candidate(3, "A", "30"), candidate(4, "B", "1")];
    assert_eq!(told(&stacking, &grants, on(DEPOSIT, 12)), "1:0 NOT_BEST, 2:30, 3:0 NOT_BEST, 4:1");
}

#[test]
fn what_does_not_hold_as_long_as_a_deposit_beats_and_excludes_nobody() {
    let stacking = Stacking { groups: vec![group("A", Within::BestOnly, &["B"])] };
    let short = Candidate { term_months: Some(11), ..candidate(1, "A", "50") };
    let grants = [short.clone(), candidate(2, "B", "10")];
    assert_eq!(told(&stacking, &grants, on(DEPOSIT, 12)), "1:0 TERM_NOT_COVERED, 2:10");
    let grants = [short, candidate(2, "A", "10")];
    assert_eq!(told(&stacking, &grants, on(DEPOSIT, 12)), "1:0 TERM_NOT_COVERED, 2:10");
    assert_eq!(told(&stacking, &grants, on(DEPOSIT, 11)), "1:50, 2:0 NOT_BEST");
}

#[test]
fn rates_for_other_months_of_a_loan_do_not_add_up() {
    let six = Candidate { term_months: Some(6), ..candidate(1, "A", "50") };
    let also_six = Candidate { term_months: Some(6), ..candidate(3, "A", "5") };
    let grants = [six, candidate(2, "A", "10"), also_six];
    assert_eq!(told(&Stacking::default(), &grants, on(LOAN, 12)), "1:50, 2:0 OTHER_MONTHS, 3:5");
}

#[test]
fn a_grants_own_limit_cuts_what_it_adds_to_those_before_it() {
    let limited = |id, limit: &str| Candidate { limit: Some(Rate::parse(limit).unwrap()), ..candidate(id, "A", "30") };
    // 3 percent and 20 basis points are there by then: up to 3.35 percent 15 are left, up to 3.1 none.
    let grants = [candidate(1, "A", "20"), limited(2, "0.0335"), limited(3, "0.031")];
    assert_eq!(told(&Stacking::default(), &grants, on(DEPOSIT, 12)), "1:20, 2:15 OWN_LIMIT, 3:0 OWN_LIMIT");
    let grants = [candidate(1, "A", "20"), limited(2, "0.0265"), limited(3, "0.029")];
    assert_eq!(told(&Stacking::default(), &grants, on(LOAN, 12)), "1:20, 2:15 OWN_LIMIT, 3:0 OWN_LIMIT");
}

#[test]
fn the_order_in_which_grants_are_given_changes_nothing() {
    let stacking = Stacking { groups: vec![group("B", Within::BestOnly, &["C"]), group("A", Within::AddUp, &[])] };
    let mut grants = vec![
        candidate(1, "A", "20"),
        candidate(2, "B", "30"),
        candidate(3, "B", "40"),
        candidate(4, "C", "50"),
        candidate(5, "D", "1"),
    ];
    let first = told(&stacking, &grants, on(DEPOSIT, 12));
    assert_eq!(first, "2:0 NOT_BEST, 3:40, 1:20, 4:0 EXCLUDED, 5:1");
    for _ in 0..grants.len() {
        grants.rotate_left(1);
        assert_eq!(told(&stacking, &grants, on(DEPOSIT, 12)), first);
    }
}

#[test]
fn a_group_is_listed_once_and_excludes_only_what_comes_after_it() {
    let groups = vec![
        group("A", Within::AddUp, &["A"]),
        group("B", Within::AddUp, &["A", "C"]),
        group("A", Within::AddUp, &[]),
        group("C", Within::AddUp, &[]),
    ];
    let fields: Vec<String> = Stacking { groups }.faults().into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["stacking.groups[0].excludes[0]", "stacking.groups[1].excludes[0]", "stacking.groups[2].name"]);
}

#[test]
fn every_reason_has_its_text() {
    let codes: Vec<&str> = Because::ALL.iter().map(|because| because.code()).collect();
    assert_eq!(codes, ["EXCLUDED", "NOT_BEST", "TERM_NOT_COVERED", "OTHER_MONTHS", "OWN_LIMIT", "PRODUCT_LIMIT"]);
}
