//! Specification §3, non-cash kinds: a quantity of points or items, with a declared cash value.

use handsel_money::{Currency, Exact, Money, Rounding, round_to_whole};
use serde::{Deserialize, Serialize};

use super::caps::{Limits, Parts, Reason, Stock};
use super::cash::{CashInput, trace_reward};
use super::error::CalculationError;
use super::rule::{Fault, Payable, Quantity, Rule};
use super::tax::{Tax, TaxedOn};
use super::trace::{Step, Trace};

/// What is given instead of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NonCashKind {
    /// Points, which can be cut one by one.
    Points,
    /// A voucher.
    Voucher,
    /// A gift.
    Gift,
    /// A fee not charged.
    FeeWaiver,
    /// A better service.
    ServiceUpgrade,
    /// An honour.
    Badge,
}

/// What a plan version says of one role that is not paid in money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonCashTerms {
    /// Of every amount of money in the plan.
    pub currency: Currency,
    /// For everything the plan computes.
    pub rounding: Rounding,
    /// What is given.
    pub kind: NonCashKind,
    /// The declared cash value of one of it.
    pub value_per_unit: Money,
    /// How many of it.
    pub rule: Rule<Quantity>,
    /// Caps and budget, on the cash value.
    pub limits: Limits,
    /// How the cash value is taxed.
    pub tax: Tax,
}

/// One non-cash reward, with every step that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonCashReward {
    /// Step 1 on the quantity, not rounded.
    pub base: Exact,
    /// Step 2, not rounded.
    pub tiered: Exact,
    /// Step 3, not rounded.
    pub bounded: Exact,
    /// Step 4: how many.
    pub quantity: Quantity,
    /// Their cash value.
    pub gross: Money,
    /// Step 5: what caps and budget left of the cash value.
    pub reward: Money,
    /// And of the quantity.
    pub reward_quantity: Quantity,
    /// What cut it, in the order in which it was cut.
    pub reasons: Vec<Reason>,
    /// Step 6: from what the tax was computed.
    pub taxed_on: TaxedOn,
    /// The tax.
    pub tax: Money,
    /// The cash value that the beneficiary receives, less the tax.
    pub net: Money,
    /// What it costs the bank.
    pub cost: Money,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

impl NonCashKind {
    /// Its name, as contracts and columns spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Points => "POINTS",
            Self::Voucher => "VOUCHER",
            Self::Gift => "GIFT",
            Self::FeeWaiver => "FEE_WAIVER",
            Self::ServiceUpgrade => "SERVICE_UPGRADE",
            Self::Badge => "BADGE",
        }
    }

    const fn parts(self) -> Parts {
        match self {
            Self::Points => Parts::Units,
            Self::Voucher | Self::Gift | Self::FeeWaiver | Self::ServiceUpgrade | Self::Badge => Parts::None,
        }
    }
}

impl NonCashTerms {
    /// Everything wrong with the terms; empty when nothing is.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = self.rule.faults(self.currency);
        if let Err(error) = self.value_per_unit.check(self.currency) {
            faults.push(Fault { field: "value_per_unit".to_owned(), error });
        }
        faults.extend(self.limits.faults(self.currency));
        faults.extend(self.tax.faults(self.currency));
        faults
    }
}

/// The reward of one event.
///
/// # Errors
/// The first fault of the terms; `NegativeAmount` and `CurrencyMismatch` of the input; `OutOfRange` of the result.
pub fn decide(terms: &NonCashTerms, input: &CashInput) -> Result<NonCashReward, CalculationError> {
    if let Some(fault) = terms.faults().first() {
        return Err(fault.error);
    }
    input.check(terms.currency)?;
    let mut trace = Trace::new();
    trace.because("kind", terms.kind.name(), format!("worth {} each", terms.value_per_unit));
    input.write_down(terms.rounding, &mut trace);

    let bounded = terms.rule.bounded(input.qualifying_amount, input.tier.as_deref(), &mut trace);
    let quantity = round_to_whole(&bounded.bounded, terms.rounding)?;
    trace.step("quantity", quantity);
    let stock = Stock { unit: terms.value_per_unit, quantity, parts: terms.kind.parts() };
    let gross = stock.value()?;
    trace.step("gross", gross);
    let (left, reasons) = terms.limits.apply(stock, &input.used, &mut trace)?;
    let reward = left.value()?;
    trace.step("reward_quantity", left.quantity);
    trace_reward(&mut trace, reward, &reasons);
    let taxed = terms.tax.apply(reward, terms.rounding, &mut trace)?;

    Ok(NonCashReward {
        base: bounded.base,
        tiered: bounded.tiered,
        bounded: bounded.bounded,
        quantity: Quantity::new(quantity),
        gross,
        reward,
        reward_quantity: Quantity::new(left.quantity),
        reasons,
        taxed_on: taxed.on,
        tax: taxed.tax,
        net: taxed.net,
        cost: taxed.cost,
        steps: trace.into_steps(),
    })
}
