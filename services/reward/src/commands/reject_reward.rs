//! A person refuses a reward: its accrual is taken back, its room in cap and budget freed.

use super::{dossier, means::Means, moves::Moves, statements};
use crate::{
    domain::{approval::Person, refusal::Refusal},
    store::{self, counter::BUDGET, reward::REWARD},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use uuid::Uuid;

/// Which reward, and why it is refused.
pub(crate) struct RejectReward {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    /// Its plan, whose counters are freed; it never changes. Empty where there is no such reward.
    pub(crate) plan: String,
    pub(crate) etag: String,
    pub(crate) reason: String,
    pub(crate) by: Person,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for RejectReward {
    const NAME: &'static str = "reward.reject";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&BUDGET, self.plan.as_str()), Lock::new(&REWARD, self.id)]
    }

    /// In this order: it is there; it is what was read; it waits for approval; nobody rejects his own.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let found = store::reward::lock(tx, vec![self.id]).await?;
        let dossiers = dossier::of_rewards(&self.means, tx, &found).await?;
        // One that was granted since its plan was looked up is as good as absent: its counters are not locked.
        let found = found.into_iter().find(|reward| reward.entitlement.plan == self.plan);
        let (Some(reward), Some(dossier)) = (found, dossiers.get(&self.id)) else {
            return Ok(Err(Refusal::NotFound(format!("rewards/{}", self.id))));
        };
        let decided = reward
            .check_etag(&self.etag)
            .and_then(|()| reward.clone().reject(&self.by.name, &self.reason, self.now))
            .and_then(|moved| dossier.second_person(&reward, &self.by).map(|()| moved));
        let moved = match decided {
            Ok(moved) => moved,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut moves = Moves::default();
        moves.note(&self.means, moved, self.now, |reward| {
            let body = statements::standing(reward);
            statements::of_reward("reward.rejected", "reject", reward, &self.actor, self.now, body)
        });
        moves.save(tx, &self.means, self.now).await?;
        Ok(Ok(reward.name()))
    }
}
