//! The vectors' text as messages of the contract.

use handsel_proto::{
    google::r#type::{Date, Decimal, Money},
    handsel::reward::v1 as wire,
};
use prost_types::Timestamp;
use serde_json::Value;

/// What the contract has no message for: a oneof holds one value.
pub(crate) const CANNOT_BE_SAID: &str = "INVALID_ARGUMENT";

/// `"12.30"` in a currency, however fine.
pub(crate) fn money_of(currency: &str, text: &str) -> Money {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let nanos: i32 = format!("{part:0<9}").parse().unwrap();
    let negative = text.starts_with('-');
    Money {
        currency_code: currency.to_owned(),
        units: whole.parse().unwrap(),
        nanos: if negative { -nanos } else { nanos },
    }
}

/// An amount of a case; its own currency under `{name}_currency`, else the case's.
pub(crate) fn money(case: &Value, name: &str) -> Option<Money> {
    let currency = case.get(format!("{name}_currency")).unwrap_or(&case["currency"]).as_str().unwrap();
    case.get(name).map(|text| money_of(currency, text.as_str().unwrap()))
}

pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    value.as_str().map(|text| Decimal { value: text.to_owned() })
}

pub(crate) fn date(value: &Value) -> Option<Date> {
    let mut parts = value.as_str().unwrap().split('-').map(|part| part.parse().unwrap());
    Some(Date { year: parts.next().unwrap(), month: parts.next().unwrap(), day: parts.next().unwrap() })
}

pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().map(|text| text.parse().unwrap())
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A name of an enum of the contract: `rounding` `HALF_UP` is `ROUNDING_HALF_UP`.
fn named<E: Into<i32>>(prefix: &str, value: &Value, from: fn(&str) -> Option<E>) -> i32 {
    match value.as_str() {
        None => 0,
        Some(name) => from(&format!("{prefix}_{name}")).unwrap_or_else(|| panic!("{prefix}_{name}")).into(),
    }
}

pub(crate) fn rounding(case: &Value) -> i32 {
    named("ROUNDING", &case["rounding"], wire::Rounding::from_str_name)
}

pub(crate) fn on_exceed(case: &Value) -> i32 {
    named("ON_EXCEED", &case["on_exceed"], wire::OnExceed::from_str_name)
}

pub(crate) fn window(case: &Value) -> i32 {
    named("WINDOW", &case["window"], wire::Window::from_str_name)
}

pub(crate) fn kind(case: &Value) -> i32 {
    named("NON_CASH_KIND", &case["kind"], wire::NonCashKind::from_str_name)
}

pub(crate) fn day_count(case: &Value) -> i32 {
    named("DAY_COUNT", &case["day_count"], wire::DayCount::from_str_name)
}

pub(crate) fn accrual(case: &Value) -> i32 {
    named("ACCRUAL", &case["accrual"], wire::Accrual::from_str_name)
}

pub(crate) fn interest_basis(case: &Value) -> i32 {
    named("INTEREST_BASIS", &case["interest_basis"], wire::InterestBasis::from_str_name)
}

pub(crate) fn repayment_method(case: &Value) -> i32 {
    named("REPAYMENT_METHOD", &case["method"], wire::RepaymentMethod::from_str_name)
}

pub(crate) fn count(value: &Value) -> Option<i32> {
    value.as_i64().map(|count| i32::try_from(count).unwrap())
}

/// Basis points by source.
pub(crate) fn concessions(list: &Value) -> Vec<wire::RateConcession> {
    let each = list.as_array().unwrap().iter();
    each.map(|one| wire::RateConcession { source: text(&one["source"]), basis_points: decimal(&one["bps"]) }).collect()
}

fn tiers(case: &Value) -> Vec<wire::TierMultiplier> {
    let tiers = case.get("tier_multipliers").and_then(Value::as_object);
    let each = tiers.into_iter().flatten();
    each.map(|(tier, multiplier)| wire::TierMultiplier { tier: tier.clone(), multiplier: decimal(multiplier) })
        .collect()
}

/// A rule that pays money.
pub(crate) fn cash_rule(case: &Value, rule: &Value) -> Result<wire::RoleRule, String> {
    use wire::{graduated_rule, role_rule::Base, slab_rule};
    let currency = text(&case["currency"]);
    let amount = |value: &Value| value.as_str().map(|text| money_of(&currency, text));
    let brackets = rule["brackets"].as_array().cloned().unwrap_or_default();
    let base = match rule["kind"].as_str().unwrap() {
        "FIXED" => Base::Fixed(wire::FixedRule { amount: amount(&rule["amount"]) }),
        "PERCENT" => Base::Percent(wire::PercentRule { rate: decimal(&rule["rate"]) }),
        "SLAB" => {
            let each = brackets.iter().map(|bracket| {
                let pays = match (amount(&bracket["fixed"]), decimal(&bracket["rate"])) {
                    (Some(fixed), None) => Some(slab_rule::bracket::Pays::Fixed(fixed)),
                    (None, Some(rate)) => Some(slab_rule::bracket::Pays::Rate(rate)),
                    (None, None) => None,
                    (Some(_), Some(_)) => return Err(CANNOT_BE_SAID.to_owned()),
                };
                Ok(slab_rule::Bracket { lower: amount(&bracket["lower"]), pays })
            });
            Base::Slab(wire::SlabRule { brackets: each.collect::<Result<_, _>>()? })
        }
        "GRADUATED" => {
            let each = brackets.iter().map(|bracket| graduated_rule::Bracket {
                lower: amount(&bracket["lower"]),
                rate: decimal(&bracket["rate"]),
                fixed: amount(&bracket["fixed"]),
            });
            Base::Graduated(wire::GraduatedRule { brackets: each.collect() })
        }
        other => panic!("{other}"),
    };
    Ok(wire::RoleRule {
        role: wire::BeneficiaryRole::Referrer.into(),
        base: Some(base),
        tier_multipliers: tiers(case),
        minimum: amount(&rule["min"]),
        maximum: amount(&rule["max"]),
        ..wire::RoleRule::default()
    })
}

