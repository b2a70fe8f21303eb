//! What caps and budgets have left beyond a reward that was granted: for the dearer side of a choice.

use super::counters::{Counters, Freed, SeasonKey, season_key, window_key};
use crate::domain::{reward::Entitlement, terms::PlanInForce};
use handsel_money::Money;

/// Minor units that are left; none: there is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// By the beneficiary's cap in its window.
    pub cap: Option<i64>,
    /// By the tighter of the plan's budget and its season's.
    pub budget: Option<i64>,
    /// By the plan's budget of cost.
    pub cost: Option<i64>,
}

impl Left {
    /// What is left beside a reward that the counters hold.
    #[must_use]
    pub fn of(plan: &PlanInForce, entitlement: &Entitlement, counters: &Counters) -> Self {
        let terms = &plan.plan.terms;
        let granted = counters.budgets.get(&entitlement.plan);
        let left = |limit: Money, granted: i64| limit.minor().saturating_sub(granted);
        let window = window_key(&entitlement.plan, &entitlement.window, &entitlement.beneficiary);
        let in_window = window.and_then(|key| counters.windows.get(&key)).map_or(0, |tally| tally.granted_minor);
        let in_season = |key: SeasonKey| counters.seasons.get(&key).map_or(0, |pot| pot.granted_minor);
        let plans = terms.limits.budget.map(|limit| left(limit, granted.map_or(0, |one| one.rewards.granted_minor)));
        let season = season_key(&entitlement.plan, &entitlement.season).zip(terms.budgets.season);
        let seasons = season.map(|(key, season)| left(season.budget, in_season(key)));
        Self {
            cap: terms.limits.amount_cap.map(|cap| left(cap, in_window)),
            budget: plans.into_iter().chain(seasons).min(),
            cost: terms.budgets.cost.map(|limit| left(limit, granted.map_or(0, |one| one.cost.granted_minor))),
        }
    }
}

impl Counters {
    /// Takes more for a reward that they hold: what its choice reserves beyond it. Never more than is [`Left`].
    pub fn hold(&mut self, entitlement: &Entitlement, beyond: Freed) {
        let budget = self.budgets.entry(entitlement.plan.clone()).or_default();
        let more = |held: &mut i64, minor: i64| *held = held.saturating_add(minor);
        more(&mut budget.rewards.granted_minor, beyond.reward_minor);
        more(&mut budget.cost.granted_minor, beyond.cost_minor);
        if let Some(key) = season_key(&entitlement.plan, &entitlement.season) {
            more(&mut self.seasons.entry(key).or_default().granted_minor, beyond.reward_minor);
        }
        if let Some(key) = window_key(&entitlement.plan, &entitlement.window, &entitlement.beneficiary) {
            more(&mut self.windows.entry(key).or_default().granted_minor, beyond.reward_minor);
        }
    }
}
