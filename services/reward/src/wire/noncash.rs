//! Points and items, both ways.

use super::{
    rule::{multipliers_from, to_multipliers},
    terms::Faults,
};
use crate::domain::{
    calculation::{
        error::CalculationError,
        noncash::NonCashKind,
        rule::{Base, GraduatedBracket, Pays, Quantity, Rule, SlabBracket},
    },
    terms::NonCashRule,
};
use handsel_proto::{
    google::r#type as google,
    handsel::reward::v1::{self as wire, non_cash_rule, quantity_brackets},
};
use handsel_service::{
    status::Violation,
    wire::{decimal_from, to_decimal, to_money},
};

/// So many points or items; none where a fault was found, which `faults` has then.
pub(super) fn non_cash_from(rule: &wire::NonCashRule, path: &str, faults: &mut Faults) -> Option<NonCashRule> {
    let kind = kind_from(rule.kind());
    if kind.is_none() {
        faults.note(format!("{path}.kind"), "a kind is required");
    }
    if rule.label.is_empty() {
        faults.note(format!("{path}.label"), "a label is required in a plan");
    }
    let value_per_unit = faults.money(rule.value_per_unit.as_ref(), format_args!("{path}.value_per_unit"));
    let quantity = quantity_rule_from(rule, path, faults);
    Some(NonCashRule { kind: kind?, label: rule.label.clone(), value_per_unit: value_per_unit?, rule: quantity? })
}

/// How many points or items, whatever they are; none where a fault was found.
pub(super) fn quantity_rule_from(said: &wire::NonCashRule, path: &str, faults: &mut Faults) -> Option<Rule<Quantity>> {
    let base = match &said.base {
        None => {
            faults.note(format!("{path}.base"), "one of fixed, rate, slab and graduated is required");
            None
        }
        Some(non_cash_rule::Base::Fixed(fixed)) => {
            let amount = faults.keep(quantity_from(fixed, &format!("{path}.fixed")));
            amount.map(|amount| Base::Fixed { amount })
        }
        Some(non_cash_rule::Base::Rate(rate)) => {
            faults.rate(Some(rate), format_args!("{path}.rate")).map(|rate| Base::Percent { rate })
        }
        Some(non_cash_rule::Base::Slab(slab)) => {
            let brackets: Vec<_> = each_bracket(slab, &format!("{path}.slab"), faults)
                .into_iter()
                .map(|(field, bracket)| {
                    let GraduatedBracket { lower, rate, fixed } = bracket?;
                    let slab = SlabBracket::new(lower, fixed, rate);
                    faults.keep(slab.map_err(|error| Violation::new(field, error.to_string())))
                })
                .collect();
            brackets.into_iter().collect::<Option<_>>().map(|brackets| Base::Slab { brackets })
        }
        Some(non_cash_rule::Base::Graduated(graduated)) => {
            let brackets = each_bracket(graduated, &format!("{path}.graduated"), faults).into_iter();
            let brackets: Option<_> = brackets.map(|(_, bracket)| bracket).collect();
            brackets.map(|brackets| Base::Graduated { brackets })
        }
    };
    let multipliers = multipliers_from(&said.tier_multipliers, path, faults);
    let bound = |bound: Option<&google::Decimal>, field: &str, faults: &mut Faults| {
        bound.map(|bound| faults.keep(quantity_from(bound, &format!("{path}.{field}"))))
    };
    let minimum = bound(said.minimum.as_ref(), "minimum", faults);
    let maximum = bound(said.maximum.as_ref(), "maximum", faults);
    Some(Rule { base: base?, multipliers, minimum: minimum.flatten(), maximum: maximum.flatten() })
}

type Read = (String, Option<GraduatedBracket<Quantity>>);

