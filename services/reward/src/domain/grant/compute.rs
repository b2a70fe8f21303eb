//! One reward by the terms of its plan: money, points or items alike, within every budget that the plan has.

use crate::domain::{
    calculation::{
        caps::{Limits, OnExceed, Reason},
        cash::{self, CashInput, CashTerms},
        error::CalculationError,
        noncash,
        rule::{Base, RoleRule},
        tax::Tax,
        trace::Step,
    },
    reward::Amounts,
    terms::RewardTerms,
};
use handsel_money::{Money, Rounding};
use std::{borrow::Cow, fmt::Display};

/// One reward, with every step that led to it.
pub(super) struct Computed {
    pub(super) amounts: Amounts,
    /// How many points or items; 0 of money.
    pub(super) quantity: i64,
    pub(super) reasons: Vec<Reason>,
    pub(super) steps: Vec<Step>,
}

impl Computed {
    /// Whether there is anything to give: only that counts.
    pub(super) fn is_something(&self) -> bool {
        self.amounts.reward.is_positive() || self.quantity > 0
    }
}

/// Computes by one set of terms.
pub(super) fn compute(terms: &RewardTerms, input: &CashInput) -> Result<Computed, CalculationError> {
    Ok(match terms {
        RewardTerms::Cash(terms) => {
            let cash::CashReward { gross, reward, tax, net, cost, reasons, steps, .. } = cash::decide(terms, input)?;
            Computed { amounts: Amounts { gross, reward, tax, net, cost }, quantity: 0, reasons, steps }
        }
        RewardTerms::NonCash(terms) => {
            let given = noncash::decide(terms, input)?;
            let noncash::NonCashReward { gross, reward, reward_quantity, tax, net, cost, reasons, steps, .. } = given;
            let amounts = Amounts { gross, reward, tax, net, cost };
            Computed { amounts, quantity: reward_quantity.get(), reasons, steps }
        }
    })
}

/// A budget that leaves less than the plan's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tighter {
    pub(super) budget: Money,
    pub(super) granted: Money,
}

/// The same terms and input under a tighter budget.
pub(super) fn under(tighter: Tighter, terms: &RewardTerms, input: &mut CashInput) -> RewardTerms {
    input.used.by_plan = tighter.granted;
    let limits = |limits: &Limits| Limits { budget: Some(tighter.budget), ..limits.clone() };
    match terms {
        RewardTerms::Cash(terms) => RewardTerms::Cash(CashTerms { limits: limits(&terms.limits), ..terms.clone() }),
        RewardTerms::NonCash(terms) => {
            RewardTerms::NonCash(noncash::NonCashTerms { limits: limits(&terms.limits), ..terms.clone() })
        }
    }
}

/// The most of a reward that costs no more than the room, tax included. The cost rises with the reward.
pub(super) fn most_that_costs(
    room: Money,
    reward: Money,
    tax: &Tax,
    rounding: Rounding,
) -> Result<Money, CalculationError> {
    let currency = reward.currency();
    let (mut fits, mut too_much) = (0_i64, reward.minor());
    while too_much.saturating_sub(fits) > 1 {
        let middle = fits.midpoint(too_much);
        if cost_of(Money::new(currency, middle), tax, rounding)?.minor() <= room.minor() {
            fits = middle;
        } else {
            too_much = middle;
        }
    }
    Ok(Money::new(currency, fits))
}

fn cost_of(amount: Money, tax: &Tax, rounding: Rounding) -> Result<Money, CalculationError> {
    let terms = fixed(amount, Limits::none(), tax.clone(), rounding);
    Ok(cash::decide(&terms, &nothing_used(Money::zero(amount.currency())))?.cost)
}

/// Terms that give just this amount.
pub(super) fn fixed(amount: Money, limits: Limits, tax: Tax, rounding: Rounding) -> CashTerms {
    let rule = RoleRule::plain(Base::Fixed { amount });
    CashTerms { currency: amount.currency(), rounding, rule, limits, tax }
}

/// An event of this amount, before anything was granted.
pub(super) fn nothing_used(qualifying_amount: Money) -> CashInput {
    let used = crate::domain::calculation::caps::Used::nothing(qualifying_amount.currency());
    CashInput { qualifying_amount, tier: None, window: None, used }
}

/// A step of the grant itself, before the calculation's own.
pub(super) fn step(name: &'static str, value: &dyn Display, reason: impl Into<Cow<'static, str>>) -> Step {
    Step { step: Cow::Borrowed(name), value: value.to_string(), reason: Some(reason.into()) }
}

/// What a plan does with what exceeds a budget.
pub(super) fn on_exceed(terms: &RewardTerms) -> OnExceed {
    match terms {
        RewardTerms::Cash(terms) => terms.limits.on_exceed,
        RewardTerms::NonCash(terms) => terms.limits.on_exceed,
    }
}
