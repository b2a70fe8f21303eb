//! A plan version that is in force, ready to be computed with.

use super::{Gives, RoleTerms, Terms};
use crate::domain::{
    calculation::{cash::CashTerms, milestones::Fires, noncash::NonCashTerms},
    plan::Plan,
    rate_rule::{RateChoice, RateRule},
    refusal::Refusal,
    reward::{Kind, Role},
};
use serde::{Deserialize, Serialize};

/// A plan version that is in force. Its terms never change, so it is read once.
#[derive(Clone, Debug)]
pub struct PlanInForce {
    /// The plan.
    pub plan: Plan,
    /// What the calculation needs of each role and stage, the referrer first. Preferential rates are not among them.
    pub roles: Vec<RoleInForce>,
    /// What milestones pay, in the plan's order.
    pub milestones: Vec<MilestoneInForce>,
}

/// What one role gets for one stage.
#[derive(Clone, Debug)]
pub struct RoleInForce {
    /// Who.
    pub role: Role,
    /// For which stage of a referral; empty: the whole referral.
    pub stage: String,
    /// What is given.
    pub gift: Gift,
}

/// What one milestone pays the referrer.
#[derive(Clone, Debug)]
pub struct MilestoneInForce {
    /// Its name within the plan.
    pub id: String,
    /// At which counts.
    pub fires: Fires,
    /// What is given.
    pub gift: Gift,
}

/// What is given, and what the calculation needs for it.
#[derive(Clone, Debug)]
pub struct Gift {
    /// What it is.
    pub kind: Kind,
    /// What points and items are called; empty for money.
    pub item: String,
    /// How it is computed.
    pub terms: RewardTerms,
    /// The rate that may be taken instead.
    pub choice: Option<RateChoice>,
}

/// What a reward is computed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "gives", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RewardTerms {
    /// Money.
    Cash(CashTerms),
    /// Points or items.
    NonCash(NonCashTerms),
}

impl Terms {
    /// Every preferential rate that it offers, alone or to be chosen.
    pub fn rate_rules(&self) -> impl Iterator<Item = &RateRule> {
        self.roles.iter().filter_map(|role| role.gives.rate())
    }

    fn gift(&self, gives: &Gives) -> Option<Gift> {
        let (item, terms, choice) = match gives {
            Gives::Rate(_) => return None,
            Gives::Cash { rule, choice } => {
                let terms = CashTerms {
                    currency: self.currency,
                    rounding: self.rounding,
                    rule: rule.clone(),
                    limits: self.limits.clone(),
                    tax: self.tax.clone(),
                };
                (String::new(), RewardTerms::Cash(terms), choice.clone())
            }
            Gives::NonCash(rule) => {
                let terms = rule.terms((self.currency, self.rounding), &self.limits, &self.tax);
                (rule.label.clone(), RewardTerms::NonCash(terms), None)
            }
        };
        Some(Gift { kind: gives.kind(), item, terms, choice })
    }

    fn role_in_force(&self, role: &RoleTerms) -> Option<RoleInForce> {
        Some(RoleInForce { role: role.role, stage: role.stage.clone(), gift: self.gift(&role.gives)? })
    }
}

impl PlanInForce {
    /// The plan, if it is in force.
    ///
    /// # Errors
    /// [`Refusal::PlanNotActive`].
    pub fn of(plan: Plan) -> Result<Self, Refusal> {
        if !plan.state.was_activated() {
            return Err(Refusal::PlanNotActive(plan.name()));
        }
        let mut roles: Vec<_> = plan.terms.roles.iter().filter_map(|role| plan.terms.role_in_force(role)).collect();
        roles.sort_by_key(|role| role.role);
        let list = plan.terms.milestones.iter().flat_map(|milestones| &milestones.list);
        let milestones = list
            .filter_map(|one| {
                Some(MilestoneInForce { id: one.id.clone(), fires: one.fires, gift: plan.terms.gift(&one.gives)? })
            })
            .collect();
        Ok(Self { plan, roles, milestones })
    }

    /// What each role gets for a stage, the referrer first.
    pub fn of_stage<'a, 'b>(&'a self, stage: &'b str) -> impl Iterator<Item = &'a RoleInForce> + use<'a, 'b> {
        self.roles.iter().filter(move |role| role.stage == stage)
    }

    /// The preferential rates that are offered for a stage, without choice of money.
    pub fn rates_of<'a, 'b>(&'a self, stage: &'b str) -> impl Iterator<Item = (Role, &'a RateRule)> + use<'a, 'b> {
        let of_stage = self.plan.terms.roles.iter().filter(move |role| role.stage == stage);
        of_stage.filter_map(|role| match &role.gives {
            Gives::Rate(rule) => Some((role.role, rule)),
            Gives::Cash { .. } | Gives::NonCash(_) => None,
        })
    }

    /// The rate that a role may take instead of the money of a stage, and until when.
    pub fn choice_of(&self, role: Role, stage: &str) -> Option<&RateChoice> {
        self.of_stage(stage).find(|one| one.role == role)?.gift.choice.as_ref()
    }

    /// Whether the plan names a stage.
    pub fn has_stage(&self, stage: &str) -> bool {
        self.plan.terms.roles.iter().any(|role| role.stage == stage)
    }
}
