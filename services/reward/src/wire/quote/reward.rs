//! What one event would pay.

use super::{super::rule, Told, language_from, to_exact, told, zone_from};
use crate::{
    domain::{
        calculation::{
            caps::{Limits, Reason, Used},
            cash::{CashInput, CashReward, CashTerms},
            explanation::{Language, Subject},
            noncash::{NonCashKind, NonCashReward, NonCashTerms},
            tax::TaxedOn,
            window::Window,
        },
        reward::Role,
    },
    wire::{
        noncash::{kind_from, quantity_rule_from},
        terms::{Faults, cap_from, on_exceed_from, rounding_from, tax_from},
    },
};
use handsel_money::{Currency, Money, Zone};
use handsel_proto::{
    google::r#type as google,
    handsel::reward::v1::{self as wire, reward_terms},
};
use handsel_service::{
    status::Violation,
    wire::{money_from, timestamp_from, to_money},
};

/// The terms of a quote: money, or anything else.
pub(crate) enum AnyTerms {
    Cash(CashTerms),
    NonCash(NonCashTerms),
}

/// Terms, and where and in which window their caps are counted.
pub(crate) struct TermsAndWindow {
    pub(crate) terms: AnyTerms,
    pub(crate) zone: Zone,
    pub(crate) window: Option<Window>,
}

/// A quote as it was asked for, its terms apart.
pub(crate) struct RewardAsked {
    pub(crate) input: CashInput,
    pub(crate) language: Language,
}

/// Terms sent along.
///
/// # Errors
/// Every field that cannot be taken, at least one.
pub(crate) fn inline_terms_from(said: &wire::RewardTerms) -> Result<TermsAndWindow, Vec<Violation>> {
    let path = "inline_terms";
    let mut faults = Faults::default();
    let currency = faults.parsed::<Currency>(&said.currency_code, "inline_terms.currency_code");
    let zone = faults.keep(zone_from(&said.time_zone, "inline_terms.time_zone"));
    let cap = cap_from(said.beneficiary_cap.as_ref(), "inline_terms.beneficiary_cap", &mut faults);
    let budget = faults.optional_money(said.budget.as_ref(), "inline_terms.budget");
    let needed = cap.amount.is_some() || budget.is_some();
    let on_exceed = on_exceed_from(said.on_exceed(), needed, "inline_terms.on_exceed", &mut faults);
    let tax = tax_from(said.tax.as_ref(), currency, "inline_terms.tax", &mut faults);
    let limits = Limits { count_cap: cap.count, amount_cap: cap.amount, budget, on_exceed };
    let rounding = rounding_from(said.rounding());
    let terms = match (&said.rule, currency, tax) {
        (None, ..) => {
            faults.note(format!("{path}.rule"), "one of cash and non_cash is required");
            None
        }
        (Some(reward_terms::Rule::Cash(cash)), Some(currency), Some(tax)) => {
            rule::cash_rule_from(cash, "inline_terms.cash", &mut faults)
                .map(|rule| AnyTerms::Cash(CashTerms { currency, rounding, rule, limits, tax }))
        }
        (Some(reward_terms::Rule::NonCash(said)), Some(currency), Some(tax)) => {
            let path = "inline_terms.non_cash";
            let kind = kind_from(said.kind());
            let value_per_unit = faults.money(said.value_per_unit.as_ref(), format_args!("{path}.value_per_unit"));
            let rule = quantity_rule_from(said, path, &mut faults);
            match (kind, value_per_unit, rule) {
                (Some(kind), Some(value_per_unit), Some(rule)) => Some(AnyTerms::NonCash(NonCashTerms {
                    currency,
                    rounding,
                    kind,
                    value_per_unit,
                    rule,
                    limits,
                    tax,
                })),
                _ => None,
            }
        }
        (Some(_), ..) => None,
    };
    if let Some(terms) = &terms {
        let found = match terms {
            AnyTerms::Cash(terms) => terms.faults(),
            AnyTerms::NonCash(terms) => terms.faults(),
        };
        for fault in found {
            faults.note(format!("{path}.{}", fault.field), fault.error.to_string());
        }
    }
    match (terms, zone) {
        (Some(terms), Some(zone)) if faults.0.is_empty() => Ok(TermsAndWindow { terms, zone, window: cap.window }),
        _ => Err(faults.0),
    }
}