/// A rule that pays points or items.
pub(crate) fn non_cash_rule(case: &Value) -> wire::NonCashRule {
    use wire::non_cash_rule::Base;
    let rule = &case["rule"];
    let currency = text(&case["currency"]);
    let brackets = rule["brackets"].as_array().cloned().unwrap_or_default();
    let each = brackets.iter().map(|bracket| wire::quantity_brackets::Bracket {
        lower: Some(money_of(&currency, bracket["lower"].as_str().unwrap())),
        fixed: decimal(&bracket["fixed"]),
        rate: decimal(&bracket["rate"]),
    });
    let brackets = wire::QuantityBrackets { brackets: each.collect() };
    let base = match rule["kind"].as_str().unwrap() {
        "FIXED" => Base::Fixed(decimal(&rule["amount"]).unwrap()),
        "PERCENT" => Base::Rate(decimal(&rule["rate"]).unwrap()),
        "SLAB" => Base::Slab(brackets),
        "GRADUATED" => Base::Graduated(brackets),
        other => panic!("{other}"),
    };
    wire::NonCashRule {
        label: String::new(),
        kind: kind(case),
        value_per_unit: money(case, "value_per_unit"),
        base: Some(base),
        tier_multipliers: tiers(case),
        minimum: decimal(&rule["min"]),
        maximum: decimal(&rule["max"]),
    }
}

fn tax(case: &Value) -> Option<wire::FlatTax> {
    let tax = &case["tax"];
    (tax["scheme"] == "FLAT").then(|| wire::FlatTax {
        rate: decimal(&tax["rate"]),
        exempt_up_to: Some(money_of(case["currency"].as_str().unwrap(), tax["exempt_up_to"].as_str().unwrap())),
        basis: named("BASIS", &tax["basis"], wire::flat_tax::Basis::from_str_name),
        borne_by: named("BORNE_BY", &tax["borne_by"], wire::flat_tax::BorneBy::from_str_name),
    })
}

/// One beneficiary and one qualifying event.
pub(crate) fn reward(case: &Value) -> Result<wire::QuoteRewardRequest, String> {
    use wire::reward_terms::Rule;
    let rule = match case.get("kind") {
        None => Rule::Cash(cash_rule(case, &case["rule"])?),
        Some(_) => Rule::NonCash(non_cash_rule(case)),
    };
    let (max_count, max_amount) = (count(&case["count_cap"]), money(case, "amount_cap"));
    let capped = max_count.is_some() || max_amount.is_some();
    let terms = wire::RewardTerms {
        currency_code: text(&case["currency"]),
        time_zone: String::new(),
        rounding: rounding(case),
        rule: Some(rule),
        beneficiary_cap: capped.then(|| wire::BeneficiaryCap {
            window: wire::Window::Lifetime.into(),
            max_count: max_count.unwrap_or(0),
            max_amount,
        }),
        budget: money(case, "budget"),
        on_exceed: on_exceed(case),
        tax: tax(case),
    };
    Ok(wire::QuoteRewardRequest {
        terms: Some(wire::quote_reward_request::Terms::InlineTerms(terms)),
        qualifying_amount: Some(money_of(
            case.get("qualifying_currency").unwrap_or(&case["currency"]).as_str().unwrap(),
            case["qualifying_amount"].as_str().unwrap(),
        )),
        tier: text(&case["tier"]),
        granted_before: Some(wire::GrantedBefore {
            count: case["already_granted_count"].as_i64().unwrap_or(0),
            in_window: money(case, "already_granted_in_window"),
            by_plan: money(case, "already_granted_by_plan"),
        }),
        ..wire::QuoteRewardRequest::default()
    })
}

/// The tax of a case whose reward is known.
pub(crate) fn tax_of(case: &Value, reward: &str) -> wire::QuoteTaxRequest {
    wire::QuoteTaxRequest {
        reward_amount: Some(money_of(case["currency"].as_str().unwrap(), reward)),
        tax: tax(case),
        rounding: rounding(case),
        language_code: String::new(),
    }
}
