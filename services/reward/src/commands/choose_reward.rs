//! The beneficiary of a reward chooses money or rate, once; or the deadline does.

use super::{means::Means, moves::Moves, offer_rates, room, statements};
use crate::{
    domain::{
        rate_grant::{self, Ground, Offered, Standing as RateStanding},
        rate_rule::{RateRule, Side},
        refusal::Refusal,
        reward::Reward,
        reward_choice::{CHOICE_RATE, REWARD_MOVED, RewardChoice},
        state::Standing,
    },
    store::{self, counter::BUDGET, reward::REWARD},
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{At, Command, Fault, Lock, Tx};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Which reward, and what its beneficiary takes.
pub(crate) struct ChooseReward {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    /// Its plan, whose counters move; it never changes. Empty where there is no such reward.
    pub(crate) plan: String,
    pub(crate) side: Side,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ChooseReward {
    const NAME: &'static str = "reward.choose";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&BUDGET, self.plan.as_str()), Lock::new(&REWARD, self.id)]
    }

    /// In this order: there is a choice; it is open; its reward still waits for it; the rate can be given.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some((reward, choice)) = find(tx, self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("rewards/{}/choice", self.id))));
        };
        let made = match choice.choose(self.side, &self.by, self.now) {
            Ok(made) => made,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !waits(&reward) {
            let state = reward.state.standing().code();
            return Ok(Err(Refusal::StateConflict { name: reward.name(), state, act: "be chosen" }));
        }
        let act = Act { means: &self.means, actor: &self.actor, now: self.now };
        Ok(act.take(tx, reward.clone(), made).await?.map(|()| reward.name()))
    }
}

/// A limited run of choices whose deadline has passed, or whose reward was taken back meanwhile.
pub(crate) struct LapseChoices {
    pub(crate) means: Means,
    pub(crate) now: Timestamp,
    pub(crate) limit: i64,
}

impl Command for LapseChoices {
    const NAME: &'static str = "reward.lapse_choices";
    /// How many were looked at.
    type Output = usize;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Fault> {
        let rows = store::reward_choice::lapsed(tx, At(self.now), self.limit).await?;
        let plans: BTreeSet<String> = rows.iter().map(|row| row.plan_id.clone()).collect();
        store::rate_counter::lock(tx, plans.into_iter().collect()).await?;
        let mut ids: Vec<Uuid> = rows.iter().map(|row| row.reward_id).collect();
        ids.sort_unstable();
        let actor = Actor::system("reward/choices");
        for id in ids {
            let Some((reward, choice)) = find(tx, id).await? else { continue };
            let act = Act { means: &self.means, actor: &actor, now: self.now };
            if choice.side().is_none() && !waits(&reward) {
                act.take(tx, reward, choice.fall_back(REWARD_MOVED, self.now)).await?.ok();
                continue;
            }
            let Ok(made) = choice.clone().lapse(self.now) else { continue };
            if let Err(refusal) = act.take(tx, reward.clone(), made).await? {
                act.take(tx, reward, choice.fall_back(refusal.reason(), self.now)).await?.ok();
            }
        }
        Ok(rows.len())
    }
}

/// A reward, locked, and its choice.
async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<(Reward, RewardChoice)>, Fault> {
    let reward = store::reward::lock(tx, vec![id]).await?.into_iter().next();
    let choice = store::reward_choice::of_reward(tx, id).await?;
    Ok(reward.zip(choice))
}

/// Whether a reward still waits for its choice: it was not cancelled or taken back meanwhile.
fn waits(reward: &Reward) -> bool {
    matches!(reward.state.standing(), Standing::Accrued | Standing::Due)
}

/// Who acts, and when.
struct Act<'a> {
    means: &'a Means,
    actor: &'a Actor,
    now: Timestamp,
}

