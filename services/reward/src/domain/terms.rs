//! What a plan pays: its terms, checked as a whole before they are ever kept.

mod payment;

pub use payment::{ApprovalBand, Approver, GateCheck, Payment, band_of};

use super::{
    calculation::{caps::Limits, cash::CashTerms, rule::RoleRule, tax::Tax, window::Window},
    plan::Plan,
    refusal::{Fault, Refusal},
    reward::Role,
};
use handsel_money::{Currency, Rounding, Zone};
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
    /// What each role gets, a role at most once for each stage.
    pub roles: Vec<RoleTerms>,
    /// The window of the beneficiary's caps; absent: no such caps.
    pub window: Option<Window>,
    /// Caps and budget.
    pub limits: Limits,
    /// How rewards are taxed.
    pub tax: Tax,
    /// Whole days from qualification to the day a reward is due.
    pub holding_days: i32,
    /// What is asked before and after it is paid.
    pub payment: Payment,
}

/// What one role gets for one stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleTerms {
    /// Who.
    pub role: Role,
    /// For which stage of a referral; empty: the whole referral.
    pub stage: String,
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
    /// What is to be asked before and after it is paid.
    pub payment: &'a Payment,
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
        faults.extend(self.payment.faults(self.currency));
        faults
    }

    fn role_faults(&self, at: usize, role: &RoleTerms) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self
            .roles
            .iter()
            .take(at)
            .flatten()
            .any(|earlier| (earlier.role, &earlier.stage) == (role.role, &role.stage))
        {
            faults.push(Fault::new(format!("role_rules[{at}].role"), "each role has one rule at most for each stage"));
        }
        let of_rule = role.rule.faults(self.currency).into_iter();
        faults.extend(
            of_rule.map(|fault| Fault::new(format!("role_rules[{at}].{}", fault.field), fault.error.to_string())),
        );
        faults
    }
}

impl Terms {
    /// What the calculation needs of each role, the referrer first.
    fn in_force(&self) -> Vec<RoleInForce> {
        let mut roles: Vec<_> = self.roles.iter().map(|role| self.role_in_force(role)).collect();
        roles.sort_by_key(|role| role.role);
        roles
    }

    fn role_in_force(&self, role: &RoleTerms) -> RoleInForce {
        let terms = CashTerms {
            currency: self.currency,
            rounding: self.rounding,
            rule: role.rule.clone(),
            limits: self.limits.clone(),
            tax: self.tax.clone(),
        };
        RoleInForce { role: role.role, stage: role.stage.clone(), terms }
    }
}

/// What one role gets for one stage, ready to be computed with.
#[derive(Clone, Debug)]
pub struct RoleInForce {
    /// Who.
    pub role: Role,
    /// For which stage of a referral; empty: the whole referral.
    pub stage: String,
    /// What the calculation needs.
    pub terms: CashTerms,
}

/// A plan version that is in force, ready to be computed with. It never changes, so it is read once.
#[derive(Clone, Debug)]
pub struct PlanInForce {
    /// The plan.
    pub plan: Plan,
    /// What the calculation needs of each role, the referrer first.
    pub roles: Vec<RoleInForce>,
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
        Ok(Self { roles: plan.terms.in_force(), plan })
    }

    /// What each role gets for a stage, the referrer first; nothing where the plan does not name the stage.
    pub fn of_stage<'a, 'b>(&'a self, stage: &'b str) -> impl Iterator<Item = &'a RoleInForce> + use<'a, 'b> {
        self.roles.iter().filter(move |role| role.stage == stage)
    }
}
