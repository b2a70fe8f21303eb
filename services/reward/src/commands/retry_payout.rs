//! A person has a payout tried again after the bank definitely refused it.

use super::{dossier, means::Means, moves::Moves, statements};
use crate::{
    domain::{approval::Person, refusal::Refusal},
    store::{self, reward::REWARD},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use uuid::Uuid;

/// Which reward.
pub(crate) struct RetryPayout {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    pub(crate) etag: String,
    pub(crate) by: Person,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for RetryPayout {
    const NAME: &'static str = "payout.retry";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&REWARD, self.id)]
    }

    /// In this order: it is there; it is what was read; it has failed; nobody retries his own.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let found = store::reward::lock(tx, vec![self.id]).await?;
        let dossiers = dossier::of_rewards(&self.means, tx, &found).await?;
        let (Some(reward), Some(dossier)) = (found.into_iter().next(), dossiers.get(&self.id)) else {
            return Ok(Err(Refusal::NotFound(format!("rewards/{}", self.id))));
        };
        let decided = reward
            .check_etag(&self.etag)
            .and_then(|()| reward.clone().retry(self.now))
            .and_then(|moved| dossier.second_person(&reward, &self.by).map(|()| moved));
        let moved = match decided {
            Ok(moved) => moved,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut moves = Moves::default();
        moves.note(&self.means, moved, self.now, |reward| {
            let body = statements::standing(reward);
            statements::of_reward("payout.retried", "retry", reward, &self.actor, self.now, body)
        });
        moves.save(tx, &self.means, self.now).await?;
        Ok(Ok(reward.name()))
    }
}
