//! What a role or a milestone gives: money, points or items, or a preferential rate.

use super::super::{
    calculation::{
        caps::Limits,
        noncash::{NonCashKind, NonCashTerms},
        rule::{Payable as _, Quantity, RoleRule, Rule},
        tax::{BorneBy, FlatTax, Tax},
    },
    rate_rule::{RateChoice, RateRule},
    refusal::Fault,
    reward::Kind,
};
use handsel_money::{Currency, Money};
use serde::{Deserialize, Serialize};

/// What is given, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gives {
    /// Money.
    Cash {
        /// How much.
        rule: RoleRule,
        /// The rate that the beneficiary may take instead.
        choice: Option<RateChoice>,
    },
    /// Points or items.
    NonCash(NonCashRule),
    /// A preferential rate.
    Rate(RateRule),
}

/// So many points, or so many of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonCashRule {
    /// What it is.
    pub kind: NonCashKind,
    /// What people and the bank call it.
    pub label: String,
    /// What one of it is declared to be worth.
    pub value_per_unit: Money,
    /// How many.
    pub rule: Rule<Quantity>,
}

impl Gives {
    /// Money by a rule, and nothing else to choose.
    pub fn cash(rule: RoleRule) -> Self {
        Self::Cash { rule, choice: None }
    }

    /// What its rewards are.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Cash { .. } => Kind::Cash,
            Self::NonCash(NonCashRule { kind: NonCashKind::Points, .. }) => Kind::Points,
            Self::NonCash(_) => Kind::Item,
            Self::Rate(_) => Kind::Rate,
        }
    }

    /// The rate that it offers, alone or to be chosen.
    pub fn rate(&self) -> Option<&RateRule> {
        match self {
            Self::Cash { choice, .. } => choice.as_ref().map(|choice| &choice.rate),
            Self::NonCash(_) => None,
            Self::Rate(rate) => Some(rate),
        }
    }

    /// Everything wrong with it in a plan of this currency and tax, by the field's path in the rule.
    pub(super) fn faults(&self, currency: Currency, tax: Option<&Tax>) -> Vec<Fault> {
        match self {
            Self::Cash { rule, choice } => {
                let of_rule = rule.faults(currency).into_iter();
                let mut faults: Vec<Fault> =
                    of_rule.map(|fault| Fault::new(fault.field, fault.error.to_string())).collect();
                let of_choice = choice.iter().flat_map(|choice| choice.faults(currency));
                faults.extend(of_choice.map(|fault| Fault::new(format!("choice.{}", fault.field), fault.description)));
                faults
            }
            Self::NonCash(rule) => rule.faults(currency, tax),
            Self::Rate(rule) => {
                let of_rule = rule.faults(currency).into_iter();
                of_rule.map(|fault| Fault::new(format!("rate.{}", fault.field), fault.description)).collect()
            }
        }
    }
}

impl NonCashRule {
    /// What the calculation needs.
    pub(super) fn terms(
        &self,
        (currency, rounding): (Currency, handsel_money::Rounding),
        limits: &Limits,
        tax: &Tax,
    ) -> NonCashTerms {
        NonCashTerms {
            currency,
            rounding,
            kind: self.kind,
            value_per_unit: self.value_per_unit,
            rule: self.rule.clone(),
            limits: limits.clone(),
            tax: tax.clone(),
        }
    }

    fn faults(&self, currency: Currency, tax: Option<&Tax>) -> Vec<Fault> {
        let of_rule = self.rule.faults(currency).into_iter();
        let mut faults: Vec<Fault> =
            of_rule.map(|fault| Fault::new(format!("non_cash.{}", fault.field), fault.error.to_string())).collect();
        if let Err(error) = self.value_per_unit.check(currency) {
            faults.push(Fault::new("non_cash.value_per_unit", error.to_string()));
        }
        if let Some(Tax::Flat(FlatTax { borne_by: BorneBy::Recipient, .. })) = tax {
            faults.push(Fault::new("non_cash", "nothing can be withheld from it: the bank has to bear the plan's tax"));
        }
        faults
    }
}
