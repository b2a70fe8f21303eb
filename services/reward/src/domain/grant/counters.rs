//! What has been granted: by plan, by season, to a beneficiary in a window. Whoever changes it holds the plan's lock.

use crate::domain::{refusal::Refusal, reward::Entitlement};
use handsel_money::{Money, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Four fifths of a budget: whoever answers for it is told.
const NEARLY: i128 = 80;

/// One beneficiary's window of one plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowKey {
    /// The plan.
    pub plan: String,
    /// The window, e.g. `2025-06`.
    pub window: String,
    /// `customers/{customer}` or `staff/{staff}`.
    pub beneficiary: String,
}

/// One season of one plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeasonKey {
    /// The plan.
    pub plan: String,
    /// The season, e.g. `2025-Q2`.
    pub season: String,
}

/// What one beneficiary has been granted in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rewards above 0.
    pub count: i64,
    /// Their sum in minor units.
    pub granted_minor: i64,
}

/// What stands against a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pot {
    /// Minor units granted and not given back.
    pub granted_minor: i64,
    /// When four fifths of it were first granted.
    pub warned_80_at: Option<Timestamp>,
    /// When it was first used up, or had no room for a reward.
    pub warned_100_at: Option<Timestamp>,
}

/// What a plan has granted in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Of rewards.
    pub rewards: Pot,
    /// Of their cost, with the tax that the bank bears on top.
    pub cost: Pot,
    /// Versions of the plan that two people have stopped.
    pub suspended: BTreeSet<i64>,
}

/// How far one introducer has come in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Referrals that stand.
    pub count: i64,
    /// The highest count there ever was: nothing fires twice for one that is reached again after a reversal.
    pub highest: i64,
}

/// Which budget, of those that a plan may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BudgetKind {
    /// That of all rewards.
    Rewards,
    /// That of their cost.
    Cost,
    /// That of one season.
    Season(String),
}

/// That a budget has reached a mark for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The plan.
    pub plan: String,
    /// The version whose grant has reached it.
    pub version: i64,
    /// Which of its budgets.
    pub kind: BudgetKind,
    /// 80 or 100.
    pub percent: i64,
    /// What has been granted against it.
    pub granted: Money,
    /// The budget.
    pub limit: Money,
}

/// Counters as they stand while a batch is decided. What is absent stands at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// By plan.
    pub budgets: BTreeMap<String, Budget>,
    /// Of plans that have seasons.
    pub seasons: BTreeMap<SeasonKey, Pot>,
    /// What stands in each window.
    pub windows: BTreeMap<WindowKey, Tally>,
    /// How far introducers have come, of plans that have milestones.
    pub progress: BTreeMap<WindowKey, Progress>,
    /// What has to be told, in order.
    pub warnings: Vec<Warning>,
}

/// What a reward gives back of its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freed {
    /// Rewards above 0.
    pub count: i64,
    /// Minor units of rewards.
    pub reward_minor: i64,
    /// Minor units of cost.
    pub cost_minor: i64,
}

impl Pot {
    /// With so much more, and the marks that it reaches for the first time.
    pub(super) fn grown(self, minor: i64, limit: Option<Money>, cut: Cut, now: Timestamp) -> Option<(Self, Vec<i64>)> {
        let mut pot = Self { granted_minor: self.granted_minor.checked_add(minor)?, ..self };
        let mut reached = Vec::new();
        if let Some(limit) = limit {
            let scaled = i128::from(pot.granted_minor).checked_mul(100)?;
            let nearly = scaled >= i128::from(limit.minor()).checked_mul(NEARLY)?;
            let full = cut == Cut::ByThis || pot.granted_minor >= limit.minor();
            if pot.warned_80_at.is_none() && (nearly || full) {
                pot.warned_80_at = Some(now);
                reached.push(80);
            }
            if pot.warned_100_at.is_none() && full {
                pot.warned_100_at = Some(now);
                reached.push(100);
            }
        }
        Some((pot, reached))
    }
}

/// Whether a budget has cut the reward that it takes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It has.
    ByThis,
    /// It has not.
    No,
}

impl Freed {
    /// The same, the other way: it was given back and is spent after all. It may stand beyond a cap or budget: the money is gone.
    pub fn taken_again(self) -> Self {
        let Self { count, reward_minor, cost_minor } = self;
        Self {
            count: count.saturating_neg(),
            reward_minor: reward_minor.saturating_neg(),
            cost_minor: cost_minor.saturating_neg(),
        }
    }

    /// All that a reward holds, when it is no longer owed.
    pub fn whole(entitlement: &Entitlement) -> Self {
        let amounts = &entitlement.amounts;
        Self { count: 1, reward_minor: amounts.reward.minor(), cost_minor: amounts.cost.minor() }
    }

    /// What is taken back of a paid reward: so much of it, and so much of its tax. The count comes back with the last of it.
    pub fn part(entitlement: &Entitlement, reversed: Money, tax_reversed: Money) -> Self {
        let amounts = &entitlement.amounts;
        let borne = if amounts.cost == amounts.reward { 0 } else { tax_reversed.minor() };
        Self {
            count: i64::from(reversed == amounts.reward),
            reward_minor: reversed.minor(),
            cost_minor: reversed.minor().saturating_add(borne),
        }
    }
}

impl Counters {
    /// Gives back what a reward took, count included: it is no longer owed.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] if the counters hold less than it took; they are then as before.
    pub fn give_back(&mut self, entitlement: &Entitlement) -> Result<(), Refusal> {
        self.free(entitlement, Freed::whole(entitlement))
    }

    /// Gives back a part of what a reward took, in its own window and season. Warnings stand.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] if the counters hold less than that; they are then as before.
    pub fn free(&mut self, entitlement: &Entitlement, freed: Freed) -> Result<(), Refusal> {
        let mut after = self.clone();
        let budget = after.budgets.entry(entitlement.plan.clone()).or_default();
        take(&mut budget.rewards.granted_minor, freed.reward_minor)?;
        take(&mut budget.cost.granted_minor, freed.cost_minor)?;
        if let Some(key) = season_key(&entitlement.plan, &entitlement.season) {
            take(&mut after.seasons.entry(key).or_default().granted_minor, freed.reward_minor)?;
        }
        if let Some(key) = window_key(&entitlement.plan, &entitlement.window, &entitlement.beneficiary) {
            let tally = after.windows.entry(key).or_default();
            take(&mut tally.count, freed.count)?;
            take(&mut tally.granted_minor, freed.reward_minor)?;
        }
        *self = after;
        Ok(())
    }
}

fn take(held: &mut i64, part: i64) -> Result<(), Refusal> {
    *held = held.checked_sub(part).filter(|rest| *rest >= 0).ok_or(Refusal::OutOfRange("what is given back"))?;
    Ok(())
}

/// The window that caps are counted in; none where the plan has no caps.
pub fn window_key(plan: &str, window: &str, beneficiary: &str) -> Option<WindowKey> {
    (!window.is_empty()).then(|| WindowKey {
        plan: plan.to_owned(),
        window: window.to_owned(),
        beneficiary: beneficiary.to_owned(),
    })
}

/// The season that a reward counts in; none where the plan has none.
pub fn season_key(plan: &str, season: &str) -> Option<SeasonKey> {
    (!season.is_empty()).then(|| SeasonKey { plan: plan.to_owned(), season: season.to_owned() })
}
