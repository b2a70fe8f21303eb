//! The checks of a registration: a ladder in a fixed order that is part of the contract. All run and all are kept; one
//! that fails rejects the referral.

use super::{referral::State, words};
use handsel_money::Timestamp;
use serde::{Deserialize, Serialize};

words! {
    /// The checks, in the order they run.
    pub(crate) enum Rule {
        /// The program is active and within its dates.
        ProgramActive = "PROGRAM_ACTIVE",
        /// The referee's consent is not from the future.
        ConsentGiven = "CONSENT_GIVEN",
        /// The code has not expired.
        CodeNotExpired = "CODE_NOT_EXPIRED",
        /// The code has uses left.
        CodeNotExhausted = "CODE_NOT_EXHAUSTED",
        /// The referee is not the referrer.
        NotSelfReferral = "NOT_SELF_REFERRAL",
        /// The referrer is within the program's limit.
        ReferrerWithinLimit = "REFERRER_WITHIN_LIMIT",
        /// The referee is not a customer already.
        NotACustomer = "NOT_A_CUSTOMER",
        /// Nobody has referred the referee before.
        NotReferredBefore = "NOT_REFERRED_BEFORE",
    }
}

words! {
    /// How a check came out.
    pub(crate) enum Verdict {
        /// Fine.
        Pass = "PASS",
        /// It stands against the referral.
        Fail = "FAIL",
        /// It does not apply.
        NotApplicable = "NOT_APPLICABLE",
    }
}

/// One check, as it came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckResult {
    /// Which.
    pub(crate) rule: Rule,
    /// How it came out.
    pub(crate) verdict: Verdict,
    /// Why, in words for staff; empty where it passed. No personal data.
    pub(crate) detail: String,
}

/// What is known when a referral is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Now.
    pub(crate) now: Timestamp,
    /// Whether the program is active.
    pub(crate) program_active: bool,
    /// First instant of the program.
    pub(crate) program_starts_at: Timestamp,
    /// First instant after the program.
    pub(crate) program_ends_at: Option<Timestamp>,
    /// When the consent was given.
    pub(crate) consent_given_at: Timestamp,
    /// The code presented.
    pub(crate) code: Option<CodeStanding>,
    /// Who introduces.
    pub(crate) referrer: String,
    /// How many the program lets one referrer register; 0: no limit.
    pub(crate) referrer_limit: u32,
    /// How many he has registered, rejected ones not counted.
    pub(crate) referrer_count: u32,
    /// The customer whose contact the referee's contact is, where one is known.
    pub(crate) known_customer: Option<String>,
    /// Whether another live referral holds the referee's contact.
    pub(crate) referred_before: bool,
}

/// A code as registration finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodeStanding {
    /// First instant at which it no longer holds.
    pub(crate) expires_at: Option<Timestamp>,
    /// How many it may tie; 0: no limit.
    pub(crate) usage_limit: u32,
    /// How many it has tied.
    pub(crate) usage_count: u32,
}

/// Every check, in order.
pub(crate) fn run(findings: &Findings) -> Vec<CheckResult> {
    vec![
        program_active(findings),
        consent_given(findings),
        code_not_expired(findings),
        code_not_exhausted(findings),
        not_self_referral(findings),
        referrer_within_limit(findings),
        not_a_customer(findings),
        not_referred_before(findings),
    ]
}

/// Where a referral with these checks starts.
pub(crate) fn initial_state(checks: &[CheckResult]) -> State {
    if checks.iter().any(|check| check.verdict == Verdict::Fail) { State::Rejected } else { State::Registered }
}

/// The first check that failed.
pub(crate) fn first_failure(checks: &[CheckResult]) -> Option<Rule> {
    checks.iter().find(|check| check.verdict == Verdict::Fail).map(|check| check.rule)
}

fn program_active(findings: &Findings) -> CheckResult {
    let rule = Rule::ProgramActive;
    if !findings.program_active {
        return fail(rule, "the program is not active".to_owned());
    }
    if findings.now < findings.program_starts_at {
        return fail(rule, format!("the program starts at {}", findings.program_starts_at));
    }
    match findings.program_ends_at {
        Some(end) if findings.now >= end => fail(rule, format!("the program ended at {end}")),
        Some(_) | None => pass(rule),
    }
}

fn consent_given(findings: &Findings) -> CheckResult {
    if findings.consent_given_at > findings.now {
        return fail(Rule::ConsentGiven, "the consent is dated in the future".to_owned());
    }
    pass(Rule::ConsentGiven)
}

fn code_not_expired(findings: &Findings) -> CheckResult {
    let rule = Rule::CodeNotExpired;
    match findings.code {
        None => not_applicable(rule, "no code was presented"),
        Some(CodeStanding { expires_at: Some(expiry), .. }) if expiry <= findings.now => {
            fail(rule, format!("the code expired at {expiry}"))
        }
        Some(_) => pass(rule),
    }
}

fn code_not_exhausted(findings: &Findings) -> CheckResult {
    let rule = Rule::CodeNotExhausted;
    match findings.code {
        None => not_applicable(rule, "no code was presented"),
        Some(code) if code.usage_limit > 0 && code.usage_count >= code.usage_limit => {
            fail(rule, format!("the code has been used {} of {} times", code.usage_count, code.usage_limit))
        }
        Some(_) => pass(rule),
    }
}

fn not_self_referral(findings: &Findings) -> CheckResult {
    if findings.known_customer.as_ref() == Some(&findings.referrer) {
        return fail(Rule::NotSelfReferral, "the referee is the referrer".to_owned());
    }
    pass(Rule::NotSelfReferral)
}

fn referrer_within_limit(findings: &Findings) -> CheckResult {
    let rule = Rule::ReferrerWithinLimit;
    if findings.referrer_limit == 0 {
        return not_applicable(rule, "the program has no limit");
    }
    if findings.referrer_count >= findings.referrer_limit {
        return fail(rule, format!("the referrer has registered {} already", findings.referrer_count));
    }
    pass(rule)
}

fn not_a_customer(findings: &Findings) -> CheckResult {
    match findings.known_customer {
        Some(_) => fail(Rule::NotACustomer, "the referee is a customer already".to_owned()),
        None => pass(Rule::NotACustomer),
    }
}

fn not_referred_before(findings: &Findings) -> CheckResult {
    if findings.referred_before {
        return fail(Rule::NotReferredBefore, "the referee has been referred before".to_owned());
    }
    pass(Rule::NotReferredBefore)
}

fn pass(rule: Rule) -> CheckResult {
    CheckResult { rule, verdict: Verdict::Pass, detail: String::new() }
}

fn fail(rule: Rule, detail: String) -> CheckResult {
    CheckResult { rule, verdict: Verdict::Fail, detail }
}

fn not_applicable(rule: Rule, detail: &str) -> CheckResult {
    CheckResult { rule, verdict: Verdict::NotApplicable, detail: detail.to_owned() }
}

#[cfg(test)]
#[path = "checks_tests.rs"]
mod tests;
