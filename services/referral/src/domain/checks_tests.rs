//! The ladder by table: one row a rule, what breaks it and what it says.

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

fn fine() -> Findings {
    Findings {
        now: at(1_000),
        program_active: true,
        program_starts_at: at(1_000),
        program_ends_at: Some(at(1_001)),
        consent_given_at: at(1_000),
        code: Some(CodeStanding { expires_at: Some(at(1_001)), usage_limit: 3, usage_count: 2 }),
        referrer: "customers/1".to_owned(),
        referrer_limit: 5,
        referrer_count: 4,
        known_customer: None,
        referred_before: false,
    }
}

fn code(change: impl FnOnce(&mut CodeStanding)) -> Option<CodeStanding> {
    let mut code = fine().code.unwrap();
    change(&mut code);
    Some(code)
}

fn failed(findings: &Findings) -> Vec<Rule> {
    run(findings).into_iter().filter(|check| check.verdict == Verdict::Fail).map(|check| check.rule).collect()
}

#[test]
fn all_pass_at_the_last_instant_of_everything() {
    let checks = run(&fine());
    assert!(checks.iter().all(|check| check.verdict == Verdict::Pass && check.detail.is_empty()), "{checks:?}");
    assert_eq!(initial_state(&checks), State::Registered);
}

#[test]
fn one_row_a_rule() {
    let known = |customer: &str| Some(customer.to_owned());
    for (findings, failing) in [
        (Findings { program_active: false, ..fine() }, vec![Rule::ProgramActive]),
        (Findings { program_starts_at: at(1_001), ..fine() }, vec![Rule::ProgramActive]),
        (Findings { program_ends_at: Some(at(1_000)), ..fine() }, vec![Rule::ProgramActive]),
        (Findings { consent_given_at: at(1_001), ..fine() }, vec![Rule::ConsentGiven]),
        (Findings { code: code(|code| code.expires_at = Some(at(1_000))), ..fine() }, vec![Rule::CodeNotExpired]),
        (Findings { code: code(|code| code.usage_count = 3), ..fine() }, vec![Rule::CodeNotExhausted]),
        (Findings { known_customer: known("customers/1"), ..fine() }, vec![Rule::NotSelfReferral, Rule::NotACustomer]),
        (Findings { referrer_count: 5, ..fine() }, vec![Rule::ReferrerWithinLimit]),
        (Findings { known_customer: known("customers/7"), ..fine() }, vec![Rule::NotACustomer]),
        (Findings { referred_before: true, ..fine() }, vec![Rule::NotReferredBefore]),
    ] {
        let checks = run(&findings);
        assert_eq!(failed(&findings), failing);
        assert_eq!(initial_state(&checks), State::Rejected);
        assert_eq!(first_failure(&checks), failing.first().copied());
        assert!(checks.iter().all(|check| (check.verdict == Verdict::Pass) == check.detail.is_empty()));
    }
}

#[test]
fn what_does_not_apply_is_said() {
    let findings = Findings { code: None, referrer_limit: 0, program_ends_at: None, ..fine() };
    let idle: Vec<Rule> = run(&findings)
        .into_iter()
        .filter(|check| check.verdict == Verdict::NotApplicable)
        .map(|check| check.rule)
        .collect();
    assert_eq!(idle, [Rule::CodeNotExpired, Rule::CodeNotExhausted, Rule::ReferrerWithinLimit]);
    let unlimited = Findings { code: code(|code| (code.usage_limit, code.expires_at) = (0, None)), ..fine() };
    assert_eq!(failed(&unlimited), []);
}
