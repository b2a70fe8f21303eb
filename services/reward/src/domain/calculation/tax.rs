//! Specification §5: what is withheld, or what the bank bears on top.

use handsel_money::{Currency, Exact, Money, Rate, Rounding, round_to_minor};
use serde::{Deserialize, Serialize};

use super::error::CalculationError;
use super::rule::{Fault, Payable};
use super::trace::{Step, Trace};

/// A plan's scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Tax {
    /// Rewards are not taxed.
    None,
    /// At one rate.
    Flat(FlatTax),
}

/// A tax at one rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlatTax {
    /// `0 ≤ rate < 1`.
    pub rate: Rate,
    /// Rewards up to this are not taxed.
    pub exempt_up_to: Money,
    /// What of a reward above that is taxed.
    pub basis: Basis,
    /// Who bears it.
    pub borne_by: BorneBy,
}

/// What of a reward above the exemption is taxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Basis {
    /// All of it.
    Whole,
    /// What is above the exemption.
    Excess,
}

/// Who bears the tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BorneBy {
    /// It is withheld from the reward.
    Recipient,
    /// The bank pays it on top.
    Bank,
}

/// A reward after tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taxed {
    /// From what the tax was computed.
    pub on: TaxedOn,
    /// The tax.
    pub tax: Money,
    /// What the beneficiary receives.
    pub net: Money,
    /// What it costs the bank.
    pub cost: Money,
}

/// From what a tax was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxedOn {
    /// There is no tax.
    Nothing,
    /// Withheld from this part of the reward.
    Taxable(Money),
    /// Paid on top of the reward, which makes this.
    Grossed(Money),
}

/// The tax on a reward alone, with every step that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxedReward {
    /// The amounts.
    pub taxed: Taxed,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

/// The tax on a reward alone. The scheme is checked too.
///
/// # Errors
/// The first fault of the scheme; `NegativeAmount`, `OutOfRange`.
pub fn decide(tax: &Tax, reward: Money, rounding: Rounding) -> Result<TaxedReward, CalculationError> {
    if let Some(fault) = tax.faults(reward.currency()).first() {
        return Err(fault.error);
    }
    reward.check(reward.currency())?;
    let mut trace = Trace::new();
    trace.step("reward", reward);
    trace.step("rounding", rounding);
    let taxed = tax.apply(reward, rounding, &mut trace)?;
    Ok(TaxedReward { taxed, steps: trace.into_steps() })
}

impl Tax {
    /// Everything wrong with the scheme in a plan of this currency; empty when nothing is.
    #[must_use]
    pub fn faults(&self, currency: Currency) -> Vec<Fault> {
        let Self::Flat(flat) = self else { return Vec::new() };
        let mut faults = Vec::new();
        if flat.rate >= Rate::ONE {
            faults.push(Fault { field: "tax.rate".to_owned(), error: CalculationError::TaxRate });
        }
        if let Err(error) = flat.exempt_up_to.check(currency) {
            faults.push(Fault { field: "tax.exempt_up_to".to_owned(), error });
        }
        faults
    }

    pub(super) fn apply(
        &self,
        reward: Money,
        rounding: Rounding,
        trace: &mut Trace,
    ) -> Result<Taxed, CalculationError> {
        let taxed = match self {
            Self::None => {
                let tax = Money::zero(reward.currency());
                Taxed { on: TaxedOn::Nothing, tax, net: reward, cost: reward }
            }
            Self::Flat(flat) => {
                trace.step("tax_rate", flat.rate);
                trace.step("tax_exempt_up_to", flat.exempt_up_to);
                match flat.borne_by {
                    BorneBy::Recipient => flat.withheld(reward, rounding, trace)?,
                    BorneBy::Bank => flat.on_top(reward, rounding, trace)?,
                }
            }
        };
        trace.step("tax", taxed.tax);
        trace.step("net", taxed.net);
        trace.step("cost", taxed.cost);
        Ok(taxed)
    }
}

impl FlatTax {
    fn withheld(&self, reward: Money, rounding: Rounding, trace: &mut Trace) -> Result<Taxed, CalculationError> {
        let (taxable, reason) = if reward.minor() <= self.exempt_up_to.minor() {
            (Money::zero(reward.currency()), "EXEMPT")
        } else {
            match self.basis {
                Basis::Whole => (reward, "WHOLE"),
                Basis::Excess => (reward.checked_sub(self.exempt_up_to)?, "EXCESS"),
            }
        };
        trace.because("taxable", taxable, reason);
        let tax = round_to_minor(&taxable.exact().times(&self.rate.exact()), reward.currency(), rounding)?;
        Ok(Taxed { on: TaxedOn::Taxable(taxable), tax, net: reward.checked_sub(tax)?, cost: reward })
    }

    fn on_top(&self, reward: Money, rounding: Rounding, trace: &mut Trace) -> Result<Taxed, CalculationError> {
        let (grossed, reason) = if reward.minor() <= self.exempt_up_to.minor() {
            (reward, "EXEMPT")
        } else {
            match self.basis {
                Basis::Whole => (self.grossed_up(&reward.exact(), reward.currency(), rounding)?, "WHOLE"),
                Basis::Excess => {
                    let untaxed = self.exempt_up_to.exact().times(&self.rate.exact());
                    let from = reward.exact().minus(&untaxed);
                    (self.grossed_up(&from, reward.currency(), rounding)?, "EXCESS")
                }
            }
        };
        trace.because("grossed", grossed, reason);
        Ok(Taxed { on: TaxedOn::Grossed(grossed), tax: grossed.checked_sub(reward)?, net: reward, cost: grossed })
    }

    /// `round(from / (1 − rate))`.
    fn grossed_up(&self, from: &Exact, currency: Currency, rounding: Rounding) -> Result<Money, CalculationError> {
        let kept = Exact::ONE.minus(&self.rate.exact());
        let grossed = from.over(&kept).ok_or(CalculationError::TaxRate)?;
        Ok(round_to_minor(&grossed, currency, rounding)?)
    }
}
