//! The fact that a reward rests on fell away: by the plan's terms it is cancelled, taken back in part or whole, or stays.

use super::{means::Means, moves::Moves, reversals, statements};
use crate::{
    domain::{
        qualification::{CLOCK_TOLERANCE, not_in_the_future},
        refusal::Refusal,
        reversal::{Decision, Trigger},
        reward::Reward,
    },
    store::{self, counter::BUDGET, reward::REWARD},
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use uuid::Uuid;

/// Which reward, and what fell away.
pub(crate) struct ReverseReward {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    /// Its plan, whose counters are freed; it never changes. Empty where there is no such reward.
    pub(crate) plan: String,
    pub(crate) etag: String,
    pub(crate) trigger: Trigger,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ReverseReward {
    const NAME: &'static str = "reward.reverse";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&BUDGET, self.plan.as_str()), Lock::new(&REWARD, self.id)]
    }

    /// In this order: the trigger does not lie ahead; the reward is there; it is what was read; it stands where it can be reversed.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        if let Err(refusal) = not_in_the_future(self.trigger.at, self.now, CLOCK_TOLERANCE, "trigger_time") {
            return Ok(Err(refusal));
        }
        let found = store::reward::lock(tx, vec![self.id]).await?;
        let Some(reward) = found.into_iter().find(|reward| reward.entitlement.plan == self.plan) else {
            return Ok(Err(Refusal::NotFound(format!("rewards/{}", self.id))));
        };
        if let Err(refusal) = reward.check_etag(&self.etag) {
            return Ok(Err(refusal));
        }
        let reversed = reverse(&self.means, tx, &reward, self.trigger.clone(), &self.actor, self.now).await?;
        Ok(reversed.map(|()| reward.name()))
    }
}

/// Reverses one reward that is locked, as is its plan's budget row, and says so. One that has a reversal waiting keeps that one.
///
/// The inner error is [`Refusal::StateConflict`] where it stands where it cannot be reversed; [`Refusal::OutOfRange`].
pub(super) async fn reverse(
    means: &Means,
    tx: &mut Tx,
    reward: &Reward,
    trigger: Trigger,
    actor: &Actor,
    now: Timestamp,
) -> Result<Result<(), Refusal>, Fault> {
    let earlier = store::reversal::of_rewards(tx, vec![reward.entitlement.id]).await?;
    if earlier.iter().any(|reversal| !matches!(reversal.decision, Decision::Nothing(_))) {
        let state = reward.state.standing().code();
        return Ok(Err(Refusal::StateConflict { name: reward.name(), state, act: "be reversed again" }));
    }
    let reversed = match reversals::decide(means, tx, reward, trigger, now).await? {
        Ok(reversed) => reversed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    reversals::save(tx, &reversed, now).await?;
    let say = |reward: &Reward| said(&reversed, reward, actor, now);
    match reversed.moved.clone() {
        Some(moved) => {
            let mut moves = Moves::default();
            moves.note(means, moved, now, say);
            moves.save(tx, means, now).await?;
        }
        None => means.outbox.owe(tx, now, vec![say(reward)]).await?,
    }
    Ok(Ok(()))
}

/// What is said of a reversal in the log.
pub(super) fn said(reversed: &reversals::Reversed, reward: &Reward, actor: &Actor, now: Timestamp) -> Owed {
    let reversal = &reversed.reversal;
    let body = json!({
        "effect": reversal.decision.effect().code(),
        "reason": reversal.trigger.reason,
        "trigger_time": reversal.trigger.at.to_string(),
        "reversed": reversal.decision.taken_back().map(|part| part.reward.to_string()).unwrap_or_default(),
        "tax_reversed": reversal.decision.taken_back().map(|part| part.tax.to_string()).unwrap_or_default(),
        "claimed": reversed.claim.as_ref().map(|claim| claim.claimed.to_string()).unwrap_or_default(),
        "state": reward.state.standing().code(),
    });
    statements::of_reward("reward.reversed", "reverse", reward, actor, now, body)
}
