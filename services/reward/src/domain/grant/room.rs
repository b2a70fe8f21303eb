//! The room that caps and budgets leave for a reward, and what it takes of it.

use super::{
    Case,
    compute::{Computed, Tighter, most_that_costs, step},
    counters::{BudgetKind, Counters, Cut, Pot, Warning, WindowKey},
    refused,
};
use crate::domain::{
    calculation::{
        caps::{OnExceed, Reason, Used},
        trace::Step,
    },
    refusal::Refusal,
};
use handsel_money::Money;

impl Case<'_, '_> {
    pub(super) fn used(&self, counters: &Counters, key: Option<&WindowKey>) -> Used {
        let currency = self.amount.currency();
        let tally = key.and_then(|key| counters.windows.get(key)).copied().unwrap_or_default();
        let by_plan = counters.budgets.get(&self.plan.plan.id).map_or(0, |budget| budget.rewards.granted_minor);
        Used {
            count: tally.count,
            in_window: Money::new(currency, tally.granted_minor),
            by_plan: Money::new(currency, by_plan),
        }
    }

    /// The season's budget, where it leaves less than the plan's.
    pub(super) fn tighter_season(&self, counters: &Counters) -> Option<Tighter> {
        let budget = self.plan.plan.terms.budgets.season?.budget;
        let granted = counters.seasons.get(self.season.as_ref()?).copied().unwrap_or_default().granted_minor;
        let by_plan = counters.budgets.get(&self.plan.plan.id).map_or(0, |budget| budget.rewards.granted_minor);
        let room = |budget: Money, granted: i64| budget.minor().saturating_sub(granted);
        let plans_own = self.plan.plan.terms.limits.budget.map_or(i64::MAX, |budget| room(budget, by_plan));
        let tighter = room(budget, granted) < plans_own;
        tighter.then(|| Tighter { budget, granted: Money::new(budget.currency(), granted) })
    }

    pub(super) fn season_step(&self) -> Step {
        let season = self.season.as_ref().map(|key| key.season.as_str()).unwrap_or_default();
        step("season", &season, "its budget leaves less than the plan's")
    }

    /// What the cost budget leaves for the reward, where what was computed would cost more.
    pub(super) fn tighter_cost(
        &self,
        counters: &Counters,
        computed: &Computed,
        on_exceed: OnExceed,
    ) -> Result<Option<Tighter>, Refusal> {
        let terms = &self.plan.plan.terms;
        let Some(budget) = terms.budgets.cost else { return Ok(None) };
        let spent = counters.budgets.get(&self.plan.plan.id).map_or(0, |budget| budget.cost.granted_minor);
        let room = Money::new(budget.currency(), budget.minor().saturating_sub(spent).max(0));
        if computed.amounts.cost.minor() <= room.minor() {
            return Ok(None);
        }
        let nothing = Money::zero(budget.currency());
        let left = match on_exceed {
            OnExceed::Reject => nothing,
            OnExceed::Reduce => most_that_costs(room, computed.amounts.reward, &terms.tax, terms.rounding)
                .map_err(|error| refused(&error))?,
        };
        Ok(Some(Tighter { budget: left, granted: nothing }))
    }

    /// Takes a reward's room, and notes the marks that budgets reach with it.
    pub(super) fn take(
        &self,
        counters: &mut Counters,
        key: Option<WindowKey>,
        computed: &Computed,
    ) -> Result<(), Refusal> {
        let terms = &self.plan.plan.terms;
        let (reward, cost) = (computed.amounts.reward.minor(), computed.amounts.cost.minor());
        let beyond = || Refusal::OutOfRange("what is granted");
        let cut = if computed.reasons.contains(&Reason::Budget) { Cut::ByThis } else { Cut::No };
        // Which of several budgets has cut it is the one that has no room left, so each is asked for itself.
        let cut_by =
            |room: i64| if cut == Cut::ByThis && room <= computed.amounts.gross.minor() { cut } else { Cut::No };

        let budget = counters.budgets.entry(self.plan.plan.id.clone()).or_default();
        let left = |limit: Option<Money>, pot: Pot| {
            limit.map_or(i64::MAX, |limit| limit.minor().saturating_sub(pot.granted_minor))
        };
        let own = cut_by(left(terms.limits.budget, budget.rewards));
        let of_cost = cut_by(left(terms.budgets.cost, budget.cost));
        let (rewards, reached) = budget.rewards.grown(reward, terms.limits.budget, own, self.now).ok_or_else(beyond)?;
        let (costs, reached_cost) =
            budget.cost.grown(cost, terms.budgets.cost, of_cost, self.now).ok_or_else(beyond)?;
        (budget.rewards, budget.cost) = (rewards, costs);
        self.warn(counters, &BudgetKind::Rewards, (rewards, terms.limits.budget), reached);
        self.warn(counters, &BudgetKind::Cost, (costs, terms.budgets.cost), reached_cost);

        if let (Some(season), Some(key)) = (terms.budgets.season, &self.season) {
            let pot = counters.seasons.get(key).copied().unwrap_or_default();
            let cut = cut_by(left(Some(season.budget), pot));
            let (pot, reached) = pot.grown(reward, Some(season.budget), cut, self.now).ok_or_else(beyond)?;
            counters.seasons.insert(key.clone(), pot);
            self.warn(counters, &BudgetKind::Season(key.season.clone()), (pot, Some(season.budget)), reached);
        }
        if let Some(key) = key {
            let tally = counters.windows.entry(key).or_default();
            tally.count = tally.count.saturating_add(i64::from(computed.is_something()));
            tally.granted_minor = tally.granted_minor.checked_add(reward).ok_or_else(beyond)?;
        }
        Ok(())
    }

    pub(super) fn warn(
        &self,
        counters: &mut Counters,
        kind: &BudgetKind,
        (pot, limit): (Pot, Option<Money>),
        reached: Vec<i64>,
    ) {
        let Some(limit) = limit else { return };
        counters.warnings.extend(reached.into_iter().map(|percent| Warning {
            plan: self.plan.plan.id.clone(),
            version: self.plan.plan.version,
            kind: kind.clone(),
            percent,
            granted: Money::new(limit.currency(), pot.granted_minor),
            limit,
        }));
    }
}