/// The role asked for, which a plan needs.
///
/// # Errors
/// None named.
pub(crate) fn role_from(said: &wire::QuoteRewardRequest) -> Result<Role, Violation> {
    rule::role_from(said.role()).ok_or_else(|| Violation::new("role", "is required with a plan"))
}

/// The event, its window found by the terms that it is held against.
///
/// # Errors
/// The first field that cannot be taken.
pub(crate) fn reward_asked(
    said: &wire::QuoteRewardRequest,
    currency: Currency,
    zone: &Zone,
    window: Option<Window>,
) -> Result<RewardAsked, Violation> {
    let amount = |amount: Option<&google::Money>, field: &str| match amount {
        Some(amount) => money_from(Some(amount), field),
        None => Ok(Money::zero(currency)),
    };
    let before = said.granted_before.as_ref();
    let at = said.qualify_time.as_ref().map(|time| timestamp_from(Some(time), "qualify_time")).transpose()?;
    let input = CashInput {
        qualifying_amount: amount(said.qualifying_amount.as_ref(), "qualifying_amount")?,
        tier: (!said.tier.is_empty()).then(|| said.tier.clone()),
        window: at.zip(window).map(|(at, window)| window.key(at, zone)),
        used: Used {
            count: before.map_or(0, |before| before.count),
            in_window: amount(before.and_then(|before| before.in_window.as_ref()), "granted_before.in_window")?,
            by_plan: amount(before.and_then(|before| before.by_plan.as_ref()), "granted_before.by_plan")?,
        },
    };
    Ok(RewardAsked { input, language: language_from(&said.language_code)? })
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

/// What of the tax is the recipient's, and what the bank's.
pub(super) fn taxed_on(on: TaxedOn) -> (Option<google::Money>, Option<google::Money>) {
    match on {
        TaxedOn::Nothing => (None, None),
        TaxedOn::Taxable(taxable) => (Some(to_money(taxable)), None),
        TaxedOn::Grossed(grossed) => (None, Some(to_money(grossed))),
    }
}

pub(super) fn names(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().map(|reason| reason.name().to_owned()).collect()
}

/// What was decided, whichever kind it is.
pub(crate) enum Decided {
    Cash(CashReward),
    NonCash(NonCashKind, NonCashReward),
}

/// The answer to a quote.
pub(crate) fn answer_reward(decided: Decided, window: Option<String>, language: Language) -> wire::RewardQuote {
    let window = window.unwrap_or_default();
    match decided {
        Decided::Cash(reward) => {
            let CashReward { base, tiered, bounded, gross, reward, reasons, taxed_on: on, tax, net, cost, steps } =
                reward;
            let Told { version, steps, explanation } = told(Subject::Reward, steps, language);
            let (taxable_amount, grossed_up_amount) = taxed_on(on);
            wire::RewardQuote {
                base: Some(to_exact(&base)),
                tiered: Some(to_exact(&tiered)),
                bounded: Some(to_exact(&bounded)),
                gross_amount: Some(to_money(gross)),
                reward_amount: Some(to_money(reward)),
                reasons: names(&reasons),
                taxable_amount,
                grossed_up_amount,
                tax_amount: Some(to_money(tax)),
                net_amount: Some(to_money(net)),
                cost_amount: Some(to_money(cost)),
                kind: wire::NonCashKind::Unspecified.into(),
                quantity: 0,
                reward_quantity: 0,
                window,
                calculation_version: version,
                steps,
                explanation,
            }
        }
        Decided::NonCash(kind, reward) => {
            let NonCashReward {
                base,
                tiered,
                bounded,
                quantity,
                gross,
                reward,
                reward_quantity,
                reasons,
                taxed_on: on,
                tax,
                net,
                cost,
                steps,
            } = reward;
            let Told { version, steps, explanation } = told(Subject::Reward, steps, language);
            let (taxable_amount, grossed_up_amount) = taxed_on(on);
            wire::RewardQuote {
                base: Some(to_exact(&base)),
                tiered: Some(to_exact(&tiered)),
                bounded: Some(to_exact(&bounded)),
                gross_amount: Some(to_money(gross)),
                reward_amount: Some(to_money(reward)),
                reasons: names(&reasons),
                taxable_amount,
                grossed_up_amount,
                tax_amount: Some(to_money(tax)),
                net_amount: Some(to_money(net)),
                cost_amount: Some(to_money(cost)),
                kind: to_kind(kind).into(),
                quantity: quantity.get(),
                reward_quantity: reward_quantity.get(),
                window,
                calculation_version: version,
                steps,
                explanation,
            }
        }
    }
}
