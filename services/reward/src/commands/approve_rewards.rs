//! A person lets rewards be paid, all or none.

use super::{means::Means, moves::Moves, statements};
use crate::{
    domain::{
        approval::{self, Makers},
        refusal::Refusal,
        reward::{Moved, Reward},
    },
    store::{self, reward::REWARD},
};
use handsel_money::{Money, Timestamp};
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Which rewards, and what the approver saw.
pub(crate) struct ApproveRewards {
    pub(crate) means: Means,
    pub(crate) ids: Vec<Uuid>,
    pub(crate) control_sum: Money,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ApproveRewards {
    const NAME: &'static str = "reward.approve";
    /// The first reward's name: the others are named by the request.
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        self.ids.iter().map(|id| Lock::new(&REWARD, *id)).collect()
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let found = store::reward::lock(tx, self.ids.clone()).await?;
        let makers = makers_of(tx, &found).await?;
        let moved = match self.decide(found, &makers) {
            Ok(moved) => moved,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut moves = Moves::default();
        for moved in moved {
            moves.note(&self.means, moved, self.now, |reward| {
                let body = statements::standing(reward);
                statements::of_reward("reward.approved", "approve", reward, &self.actor, self.now, body)
            });
        }
        let rewards = moves.save(tx, &self.means, self.now).await?;
        Ok(Ok(rewards.first().map(Reward::name).unwrap_or_default()))
    }
}

impl ApproveRewards {
    /// In this order: each is there; each waits for approval; nobody approves his own; the sum is what was seen.
    fn decide(&self, found: Vec<Reward>, makers: &MakersByReferral) -> Result<Vec<Moved>, Refusal> {
        let mut by_id: HashMap<Uuid, Reward> = found.into_iter().map(|one| (one.entitlement.id, one)).collect();
        let named: Result<Vec<Reward>, Refusal> = self
            .ids
            .iter()
            .map(|id| by_id.remove(id).ok_or_else(|| Refusal::NotFound(format!("rewards/{id}"))))
            .collect();
        let named = named?;
        let moved: Result<Vec<Moved>, Refusal> =
            named.iter().map(|reward| reward.clone().approve(&self.by, self.now)).collect();
        let moved = moved?;
        for reward in &named {
            check_person(reward, makers, &self.by, &self.actor)?;
        }
        approval::control(&named, self.control_sum)?;
        Ok(moved)
    }
}

/// By referral and stage.
pub(super) type MakersByReferral = BTreeMap<(Uuid, String), Makers>;

pub(super) async fn makers_of(tx: &mut Tx, rewards: &[Reward]) -> Result<MakersByReferral, Fault> {
    let mut referrals: Vec<Uuid> = rewards.iter().map(|reward| reward.entitlement.referral).collect();
    referrals.sort_unstable();
    referrals.dedup();
    if referrals.is_empty() {
        return Ok(MakersByReferral::new());
    }
    let rows = store::qualification::makers(tx, referrals).await?;
    let makers = rows.into_iter().map(|row| {
        let makers = Makers { registrar: row.registrar, plan_maker: row.plan_maker };
        ((row.referral, row.stage), makers)
    });
    Ok(makers.collect())
}

/// A reward of which nobody knows who made it is checked by nobody. The account counts as well as the human: whoever made
/// something with a token that named no human is on record as his account.
pub(super) fn check_person(
    reward: &Reward,
    makers: &MakersByReferral,
    person: &str,
    actor: &Actor,
) -> Result<(), Refusal> {
    match makers.get(&(reward.entitlement.referral, reward.entitlement.stage.clone())) {
        Some(makers) => approval::second_person(reward, makers, person)
            .and_then(|()| approval::second_person(reward, makers, &actor.subject)),
        None => Err(Refusal::MakerIsChecker(reward.name())),
    }
}
