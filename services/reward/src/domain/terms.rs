//! What a plan pays: its terms, checked as a whole before they are ever kept.

use super::{
    calculation::{caps::Limits, cash::CashTerms, rule::RoleRule, tax::Tax, window::Window},
    plan::Plan,
    refusal::{Fault, Refusal},
    reward::Role,
};
use handsel_money::{Currency, Money, Rounding, Zone};
use serde::{Deserialize, Serialize};

/// The terms of one plan version. All amounts are in its one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The currency of every amount.
    pub currency: Currency,
    /// Windows and days are counted in it.
    pub zone: Zone,
    /// For everything the plan computes.
    pub rounding: Rounding,
    /// What each role gets, a role at most once.
    pub roles: Vec<RoleTerms>,
    /// The window of the beneficiary's caps; absent: no such caps.
    pub window: Option<Window>,
    /// Caps and budget.
    pub limits: Limits,
    /// How rewards are taxed.
    pub tax: Tax,
    /// Whole days from qualification to the day a reward is due.
    pub holding_days: i32,
    /// A reward of this amount or more waits for a person.
    pub approval_threshold: Option<Money>,
}

/// What one role gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleTerms {
    /// Who.
    pub role: Role,
    /// How much.
    pub rule: RoleRule,
}

/// Terms as they are proposed, as far as they could be read: what could not is a fault already, and hides no other.
#[derive(Debug)]
pub struct Proposal<'a> {
    /// The currency of every amount.
    pub currency: Currency,
    /// What each role is to get, in the order proposed.
    pub roles: &'a [Option<RoleTerms>],
    /// Caps and budget.
    pub limits: &'a Limits,
    /// How rewards are to be taxed.
    pub tax: Option<&'a Tax>,
    /// From where on a person is asked.
    pub approval_threshold: Option<Money>,
}

impl Proposal<'_> {
    /// Everything wrong with it, one fault each, by the field's path in the plan; empty when nothing is.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (at, role) in self.roles.iter().enumerate() {
            if let Some(role) = role {
                faults.extend(self.role_faults(at, role));
            }
        }
        let of_limits = self.limits.faults(self.currency);
        let of_tax = self.tax.map(|tax| tax.faults(self.currency)).unwrap_or_default();
        let of_both = of_limits.into_iter().chain(of_tax);
        faults.extend(of_both.map(|fault| Fault::new(fault.field, fault.error.to_string())));
        faults.extend(self.threshold_fault());
        faults
    }

    fn role_faults(&self, at: usize, role: &RoleTerms) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.roles.iter().take(at).flatten().any(|earlier| earlier.role == role.role) {
            faults.push(Fault::new(format!("role_rules[{at}].role"), "each role has one rule at most"));
        }
        let of_rule = role.rule.faults(self.currency).into_iter();
        faults.extend(
            of_rule.map(|fault| Fault::new(format!("role_rules[{at}].{}", fault.field), fault.error.to_string())),
        );
        faults
    }

    fn threshold_fault(&self) -> Option<Fault> {
        let threshold = self.approval_threshold?;
        if threshold.currency() != self.currency {
            return Some(Fault::new("approval_threshold", "it is in another currency than the plan"));
        }
        threshold.is_negative().then(|| Fault::new("approval_threshold", "an amount is below zero"))
    }
}

impl Terms {
    /// What the calculation needs of each role, the referrer first.
    fn cash_terms(&self) -> Vec<(Role, CashTerms)> {
        let mut of_roles: Vec<_> = self.roles.iter().map(|role| (role.role, self.cash_terms_of(role))).collect();
        of_roles.sort_by_key(|(role, _)| *role);
        of_roles
    }

    fn cash_terms_of(&self, role: &RoleTerms) -> CashTerms {
        CashTerms {
            currency: self.currency,
            rounding: self.rounding,
            rule: role.rule.clone(),
            limits: self.limits.clone(),
            tax: self.tax.clone(),
        }
    }
}

/// A plan version that is in force, ready to be computed with. It never changes, so it is read once.
#[derive(Clone, Debug)]
pub struct PlanInForce {
    /// The plan.
    pub plan: Plan,
    /// What the calculation needs of each role, the referrer first.
    pub roles: Vec<(Role, CashTerms)>,
}

impl PlanInForce {
    /// The plan, if it is in force.
    ///
    /// # Errors
    /// [`Refusal::PlanNotActive`].
    pub fn of(plan: Plan) -> Result<Self, Refusal> {
        if !plan.is_active() {
            return Err(Refusal::PlanNotActive(plan.name()));
        }
        Ok(Self { roles: plan.terms.cash_terms(), plan })
    }
}
