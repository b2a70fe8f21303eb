//! Specification §3 with §4 and §5: one cash reward, for one beneficiary and one qualifying event.

use handsel_money::{Currency, Exact, Money, Rounding, round_to_minor};
use serde::{Deserialize, Serialize};

use super::CALCULATION_VERSION;
use super::caps::{Limits, Reason, Stock, Used};
use super::error::CalculationError;
use super::rule::{Fault, Payable, RoleRule};
use super::tax::{Tax, TaxedOn};
use super::trace::{Step, Trace};

/// What a plan version says of one role: read once, used for every reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashTerms {
    /// Of everything in the plan.
    pub currency: Currency,
    /// For everything the plan computes.
    pub rounding: Rounding,
    /// What the role gets.
    pub rule: RoleRule,
    /// Caps and budget.
    pub limits: Limits,
    /// How it is taxed.
    pub tax: Tax,
}

/// One event: what differs from reward to reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CashInput {
    /// Q, in the plan's currency.
    pub qualifying_amount: Money,
    /// The beneficiary's tier, where he has one.
    pub tier: Option<String>,
    /// The window that the caps are counted in, as resolved: `2025-06`. Not computed with; part of the trace.
    pub window: Option<String>,
    /// What has been granted before.
    pub used: Used,
}

/// One reward, with every step that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashReward {
    /// Step 1, not rounded.
    pub base: Exact,
    /// Step 2, not rounded.
    pub tiered: Exact,
    /// Step 3, not rounded.
    pub bounded: Exact,
    /// Step 4.
    pub gross: Money,
    /// Step 5: what caps and budget left of gross.
    pub reward: Money,
    /// What cut it, in the order in which it was cut.
    pub reasons: Vec<Reason>,
    /// Step 6: from what the tax was computed.
    pub taxed_on: TaxedOn,
    /// The tax.
    pub tax: Money,
    /// What the beneficiary receives.
    pub net: Money,
    /// What it costs the bank.
    pub cost: Money,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

impl CashTerms {
    /// Everything wrong with the terms; empty when nothing is. Fields are named from the role rule and the plan on.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = self.rule.faults(self.currency);
        faults.extend(self.limits.faults(self.currency));
        faults.extend(self.tax.faults(self.currency));
        faults
    }
}

/// The reward of one event. The terms are checked too, so that no unchecked plan ever pays.
///
/// # Errors
/// The first fault of the terms; `NegativeAmount` and `CurrencyMismatch` of the input; `OutOfRange` of the result.
pub fn decide(terms: &CashTerms, input: &CashInput) -> Result<CashReward, CalculationError> {
    if let Some(fault) = terms.faults().first() {
        return Err(fault.error);
    }
    input.check(terms.currency)?;
    let mut trace = Trace::new();
    input.write_down(terms.rounding, &mut trace);

    let bounded = terms.rule.bounded(input.qualifying_amount, input.tier.as_deref(), &mut trace);
    let gross = round_to_minor(&bounded.bounded, terms.currency, terms.rounding)?;
    trace.step("gross", gross);
    let (left, reasons) = terms.limits.apply(Stock::cash(gross), &input.used, &mut trace)?;
    let reward = left.value()?;
    trace_reward(&mut trace, reward, &reasons);
    let taxed = terms.tax.apply(reward, terms.rounding, &mut trace)?;

    Ok(CashReward {
        base: bounded.base,
        tiered: bounded.tiered,
        bounded: bounded.bounded,
        gross,
        reward,
        reasons,
        taxed_on: taxed.on,
        tax: taxed.tax,
        net: taxed.net,
        cost: taxed.cost,
        steps: trace.into_steps(),
    })
}

/// The step that closes §4.
pub(super) fn trace_reward(trace: &mut Trace, reward: Money, reasons: &[Reason]) {
    match reasons {
        [] => trace.step("reward", reward),
        [reason] => trace.because("reward", reward, reason.name()),
        several => {
            let names: Vec<&str> = several.iter().map(|reason| reason.name()).collect();
            trace.because("reward", reward, names.join(", "));
        }
    }
}

impl CashInput {
    pub(super) fn check(&self, currency: Currency) -> Result<(), CalculationError> {
        for amount in [self.qualifying_amount, self.used.in_window, self.used.by_plan] {
            amount.check(currency)?;
        }
        if self.used.count < 0 { Err(CalculationError::NegativeAmount) } else { Ok(()) }
    }

    pub(super) fn write_down(&self, rounding: Rounding, trace: &mut Trace) {
        trace.step("qualifying_amount", self.qualifying_amount);
        if let Some(tier) = &self.tier {
            trace.step("tier", tier);
        }
        if let Some(window) = &self.window {
            trace.step("window", window);
        }
        trace.step("rounding", rounding);
    }
}

/// The reward of a stored event under the version of the calculation that it was stored with.
///
/// # Errors
/// `UnknownVersion`, and those of [`decide`].
pub fn recompute(version: u32, terms: &CashTerms, input: &CashInput) -> Result<CashReward, CalculationError> {
    match version {
        CALCULATION_VERSION => decide(terms, input),
        unknown => Err(CalculationError::UnknownVersion(unknown)),
    }
}
