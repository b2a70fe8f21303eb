//! A person lets rewards be paid, all or none: the last of those who are asked, or one before him.

use super::{
    dossier::{self, Dossier},
    means::Means,
    moves::Moves,
    statements,
};
use crate::{
    domain::{
        approval::{self, Approval, Given, Person},
        refusal::Refusal,
        reward::{Moved, Reward},
        state::Standing,
    },
    store::{self, approval::NewApproval, reward::REWARD},
};
use handsel_money::{Money, Timestamp};
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use std::collections::HashMap;
use uuid::Uuid;

/// Which rewards, and what the approver saw.
pub(crate) struct ApproveRewards {
    pub(crate) means: Means,
    pub(crate) ids: Vec<Uuid>,
    pub(crate) control_count: usize,
    pub(crate) control_sum: Money,
    pub(crate) by: Person,
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
        let dossiers = dossier::of_rewards(&self.means, tx, &found).await?;
        let decided = match self.decide(found, &dossiers) {
            Ok(decided) => decided,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (mut moves, mut given) = (Moves::default(), Vec::with_capacity(decided.len()));
        for (moved, approval) in decided {
            given.push(NewApproval { id: self.means.next_id(), reward: moved.reward.entitlement.id, approval });
            moves.note(&self.means, moved, self.now, |reward| {
                let body = statements::standing(reward);
                let kind = match reward.state.standing() {
                    Standing::PendingApproval => "reward.approved_in_part",
                    _ => "reward.approved",
                };
                statements::of_reward(kind, "approve", reward, &self.actor, self.now, body)
            });
        }
        store::approval::insert(tx, &given).await?;
        let rewards = moves.save(tx, &self.means, self.now).await?;
        Ok(Ok(rewards.first().map(Reward::name).unwrap_or_default()))
    }
}

impl ApproveRewards {
    /// In this order: each is there; each waits for approval; he is asked, and nobody approves his own; count and sum are what was
    /// seen.
    fn decide(&self, found: Vec<Reward>, dossiers: &HashMap<Uuid, Dossier>) -> Result<Vec<(Moved, Approval)>, Refusal> {
        let mut by_id: HashMap<Uuid, Reward> = found.into_iter().map(|one| (one.entitlement.id, one)).collect();
        let missing = |id: &Uuid| Refusal::NotFound(format!("rewards/{id}"));
        let named: Result<Vec<Reward>, Refusal> =
            self.ids.iter().map(|id| by_id.remove(id).ok_or_else(|| missing(id))).collect();
        let named = named?;
        for reward in &named {
            reward.clone().approve_in_part(self.now)?;
        }
        let decided: Result<Vec<(Moved, Approval)>, Refusal> = named
            .iter()
            .map(|reward| {
                let dossier = dossiers.get(&reward.entitlement.id).ok_or_else(|| missing(&reward.entitlement.id))?;
                let (moved, role) = match dossier.give(reward, &self.by)? {
                    Given::Enough(role) => (reward.clone().approve(&self.by.name, self.now)?, role),
                    Given::MoreAreNeeded(role) => (reward.clone().approve_in_part(self.now)?, role),
                };
                let (person, account) = (self.by.name.clone(), self.by.account.clone());
                Ok((moved, Approval { person, account, role, given_at: self.now }))
            })
            .collect();
        let decided = decided?;
        approval::control(&named, self.control_count, self.control_sum)?;
        Ok(decided)
    }
}
