//! Cash against a preferential rate: what each is worth to the customer and costs the bank, and which is dearer.

use std::cmp::Ordering;

use handsel_money::{Decimal, Money};
use serde::{Deserialize, Serialize};

use super::cash::CashReward;
use super::deposit::{self, Deposit, DepositGrant};
use super::error::CalculationError;
use super::loan::{self, Loan, LoanGrant};
use super::trace::{Step, Trace};

/// One side of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Side {
    /// The cash.
    Cash,
    /// The rate.
    Rate,
    /// Neither: to the minor unit the same.
    Equal,
}

/// What one side of a choice is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    /// To the customer.
    pub benefit: Money,
    /// To the bank.
    pub cost: Money,
}

/// Cash and rate held against each other, with every step that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The cash: net to the customer; with the tax it bears to the bank.
    pub cash: Worth,
    /// What the rate is worth, to the customer as to the bank; none where the loan without it cannot be repaid.
    pub rate_benefit: Option<Money>,
    /// Which costs the bank more.
    pub dearer: Option<Side>,
    /// Which leaves the customer more.
    pub better_for_customer: Option<Side>,
    /// Every step, in order.
    pub steps: Vec<Step>,
}

/// A deposit with its uplifts and without them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositSides {
    /// With.
    pub with: DepositGrant,
    /// Without.
    pub without: DepositGrant,
}

/// A loan with its discounts and without them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanSides {
    /// With.
    pub with: LoanGrant,
    /// Without; none where its instalment does not cover the interest.
    pub without: Option<LoanGrant>,
}

/// A deposit with and without its uplifts.
///
/// # Errors
/// Those of [`deposit::decide`].
pub fn deposit_sides(deposit: &Deposit) -> Result<DepositSides, CalculationError> {
    let plain = Deposit { uplifts: Vec::new(), ..deposit.clone() };
    Ok(DepositSides { with: deposit::decide(deposit)?, without: deposit::decide(&plain)? })
}

/// A loan with and without its discounts.
///
/// # Errors
/// Those of [`loan::decide`].
pub fn loan_sides(loan: &Loan) -> Result<LoanSides, CalculationError> {
    let plain = Loan { discounts: Vec::new(), ..loan.clone() };
    let with = loan::decide(loan)?;
    let without = match loan::decide(&plain) {
        Ok(without) => Some(without),
        Err(CalculationError::InterestNotCovered) => None,
        Err(other) => return Err(other),
    };
    Ok(LoanSides { with, without })
}

/// What cash is worth.
#[must_use]
pub const fn worth_of_cash(reward: &CashReward) -> Worth {
    Worth { benefit: reward.net, cost: reward.cost }
}

/// Holds cash against the benefit of a rate; `yearly_costs` are a loan's, with and without.
///
/// # Errors
/// `CurrencyMismatch`.
pub fn compare(
    cash: Worth,
    rate_benefit: Option<Money>,
    yearly_costs: Option<(Decimal, Option<Decimal>)>,
) -> Result<Comparison, CalculationError> {
    let mut trace = Trace::new();
    trace.step("cash_benefit", cash.benefit);
    trace.step("cash_cost", cash.cost);
    if let Some((with, without)) = yearly_costs {
        trace.step("yearly_cost_with", with);
        if let Some(without) = without {
            trace.step("yearly_cost_without", without);
        }
    }
    let mut dearer = None;
    let mut better_for_customer = None;
    if let Some(rate) = rate_benefit {
        trace.step("rate_benefit", rate);
        dearer = Some(larger(cash.cost, rate)?);
        better_for_customer = Some(larger(cash.benefit, rate)?);
    }
    for (step, side) in [("dearer", dearer), ("better_for_customer", better_for_customer)] {
        if let Some(side) = side {
            trace.step(step, side.name());
        }
    }
    Ok(Comparison { cash, rate_benefit, dearer, better_for_customer, steps: trace.into_steps() })
}

fn larger(cash: Money, rate: Money) -> Result<Side, CalculationError> {
    cash.same_currency(rate)?;
    Ok(match cash.minor().cmp(&rate.minor()) {
        Ordering::Greater => Side::Cash,
        Ordering::Less => Side::Rate,
        Ordering::Equal => Side::Equal,
    })
}

impl Side {
    /// Its name, as contracts and traces spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash => "CASH",
            Self::Rate => "RATE",
            Self::Equal => "EQUAL",
        }
    }
}