impl Act<'_> {
    /// Does what a choice says that was just made. What the dearer side took beyond the one chosen comes back. Nothing is written
    /// where it is refused.
    async fn take(&self, tx: &mut Tx, reward: Reward, made: RewardChoice) -> Result<Result<(), Refusal>, Fault> {
        match made.side() {
            Some(Side::Rate) => self.take_rate(tx, reward, made).await,
            Some(Side::Cash) | None => {
                let beyond = made.beyond(&reward.entitlement);
                room::free(tx, self.means, &reward.entitlement, beyond, self.now).await?;
                store::reward_choice::save(tx, &made).await?;
                let owed = vec![self.said(&reward, &made)];
                self.means.outbox.owe(tx, self.now, owed).await?;
                Ok(Ok(()))
            }
        }
    }

    async fn take_rate(&self, tx: &mut Tx, reward: Reward, made: RewardChoice) -> Result<Result<(), Refusal>, Fault> {
        let Some(rule) = self.rule(tx, &reward).await? else {
            return Ok(Err(Refusal::NotFound(format!("{}/choice", reward.name()))));
        };
        let products = store::rate_product::in_force(tx, vec![rule.product.clone()]).await?;
        let unknown = crate::domain::rate_product::Versions::default();
        let product = products.get(&rule.product).unwrap_or(&unknown);
        let ids = (self.means.next_id(), self.now);
        let offered = rate_grant::chosen(ground(&reward), &rule, product, made.estimate, ids);
        if offered.grant.state.standing() != RateStanding::Offered {
            return Ok(Err(Refusal::RateProductNotActive(format!("rate-products/{}", rule.product))));
        }
        let moved = match reward.clone().cancel(CHOICE_RATE, self.now) {
            Ok(moved) => moved,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut moves = Moves::default();
        moves.note(self.means, moved, self.now, |reward| {
            statements::of_reward(
                "reward.cancelled",
                "choose",
                reward,
                self.actor,
                self.now,
                statements::standing(reward),
            )
        });
        moves.save(tx, self.means, self.now).await?;
        self.offer(tx, &reward, made, offered).await?;
        Ok(Ok(()))
    }

    /// The money's room has come back; of what the choice held beyond it, the rate keeps its estimate.
    async fn offer(&self, tx: &mut Tx, reward: &Reward, made: RewardChoice, offered: Offered) -> Result<(), Fault> {
        let freed = made.beyond_rate(&reward.entitlement, offered.grant.offer.estimate);
        room::free(tx, self.means, &reward.entitlement, freed, self.now).await?;
        let made = made.granted(offered.grant.offer.id);
        let owed = vec![self.said(reward, &made), offer_rates::said(&offered.grant, self.actor, self.now)];
        offer_rates::save(self.means, tx, &[offered], self.now).await?;
        store::reward_choice::save(tx, &made).await?;
        self.means.outbox.owe(tx, self.now, owed).await
    }

    /// The rate that the plan offers beside the money.
    async fn rule(&self, tx: &mut Tx, reward: &Reward) -> Result<Option<RateRule>, Fault> {
        let entitlement = &reward.entitlement;
        let Ok(plan) = self.means.plans.get(tx, &entitlement.plan, entitlement.plan_version).await? else {
            return Ok(None);
        };
        Ok(plan.choice_of(entitlement.role, &entitlement.stage).map(|choice| choice.rate.clone()))
    }

    fn said(&self, reward: &Reward, made: &RewardChoice) -> Owed {
        let body = json!({
            "side": made.side().map(Side::code),
            "estimate": made.estimate.to_string(),
            "held": made.extra.to_string(),
        });
        statements::of_reward("reward.chosen", "choose", reward, self.actor, self.now, body)
    }
}

/// For what a reward's rate is offered: the same as the reward.
pub(super) fn ground(reward: &Reward) -> Ground {
    let entitlement = &reward.entitlement;
    Ground {
        referral: entitlement.referral,
        plan: entitlement.plan.clone(),
        plan_version: entitlement.plan_version,
        role: entitlement.role,
        stage: entitlement.stage.clone(),
        milestone: entitlement.milestone.clone(),
        milestone_count: entitlement.milestone_count,
        beneficiary: entitlement.beneficiary.clone(),
        branch: entitlement.branch.clone(),
        qualified_at: entitlement.qualified_at,
    }
}
