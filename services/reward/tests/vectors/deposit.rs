//! Specification §10: `deposit.json`, one deposit a case.

use handsel_money::{Currency, Date, DayCount, MoneyError, Rounding, parse_decimal};
use handsel_reward::domain::calculation::concession::{Applied, Concession};
use handsel_reward::domain::calculation::deposit::{self, Accrual, Deposit};
use handsel_reward::domain::calculation::error::CalculationError;
use serde::Deserialize;

use crate::harness::run;
use crate::terms::money;

#[test]
fn deposits() {
    run("deposit.json", 78, decided);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    currency: Currency,
    rounding: Rounding,
    principal: String,
    start: Date,
    maturity: Date,
    base_rate: String,
    uplifts: Vec<SourceBps>,
    max_uplift_bps: Option<String>,
    rate_ceiling: Option<String>,
    uplift_principal_cap: Option<String>,
    day_count: DayCount,
    accrual: Accrual,
}

/// A source and its basis points, going in and coming out.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceBps {
    source: String,
    bps: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Out {
    rate: String,
    applied_uplifts: Vec<SourceBps>,
    slice_a: String,
    slice_b: String,
    interest_a: String,
    interest_b: String,
    total_interest: String,
    base_interest: String,
    benefit: String,
    blended_rate: String,
}

pub(crate) fn listed(sources: &[SourceBps]) -> Result<Vec<Concession>, MoneyError> {
    let read = |one: &SourceBps| Ok(Concession { source: one.source.clone(), bps: parse_decimal(&one.bps)? });
    sources.iter().map(read).collect()
}

pub(crate) fn applied(applied: &[Applied]) -> Vec<SourceBps> {
    applied.iter().map(|one| SourceBps { source: one.source.clone(), bps: one.bps.to_string() }).collect()
}

fn decided(input: &In) -> Result<Out, CalculationError> {
    let decimal = |text: &Option<String>| text.as_deref().map(parse_decimal).transpose();
    let cap = input.uplift_principal_cap.as_deref();
    let ours = deposit::decide(&Deposit {
        principal: money(input.currency, &input.principal)?,
        start: input.start,
        maturity: input.maturity,
        base_rate: parse_decimal(&input.base_rate)?,
        uplifts: listed(&input.uplifts)?,
        max_uplift_bps: decimal(&input.max_uplift_bps)?,
        rate_ceiling: decimal(&input.rate_ceiling)?,
        uplift_principal_cap: cap.map(|cap| money(input.currency, cap)).transpose()?,
        day_count: input.day_count,
        accrual: input.accrual,
        rounding: input.rounding,
    })?;
    Ok(Out {
        rate: ours.rate.to_string(),
        applied_uplifts: applied(&ours.applied),
        slice_a: ours.slice_a.to_major_string(),
        slice_b: ours.slice_b.to_major_string(),
        interest_a: ours.interest_a.to_major_string(),
        interest_b: ours.interest_b.to_major_string(),
        total_interest: ours.total_interest.to_major_string(),
        base_interest: ours.base_interest.to_major_string(),
        benefit: ours.benefit.to_major_string(),
        blended_rate: ours.blended_rate.to_string(),
    })
}
