//! What several files write alike: rules, caps, tax.

use std::collections::BTreeMap;

use handsel_money::{Currency, Money, MoneyError, Rate, parse_decimal};
use handsel_reward::domain::calculation::caps::{Limits, OnExceed, Used};
use handsel_reward::domain::calculation::error::CalculationError;
use handsel_reward::domain::calculation::rule::{Base, GraduatedBracket, Quantity, Rule, SlabBracket};
use handsel_reward::domain::calculation::tax::{Basis, BorneBy, FlatTax, Tax};
use serde::Deserialize;

/// Reads what a rule pays: money, or a quantity.
pub(crate) type Reads<A> = fn(Currency, &str) -> Result<A, CalculationError>;

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub(crate) enum RuleIn {
    Fixed { amount: String, min: Option<String>, max: Option<String> },
    Percent { rate: String, min: Option<String>, max: Option<String> },
    Slab { brackets: Vec<BracketIn>, min: Option<String>, max: Option<String> },
    Graduated { brackets: Vec<BracketIn>, min: Option<String>, max: Option<String> },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BracketIn {
    lower: String,
    fixed: Option<String>,
    rate: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "scheme", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub(crate) enum TaxIn {
    None,
    Flat { rate: String, exempt_up_to: String, basis: Basis, borne_by: BorneBy },
}

pub(crate) fn money(currency: Currency, text: &str) -> Result<Money, CalculationError> {
    Ok(Money::parse_major(currency, text)?)
}

pub(crate) fn quantity(_: Currency, text: &str) -> Result<Quantity, CalculationError> {
    Quantity::from_decimal(parse_decimal(text)?)
}

/// An amount in its own currency where one is named.
pub(crate) fn money_in(currency: Currency, other: Option<&str>, text: &str) -> Result<Money, CalculationError> {
    money(other.map_or(Ok(currency), str::parse)?, text)
}

impl RuleIn {
    pub(crate) fn read<A>(
        &self,
        currency: Currency,
        multipliers: &BTreeMap<String, String>,
        reads: Reads<A>,
    ) -> Result<Rule<A>, CalculationError> {
        let rate = |text: &Option<String>| text.as_deref().map(Rate::parse).transpose();
        let paid = |text: &Option<String>| text.as_deref().map(|text| reads(currency, text)).transpose();
        let (base, min, max) = match self {
            Self::Fixed { amount, min, max } => (Base::Fixed { amount: reads(currency, amount)? }, min, max),
            Self::Percent { rate, min, max } => (Base::Percent { rate: Rate::parse(rate)? }, min, max),
            Self::Slab { brackets, min, max } => {
                let read = |bracket: &BracketIn| {
                    SlabBracket::new(money(currency, &bracket.lower)?, paid(&bracket.fixed)?, rate(&bracket.rate)?)
                };
                (Base::Slab { brackets: brackets.iter().map(read).collect::<Result<_, _>>()? }, min, max)
            }
            Self::Graduated { brackets, min, max } => {
                let read = |bracket: &BracketIn| -> Result<_, CalculationError> {
                    let lower = money(currency, &bracket.lower)?;
                    Ok(GraduatedBracket { lower, rate: rate(&bracket.rate)?, fixed: paid(&bracket.fixed)? })
                };
                (Base::Graduated { brackets: brackets.iter().map(read).collect::<Result<_, _>>()? }, min, max)
            }
        };
        let multipliers = multipliers.iter().map(|(tier, multiplier)| Ok((tier.clone(), Rate::parse(multiplier)?)));
        let multipliers = multipliers.collect::<Result<_, MoneyError>>()?;
        Ok(Rule { base, multipliers, minimum: paid(min)?, maximum: paid(max)? })
    }
}

impl TaxIn {
    pub(crate) fn read(&self, currency: Currency) -> Result<Tax, CalculationError> {
        Ok(match self {
            Self::None => Tax::None,
            Self::Flat { rate, exempt_up_to, basis, borne_by } => Tax::Flat(FlatTax {
                rate: Rate::parse(rate)?,
                exempt_up_to: money(currency, exempt_up_to)?,
                basis: *basis,
                borne_by: *borne_by,
            }),
        })
    }
}

/// The limits of a plan, as each file writes them.
#[derive(Default)]
pub(crate) struct LimitsIn<'a> {
    pub(crate) count_cap: Option<i64>,
    pub(crate) amount_cap: Option<&'a str>,
    pub(crate) amount_cap_currency: Option<&'a str>,
    pub(crate) budget: Option<&'a str>,
    pub(crate) budget_currency: Option<&'a str>,
    pub(crate) on_exceed: Option<OnExceed>,
}

impl LimitsIn<'_> {
    pub(crate) fn read(&self, currency: Currency) -> Result<Limits, CalculationError> {
        let read = |amount: Option<&str>, other| amount.map(|text| money_in(currency, other, text)).transpose();
        assert!(
            self.on_exceed.is_some() || (self.amount_cap.is_none() && self.budget.is_none()),
            "a case with a cap on amount or a budget says what happens beyond it"
        );
        Ok(Limits {
            count_cap: self.count_cap,
            amount_cap: read(self.amount_cap, self.amount_cap_currency)?,
            budget: read(self.budget, self.budget_currency)?,
            on_exceed: self.on_exceed.unwrap_or(OnExceed::Reduce),
        })
    }
}

/// What has been granted before, as the files write it.
pub(crate) fn used(
    currency: Currency,
    count: Option<i64>,
    in_window: Option<&str>,
    by_plan: Option<&str>,
) -> Result<Used, CalculationError> {
    Ok(Used {
        count: count.unwrap_or(0),
        in_window: money(currency, in_window.unwrap_or("0"))?,
        by_plan: money(currency, by_plan.unwrap_or("0"))?,
    })
}
