//! Another person confirms what one has proposed: it is done as if the bank had said so, or the reward is given up.

use super::{
    books::Books,
    dossier,
    means::Means,
    moves::Moves,
    propose_resolution::{basis, circumstances, open_of, said},
    reversals,
};
use crate::{
    domain::{
        approval::Person,
        outcome::Attempt,
        refusal::Refusal,
        resolution::{self, Effect, Finding, Found, Resolution, Verdict},
        reward::Reward,
    },
    store::{self, counter::BUDGET, reward::REWARD},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use uuid::Uuid;

/// Which proposal.
pub(crate) struct ConfirmResolution {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    /// Its reward, and that one's plan, whose counters may move: neither ever changes. Nil and empty where there is no such proposal.
    pub(crate) reward: Uuid,
    pub(crate) plan: String,
    /// Whether the caller means to give a reward up.
    pub(crate) write_off: bool,
    pub(crate) by: Person,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ConfirmResolution {
    const NAME: &'static str = "resolution.confirm";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&BUDGET, self.plan.as_str()), Lock::new(&REWARD, self.reward)]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(seen) = self.proposal(tx).await? else {
            return Ok(Err(Refusal::NotFound(format!("resolutions/{}", self.id))));
        };
        match &seen.finding {
            Finding::Attempt(found) => self.resolve(tx, found).await,
            Finding::WriteOff => self.write_off(tx, seen.reward).await,
        }
    }
}

impl ConfirmResolution {
    async fn proposal(&self, tx: &mut Tx) -> Result<Option<Resolution>, Fault> {
        let found = store::resolution::one(tx, self.id).await?;
        Ok(found.filter(|one| (one.finding.verdict() == Verdict::WrittenOff) == self.write_off))
    }

    /// In this order: it is still proposed, by another person, on what is known now; nobody confirms his own reward's; it can be done.
    async fn resolve(&self, tx: &mut Tx, found: &Found) -> Result<Result<String, Refusal>, Fault> {
        let mut books = Books::open(tx, vec![found.end_to_end_id.clone()]).await?;
        let Some((mut attempt, reward)) = books.find(&found.end_to_end_id) else {
            return Ok(Err(Refusal::UnknownInstruction(found.end_to_end_id.clone())));
        };
        let conflicts = store::conflict::of_reward(tx, reward.entitlement.id).await?;
        let open = open_of(&conflicts, &found.end_to_end_id);
        let around = circumstances(tx, &attempt, &conflicts).await?;
        let known = basis(&reward, Some(&attempt), &conflicts);
        let confirmed = match self.confirmed(tx, &reward, known).await? {
            Ok(confirmed) => confirmed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let effect = match resolution::decide(found, &attempt, &reward, around, self.now) {
            Ok(effect) => effect,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::resolution::confirm(tx, &confirmed).await?;
        for conflict in open {
            store::conflict::resolve(tx, conflict, confirmed.id).await?;
        }
        self.take(&mut books, &mut attempt, &reward, &confirmed, effect);
        books.decide_waiting(tx, &self.means, &self.actor, self.now).await?;
        books.save(tx, &self.means, self.now).await?;
        Ok(Ok(confirmed.name()))
    }

    fn take(&self, books: &mut Books, attempt: &mut Attempt, reward: &Reward, confirmed: &Resolution, effect: Effect) {
        let say =
            |reward: &Reward| said("payout.resolved", "confirm-resolution", confirmed, reward, &self.actor, self.now);
        match effect {
            Effect::Said(outcome, moved) => {
                attempt.note(&outcome);
                let owed = say(&moved.reward);
                if let Some(claim) = reversals::claimed(&self.means, &moved, &confirmed.reason, self.now) {
                    books.claim(claim);
                }
                books.take(&self.means, Some(*moved), attempt.clone(), owed, self.now);
            }
            Effect::Stands => books.say(say(reward)),
        }
    }

    /// In the same order.
    async fn write_off(&self, tx: &mut Tx, id: Uuid) -> Result<Result<String, Refusal>, Fault> {
        let Some(reward) = store::reward::lock(tx, vec![id]).await?.into_iter().next() else {
            return Ok(Err(Refusal::NotFound(format!("rewards/{id}"))));
        };
        let conflicts = store::conflict::of_reward(tx, id).await?;
        let confirmed = match self.confirmed(tx, &reward, basis(&reward, None, &conflicts)).await? {
            Ok(confirmed) => confirmed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let contradicted = conflicts.iter().any(|one| one.is_open);
        let moved = match resolution::give_up(reward, &confirmed.reason, contradicted, self.now) {
            Ok(moved) => moved,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::resolution::confirm(tx, &confirmed).await?;
        let mut moves = Moves::default();
        moves.note(&self.means, moved, self.now, |reward| {
            said("reward.written_off", "write-off", &confirmed, reward, &self.actor, self.now)
        });
        moves.save(tx, &self.means, self.now).await?;
        Ok(Ok(confirmed.name()))
    }

    /// The proposal as this person confirms it, read again under the lock of its reward.
    async fn confirmed(
        &self,
        tx: &mut Tx,
        reward: &Reward,
        known: resolution::Basis,
    ) -> Result<Result<Resolution, Refusal>, Fault> {
        let Some(proposal) = self.proposal(tx).await? else {
            return Ok(Err(Refusal::NotFound(format!("resolutions/{}", self.id))));
        };
        let confirmed = match proposal.confirm(&self.by.name, &self.by.account, known, self.now) {
            Ok(confirmed) => confirmed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let dossiers = dossier::of_rewards(&self.means, tx, std::slice::from_ref(reward)).await?;
        let Some(dossier) = dossiers.get(&reward.entitlement.id) else {
            return Ok(Err(Refusal::MakerIsChecker(reward.name())));
        };
        Ok(dossier.second_person(reward, &self.by).map(|()| confirmed))
    }
}
