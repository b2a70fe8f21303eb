//! Tax, reversal and allocation: one formula each.

use super::{super::noncash::kind_from, Told, language_from, reward::taxed_on, told, zone_from};
use crate::{
    domain::calculation::{
        allocation::Allocation,
        explanation::{Language, Subject},
        noncash::NonCashKind,
        reversal::{Clawback, Given, Reversal, Settled},
        rule::Quantity,
        tax::{Tax, Taxed, TaxedReward},
    },
    wire::terms::{Faults, rounding_from, tax_from},
};
use handsel_money::{Decimal, Money, Rounding, Timestamp, Zone};
use handsel_proto::handsel::reward::v1::{self as wire, reversal_rule};
use handsel_service::{
    status::Violation,
    wire::{decimal_from, money_from, timestamp_from, to_money},
};

/// A tax question.
pub(crate) struct TaxAsked {
    pub(crate) tax: Tax,
    pub(crate) reward: Money,
    pub(crate) rounding: Rounding,
    pub(crate) language: Language,
}

/// # Errors
/// Every field that cannot be taken, at least one.
pub(crate) fn tax_asked(said: &wire::QuoteTaxRequest) -> Result<TaxAsked, Vec<Violation>> {
    let mut faults = Faults::default();
    let reward = faults.money(said.reward_amount.as_ref(), "reward_amount");
    let language = faults.keep(language_from(&said.language_code));
    let tax = tax_from(said.tax.as_ref(), reward.map(Money::currency), "tax", &mut faults);
    if let (Some(reward), Some(tax)) = (reward, &tax) {
        for fault in tax.faults(reward.currency()) {
            faults.note(fault.field, fault.error.to_string());
        }
    }
    match (tax, reward, language) {
        (Some(tax), Some(reward), Some(language)) if faults.0.is_empty() => {
            Ok(TaxAsked { tax, reward, rounding: rounding_from(said.rounding()), language })
        }
        _ => Err(faults.0),
    }
}

pub(crate) fn tax_answer(taxed: TaxedReward, language: Language) -> wire::TaxQuote {
    let TaxedReward { taxed: Taxed { on, tax, net, cost }, steps } = taxed;
    let Told { version, steps, explanation } = told(Subject::Tax, steps, language);
    let (taxable_amount, grossed_up_amount) = taxed_on(on);
    wire::TaxQuote {
        taxable_amount,
        grossed_up_amount,
        tax_amount: Some(to_money(tax)),
        net_amount: Some(to_money(net)),
        cost_amount: Some(to_money(cost)),
        calculation_version: version,
        steps,
        explanation,
    }
}

/// A reversal question.
pub(crate) struct ReversalAsked {
    pub(crate) clawback: Clawback,
    pub(crate) settled: Settled,
    pub(crate) triggered_at: Timestamp,
    pub(crate) zone: Zone,
    pub(crate) rounding: Rounding,
    pub(crate) language: Language,
}

/// # Errors
/// The first field that cannot be taken.
pub(crate) fn reversal_asked(said: &wire::QuoteReversalRequest) -> Result<ReversalAsked, Violation> {
    let rule = said.rule.unwrap_or_default();
    let clawback = match rule.kind() {
        reversal_rule::Kind::Unspecified => return Err(Violation::new("rule.kind", "a kind is required")),
        reversal_rule::Kind::None => Clawback::None,
        reversal_rule::Kind::Full => Clawback::Full(rule.days.into()),
        reversal_rule::Kind::ProRata => Clawback::ProRata(rule.days.into()),
    };
    let reward = money_from(said.reward_amount.as_ref(), "reward_amount")?;
    let tax = said.tax_amount.as_ref().map(|tax| money_from(Some(tax), "tax_amount")).transpose()?;
    let settled = Settled {
        given: given_from(said)?,
        reward,
        tax: tax.unwrap_or(Money::zero(reward.currency())),
        at: timestamp_from(said.settle_time.as_ref(), "settle_time")?,
    };
    Ok(ReversalAsked {
        clawback,
        settled,
        triggered_at: timestamp_from(said.trigger_time.as_ref(), "trigger_time")?,
        zone: zone_from(&said.time_zone, "time_zone")?,
        rounding: rounding_from(said.rounding()),
        language: language_from(&said.language_code)?,
    })
}

fn given_from(said: &wire::QuoteReversalRequest) -> Result<Given, Violation> {
    Ok(match kind_from(said.kind()) {
        None => Given::Cash,
        Some(NonCashKind::Points) => Given::Points {
            quantity: Quantity::new(said.quantity),
            value_per_unit: money_from(said.value_per_unit.as_ref(), "value_per_unit")?,
        },
        Some(_) => Given::Item,
    })
}

pub(crate) fn reversal_answer(reversal: Reversal, language: Language) -> wire::ReversalQuote {
    let Reversal { days, reversed, points, tax_reversed, steps } = reversal;
    let Told { version, steps, explanation } = told(Subject::Reversal, steps, language);
    wire::ReversalQuote {
        days,
        reversed_amount: Some(to_money(reversed)),
        reversed_tax_amount: Some(to_money(tax_reversed)),
        reversed_quantity: points.get(),
        calculation_version: version,
        steps,
        explanation,
    }
}

/// # Errors
/// The first field that cannot be taken.
pub(crate) fn allocation_asked(
    said: &wire::QuoteAllocationRequest,
) -> Result<(Money, Vec<Decimal>, Language), Violation> {
    let weights = said.weights.iter().enumerate();
    let weights = weights.map(|(at, weight)| decimal_from(Some(weight), &format!("weights[{at}]")));
    let total = money_from(said.total.as_ref(), "total")?;
    Ok((total, weights.collect::<Result<_, _>>()?, language_from(&said.language_code)?))
}

pub(crate) fn allocation_answer(allocation: Allocation, language: Language) -> wire::AllocationQuote {
    let Allocation { shares, steps } = allocation;
    let Told { version, steps, explanation } = told(Subject::Allocation, steps, language);
    wire::AllocationQuote {
        shares: shares.into_iter().map(to_money).collect(),
        calculation_version: version,
        steps,
        explanation,
    }
}
