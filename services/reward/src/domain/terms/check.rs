//! Everything that can be wrong with the terms of a plan, found at once.

use super::{Budgets, Gives, Jurisdiction, MilestoneTerms, Payment, RoleTerms};
use crate::domain::{
    calculation::{caps::Limits, rule::Payable as _, tax::Tax, window::Window},
    profile::Profile,
    rate_rule::RateLimits,
    refusal::Fault,
    reward::Role,
};
use handsel_money::{Currency, Money};

/// Terms as they are proposed, as far as they could be read: what could not is a fault already, and hides no other.
#[derive(Debug)]
pub struct Proposal<'a> {
    /// The currency of every amount.
    pub currency: Currency,
    /// What each role is to get, in the order proposed.
    pub roles: &'a [Option<RoleTerms>],
    /// What milestones are to pay, in the order proposed.
    pub milestones: &'a [Option<MilestoneTerms>],
    /// In which window they are to be counted.
    pub milestone_window: Option<Window>,
    /// Caps and budget.
    pub limits: &'a Limits,
    /// The other budgets.
    pub budgets: &'a Budgets,
    /// How much may be offered as preferential rates.
    pub rate_limits: &'a RateLimits,
    /// How rewards are to be taxed.
    pub tax: Option<&'a Tax>,
    /// From where on rewards are to be reported.
    pub reporting_threshold: Option<Money>,
    /// What is to be asked before and after it is paid.
    pub payment: &'a Payment,
    /// Under which rules it is to stand.
    pub standing: &'a Jurisdiction,
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
        for (at, milestone) in self.milestones.iter().enumerate() {
            if let Some(milestone) = milestone {
                faults.extend(self.milestone_faults(at, milestone));
            }
        }
        if self.milestone_window.is_some() == self.milestones.is_empty() {
            faults.push(Fault::new("milestone_window", "it is required with milestones, and only with them"));
        }
        let of_limits = self.limits.faults(self.currency);
        let of_tax = self.tax.map(|tax| tax.faults(self.currency)).unwrap_or_default();
        let of_both = of_limits.into_iter().chain(of_tax);
        faults.extend(of_both.map(|fault| Fault::new(fault.field, fault.error.to_string())));
        faults.extend(self.budgets.faults(self.currency));
        faults.extend(self.rate_limits.faults(self.currency));
        faults.extend(self.payment.faults(self.currency));
        if let Some(Err(error)) = self.reporting_threshold.map(|threshold| threshold.check(self.currency)) {
            faults.push(Fault::new("reporting_threshold", error.to_string()));
        }
        if self.standing.profile != Profile::Open && self.standing.fact.is_none() {
            faults.push(Fault::new("qualifying_fact", "it is required under this profile"));
        }
        faults
    }

    fn role_faults(&self, at: usize, role: &RoleTerms) -> Vec<Fault> {
        let path = |field: &str| format!("role_rules[{at}].{field}");
        let mut faults = Vec::new();
        if self
            .roles
            .iter()
            .take(at)
            .flatten()
            .any(|earlier| (earlier.role, &earlier.stage) == (role.role, &role.stage))
        {
            faults.push(Fault::new(path("role"), "each role has one rule at most for each stage"));
        }
        let of_a_customer = matches!(role.role, Role::Referrer | Role::Referee);
        if !of_a_customer && role.gives.rate().is_some() {
            faults.push(Fault::new(path("role"), "a preferential rate is for a customer"));
        }
        if role.role == Role::Team && !matches!(role.gives, Gives::Cash { .. }) {
            faults.push(Fault::new(path("role"), "a team shares money"));
        }
        let of_rule = role.gives.faults(self.currency, self.tax).into_iter();
        faults.extend(of_rule.map(|fault| Fault::new(path(&fault.field), fault.description)));
        faults
    }

    fn milestone_faults(&self, at: usize, milestone: &MilestoneTerms) -> Vec<Fault> {
        let path = |field: &str| format!("milestones[{at}].{field}");
        let mut faults = Vec::new();
        if self.milestones.iter().take(at).flatten().any(|earlier| earlier.id == milestone.id) {
            faults.push(Fault::new(path("id"), "each milestone has an id of its own"));
        }
        if milestone.gives.rate().is_some() {
            faults.push(Fault::new(path("reward"), "a milestone pays money, points or items, without a choice"));
        }
        let of_rule = milestone.gives.faults(self.currency, self.tax).into_iter();
        faults.extend(of_rule.map(|fault| Fault::new(path(&format!("reward.{}", fault.field)), fault.description)));
        faults
    }
}
