//! Checks of a reward for the wire.

use crate::domain::{
    calculation::explanation::Language,
    checks::{Check, Rule, Verdict},
};
use handsel_proto::handsel::reward::v1 as wire;
use handsel_service::wire::to_timestamp;

pub(super) fn to_check(check: &Check, language: Language) -> wire::Check {
    let Check { rule, verdict, reason, found: _, until, at } = check;
    wire::Check {
        rule: to_rule(*rule).into(),
        verdict: to_verdict(*verdict).into(),
        reason: reason.clone(),
        detail: check.detail(language),
        until_time: until.map(to_timestamp),
        time: Some(to_timestamp(*at)),
    }
}

fn to_rule(rule: Rule) -> wire::check::Rule {
    match rule {
        Rule::CapsAndBudget => wire::check::Rule::CapsAndBudget,
        Rule::Choice => wire::check::Rule::Choice,
        Rule::HoldingPeriod => wire::check::Rule::HoldingPeriod,
        Rule::Hold => wire::check::Rule::Hold,
        Rule::Approval => wire::check::Rule::Approval,
        Rule::Payee => wire::check::Rule::Payee,
        Rule::Gate => wire::check::Rule::Gate,
        Rule::SettlementLatch => wire::check::Rule::SettlementLatch,
        Rule::Attempt => wire::check::Rule::Attempt,
        Rule::Expiry => wire::check::Rule::Expiry,
    }
}

fn to_verdict(verdict: Verdict) -> wire::check::Verdict {
    match verdict {
        Verdict::Pass => wire::check::Verdict::Pass,
        Verdict::Fail => wire::check::Verdict::Fail,
        Verdict::Pending => wire::check::Verdict::Pending,
        Verdict::NotApplicable => wire::check::Verdict::NotApplicable,
    }
}
