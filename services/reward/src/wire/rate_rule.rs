//! The preferential rate that a plan offers, both ways.

use super::{qualification::after, terms::Faults};
use crate::domain::rate_rule::{Change, Estimate, RateChoice, RateLimits, RateRule, Side, StartRule};
use handsel_money::Decimal;
use handsel_proto::{
    google::r#type as google,
    handsel::reward::v1::{self as wire, rate_rule},
};
use handsel_service::wire::{to_decimal, to_money};

/// A rate rule; none where a fault was found, which `faults` has then.
pub(crate) fn rate_rule_from(rule: &wire::RateRule, path: &str, faults: &mut Faults) -> Option<RateRule> {
    let wire::RateRule {
        product,
        change,
        principal_cap,
        term_months,
        start_rule: _,
        stacking_group,
        rate_limit,
        expiry_days,
        estimate,
    } = rule;
    let change = change_from(change.as_ref(), path, faults);
    let principal_cap = faults.optional_money(principal_cap.as_ref(), format_args!("{path}.principal_cap"));
    let limit = faults.optional_rate(rate_limit.as_ref(), format_args!("{path}.rate_limit"));
    let start = start_from(rule.start_rule());
    if start.is_none() {
        faults.note(format!("{path}.start_rule"), "a start rule is required");
    }
    let estimate = estimate.clone().unwrap_or_default();
    let principal = faults.money(estimate.principal.as_ref(), format_args!("{path}.estimate.principal"));
    Some(RateRule {
        product: after("rate-products/", product),
        change: change?,
        principal_cap,
        term_months: u32::try_from(*term_months).ok().filter(|months| *months > 0),
        start: start?,
        group: stacking_group.clone(),
        limit,
        expiry_days: *expiry_days,
        estimate: Estimate {
            principal: principal?,
            term_months: u32::try_from(estimate.term_months).unwrap_or_default(),
        },
    })
}

fn change_from(change: Option<&rate_rule::Change>, path: &str, faults: &mut Faults) -> Option<Change> {
    match change {
        None => {
            faults.note(format!("{path}.change"), "either uplift_bps or discount_bps is required");
            None
        }
        Some(rate_rule::Change::UpliftBps(bps)) => {
            faults.rate(Some(bps), format_args!("{path}.uplift_bps")).map(|bps| Change::Uplift(bps.decimal()))
        }
        Some(rate_rule::Change::DiscountBps(bps)) => {
            faults.rate(Some(bps), format_args!("{path}.discount_bps")).map(|bps| Change::Discount(bps.decimal()))
        }
    }
}

/// A rate rule for the wire.
pub(crate) fn to_rate_rule(rule: &RateRule) -> wire::RateRule {
    let RateRule { product, change, principal_cap, term_months, start, group, limit, expiry_days, estimate } = rule;
    wire::RateRule {
        product: format!("rate-products/{product}"),
        change: Some(match change {
            Change::Uplift(bps) => rate_rule::Change::UpliftBps(decimal(*bps)),
            Change::Discount(bps) => rate_rule::Change::DiscountBps(decimal(*bps)),
        }),
        principal_cap: principal_cap.map(to_money),
        term_months: months(term_months.unwrap_or_default()),
        start_rule: to_start(*start).into(),
        stacking_group: group.clone(),
        rate_limit: limit.map(to_decimal),
        expiry_days: *expiry_days,
        estimate: Some(rate_rule::Estimate {
            principal: Some(to_money(estimate.principal)),
            term_months: months(estimate.term_months),
        }),
    }
}

fn start_from(start: rate_rule::StartRule) -> Option<StartRule> {
    match start {
        rate_rule::StartRule::Unspecified => None,
        rate_rule::StartRule::NewContract => Some(StartRule::NewContract),
        rate_rule::StartRule::AnyContract => Some(StartRule::AnyContract),
    }
}

fn to_start(start: StartRule) -> rate_rule::StartRule {
    match start {
        StartRule::NewContract => rate_rule::StartRule::NewContract,
        StartRule::AnyContract => rate_rule::StartRule::AnyContract,
    }
}

/// A plan's limits; those that say nothing limit nothing.
pub(crate) fn rate_limits_from(limits: Option<&wire::RateLimits>, path: &str, faults: &mut Faults) -> RateLimits {
    let Some(wire::RateLimits { max_count, budget }) = limits else { return RateLimits::default() };
    RateLimits {
        count: (*max_count != 0).then(|| i64::from(*max_count)),
        budget: faults.optional_money(budget.as_ref(), format_args!("{path}.budget")),
    }
}

/// A plan's limits for the wire; none where it has none.
pub(crate) fn to_rate_limits(limits: &RateLimits) -> Option<wire::RateLimits> {
    let RateLimits { count, budget } = limits;
    (count.is_some() || budget.is_some()).then(|| wire::RateLimits {
        // The contract takes at most 1,000,000.
        max_count: i32::try_from(count.unwrap_or_default()).unwrap_or(i32::MAX),
        budget: budget.map(to_money),
    })
}

/// A choice between money and rate; none where a fault was found, which `faults` has then.
pub(crate) fn rate_choice_from(choice: &wire::RateChoice, path: &str, faults: &mut Faults) -> Option<RateChoice> {
    let rate = rate_rule_from(&choice.rate.clone().unwrap_or_default(), &format!("{path}.rate"), faults);
    let default_side = side_from(choice.default_side());
    if default_side.is_none() {
        faults.note(format!("{path}.default_side"), "a side is required");
    }
    Some(RateChoice { rate: rate?, deadline_days: choice.deadline_days, default_side: default_side? })
}

/// A choice for the wire.
pub(crate) fn to_rate_choice(choice: &RateChoice) -> wire::RateChoice {
    let RateChoice { rate, deadline_days, default_side } = choice;
    wire::RateChoice {
        rate: Some(to_rate_rule(rate)),
        deadline_days: *deadline_days,
        default_side: to_side(*default_side).into(),
    }
}

/// The side of the wire; none where none is named.
pub(crate) fn side_from(side: wire::ChoiceSide) -> Option<Side> {
    match side {
        wire::ChoiceSide::Unspecified => None,
        wire::ChoiceSide::Cash => Some(Side::Cash),
        wire::ChoiceSide::Rate => Some(Side::Rate),
    }
}

/// A side for the wire.
pub(crate) fn to_side(side: Side) -> wire::ChoiceSide {
    match side {
        Side::Cash => wire::ChoiceSide::Cash,
        Side::Rate => wire::ChoiceSide::Rate,
    }
}

/// A decimal for the wire, without trailing zeros.
pub(crate) fn decimal(value: Decimal) -> google::Decimal {
    google::Decimal { value: value.normalize().to_string() }
}

/// Months for the wire, which takes at most 600.
pub(crate) fn months(months: u32) -> i32 {
    i32::try_from(months).unwrap_or(i32::MAX)
}