fn each_bracket(brackets: &wire::QuantityBrackets, path: &str, faults: &mut Faults) -> Vec<Read> {
    let each = brackets.brackets.iter().enumerate();
    each.map(|(at, bracket)| {
        let path = format!("{path}.brackets[{at}]");
        let lower = faults.money(bracket.lower.as_ref(), format_args!("{path}.lower"));
        let rate = faults.optional_rate(bracket.rate.as_ref(), format_args!("{path}.rate"));
        let fixed = bracket.fixed.as_ref();
        let fixed = fixed.and_then(|fixed| faults.keep(quantity_from(fixed, &format!("{path}.fixed"))));
        (path, lower.map(|lower| GraduatedBracket { lower, rate, fixed }))
    })
    .collect()
}

fn quantity_from(said: &google::Decimal, field: &str) -> Result<Quantity, Violation> {
    let decimal = decimal_from(Some(said), field)?;
    Quantity::from_decimal(decimal).map_err(|error: CalculationError| Violation::new(field, error.to_string()))
}

pub(super) fn kind_from(kind: wire::NonCashKind) -> Option<NonCashKind> {
    match kind {
        wire::NonCashKind::Unspecified => None,
        wire::NonCashKind::Points => Some(NonCashKind::Points),
        wire::NonCashKind::Voucher => Some(NonCashKind::Voucher),
        wire::NonCashKind::Gift => Some(NonCashKind::Gift),
        wire::NonCashKind::FeeWaiver => Some(NonCashKind::FeeWaiver),
        wire::NonCashKind::ServiceUpgrade => Some(NonCashKind::ServiceUpgrade),
        wire::NonCashKind::Badge => Some(NonCashKind::Badge),
    }
}

pub(super) fn to_non_cash(terms: &NonCashRule) -> wire::NonCashRule {
    let NonCashRule { kind, label, value_per_unit, rule: Rule { base, multipliers, minimum, maximum } } = terms;
    wire::NonCashRule {
        kind: to_kind(*kind).into(),
        label: label.clone(),
        value_per_unit: Some(to_money(*value_per_unit)),
        base: Some(to_base(base)),
        tier_multipliers: to_multipliers(multipliers),
        minimum: minimum.map(to_quantity),
        maximum: maximum.map(to_quantity),
    }
}

fn to_quantity(quantity: Quantity) -> google::Decimal {
    google::Decimal { value: quantity.to_string() }
}

fn to_base(base: &Base<Quantity>) -> non_cash_rule::Base {
    match base {
        Base::Fixed { amount } => non_cash_rule::Base::Fixed(to_quantity(*amount)),
        Base::Percent { rate } => non_cash_rule::Base::Rate(to_decimal(*rate)),
        Base::Slab { brackets } => {
            let brackets = brackets.iter().map(|SlabBracket { lower, pays }| {
                let (fixed, rate) = match pays {
                    Pays::Fixed(fixed) => (Some(to_quantity(*fixed)), None),
                    Pays::Rate(rate) => (None, Some(to_decimal(*rate))),
                };
                quantity_brackets::Bracket { lower: Some(to_money(*lower)), fixed, rate }
            });
            non_cash_rule::Base::Slab(wire::QuantityBrackets { brackets: brackets.collect() })
        }
        Base::Graduated { brackets } => {
            let brackets = brackets.iter().map(|GraduatedBracket { lower, rate, fixed }| quantity_brackets::Bracket {
                lower: Some(to_money(*lower)),
                fixed: fixed.map(to_quantity),
                rate: rate.map(to_decimal),
            });
            non_cash_rule::Base::Graduated(wire::QuantityBrackets { brackets: brackets.collect() })
        }
    }
}

fn to_kind(kind: NonCashKind) -> wire::NonCashKind {
    match kind {
        NonCashKind::Points => wire::NonCashKind::Points,
        NonCashKind::Voucher => wire::NonCashKind::Voucher,
        NonCashKind::Gift => wire::NonCashKind::Gift,
        NonCashKind::FeeWaiver => wire::NonCashKind::FeeWaiver,
        NonCashKind::ServiceUpgrade => wire::NonCashKind::ServiceUpgrade,
        NonCashKind::Badge => wire::NonCashKind::Badge,
    }
}
