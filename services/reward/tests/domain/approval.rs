//! Four eyes: who is asked, how many, and whether each sees what he signs for.

use crate::{NOW, cny, reward};
use handsel_money::Money;
use handsel_reward::domain::{
    approval::{Approval, Given, Makers, Needed, Person, control, give, onward, second_person},
    payee::Payee,
    plan::check_etag,
    reward::Onward,
    state::Standing,
    terms::{ApprovalBand, Approver},
};
use std::collections::BTreeSet;
use uuid::Uuid;

fn makers() -> Makers {
    Makers { registrar: "tom".into(), plan_maker: "mia".into() }
}

fn payee() -> Payee {
    Payee {
        reward: Uuid::from_u128(1),
        number: 1,
        account_reference: "A-7".into(),
        person: "pia".into(),
        account: "u-9".into(),
        set_at: NOW,
    }
}

fn person(name: &str, roles: &[Approver]) -> Person {
    Person { name: name.into(), account: format!("u-{name}"), roles: roles.iter().copied().collect(), branch: None }
}

fn band(from: &str, roles: &[Approver], approvers: i32) -> ApprovalBand {
    ApprovalBand { from: cny(from), roles: roles.iter().copied().collect(), approvers }
}

#[test]
fn whoever_has_a_hand_in_it_does_not_check_it() {
    let reward = reward(Standing::PendingApproval, 0);
    for (situation, name, allowed) in [
        ("registered the referral", "tom", false),
        ("made the plan", "mia", false),
        ("named the account", "pia", false),
        ("named the account, by his own", "u-9", false),
        ("gains by it", "10", false),
        ("nobody of these", "fay", true),
    ] {
        assert_eq!(second_person(&reward, &makers(), Some(&payee()), name).is_ok(), allowed, "{situation}");
    }
    let nobody = Makers { registrar: String::new(), ..makers() };
    assert!(second_person(&reward, &nobody, None, "tom").is_ok());
}

#[test]
fn a_band_names_the_roles_and_how_many() {
    let reward = reward(Standing::PendingApproval, 0);
    let bands = [
        band("50.00", &[Approver::FinanceApprover], 1),
        band("100.00", &[Approver::FinanceApprover, Approver::ComplianceOfficer], 2),
        band("500.00", &[Approver::ProgramAdmin], 3),
    ];
    let needed = Needed::of(&reward, &bands);
    assert_eq!(needed.approvers, 2);
    let by_fay =
        Approval { person: "fay".into(), account: "u-fay".into(), role: Approver::FinanceApprover, given_at: NOW };
    let finance = [Approver::FinanceApprover];
    for (situation, who, before, expected) in [
        ("the first", person("fay", &finance), vec![], Ok(Given::MoreAreNeeded(Approver::FinanceApprover))),
        (
            "the second",
            person("karel", &[Approver::ComplianceOfficer]),
            vec![by_fay.clone()],
            Ok(Given::Enough(Approver::ComplianceOfficer)),
        ),
        ("the same again", person("fay", &finance), vec![by_fay.clone()], Err("MAKER_IS_CHECKER")),
        (
            "the same by his account",
            Person { name: "u-fay".into(), ..person("x", &finance) },
            vec![by_fay.clone()],
            Err("MAKER_IS_CHECKER"),
        ),
        ("another role", person("ada", &[Approver::ProgramAdmin]), vec![], Err("APPROVER_ROLE_REQUIRED")),
        ("no role at all", person("ada", &[]), vec![], Err("APPROVER_ROLE_REQUIRED")),
        ("who registered it", person("tom", &finance), vec![], Err("MAKER_IS_CHECKER")),
        (
            "another branch's",
            Person { branch: Some("0202".into()), ..person("bob", &finance) },
            vec![],
            Err("NOT_FOUND"),
        ),
        (
            "his own branch's",
            Person { branch: Some("0101".into()), ..person("bob", &finance) },
            vec![],
            Ok(Given::MoreAreNeeded(Approver::FinanceApprover)),
        ),
    ] {
        let given = give(&reward, &needed, &makers(), None, &before, &who).map_err(|refusal| refusal.reason());
        assert_eq!(given, expected, "{situation}");
    }
}

#[test]
fn people_are_asked_from_a_band_on_or_where_somebody_named_the_account() {
    let reward = reward(Standing::Accrued, 0);
    let above = [band("100.01", &[Approver::FinanceApprover], 1)];
    let at = [band("100.00", &[Approver::FinanceApprover], 1)];
    assert_eq!(onward(&reward, &above, None, NOW), Onward::Nobody);
    assert_eq!(onward(&reward, &at, None, NOW), Onward::People);
    assert_eq!(onward(&reward, &above, Some(&payee()), NOW), Onward::People);
    let needed = Needed::of(&reward, &above);
    assert_eq!((needed.roles, needed.approvers), (BTreeSet::from([Approver::FinanceApprover]), 1));
}

#[test]
fn count_and_sum_are_what_was_seen() {
    let two = [reward(Standing::PendingApproval, 0), reward(Standing::PendingApproval, 0)];
    let euro = Money::parse_major("EUR".parse().unwrap(), "160.00").unwrap();
    for (count, sum, expected) in [
        (2, cny("160.00"), None),
        (1, cny("160.00"), Some("CONTROL_COUNT_MISMATCH")),
        (3, cny("160.00"), Some("CONTROL_COUNT_MISMATCH")),
        (2, cny("200.00"), Some("CONTROL_SUM_MISMATCH")),
        (2, cny("159.99"), Some("CONTROL_SUM_MISMATCH")),
        (2, euro, Some("CURRENCY_MISMATCH")),
    ] {
        assert_eq!(control(&two, count, sum).err().map(|refusal| refusal.reason()), expected, "{count} {sum}");
    }
}

#[test]
fn an_etag_is_the_revision_or_nothing() {
    for (etag, fits) in [("", true), ("7", true), ("6", false), ("07", false), ("x", false)] {
        assert_eq!(check_etag("plans/spring", 7, etag).is_ok(), fits, "{etag}");
    }
}
