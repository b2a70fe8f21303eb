//! Money came back on a claim.

use super::{means::Means, moves::Moves, statements};
use crate::{
    domain::{claim, ledger, refusal::Refusal},
    store::{
        self,
        claim::{CLAIM, Recovery},
    },
};
use handsel_money::{Money, Timestamp};
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use uuid::Uuid;

/// Which claim, and how much came back under which reference.
pub(crate) struct RecordRecovery {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    pub(crate) amount: Money,
    pub(crate) bank_reference: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for RecordRecovery {
    const NAME: &'static str = "claim.record_recovery";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&CLAIM, self.id)]
    }

    /// In this order: it is there; so much of it is open; the money was not taken down before.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(claim) = store::claim::one(tx, self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("claims/{}", self.id))));
        };
        let name = claim.name();
        let met = match claim.meet(claim::Means::Money, self.amount, self.now) {
            Ok(met) => met,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let recovery = Recovery {
            id: self.means.next_id(),
            claim: self.id,
            by_reward: None,
            bank_reference: self.bank_reference.clone(),
            amount: self.amount,
            by: self.by.clone(),
            at: self.now,
        };
        if !store::claim::add(tx, &recovery).await? {
            return Ok(Err(Refusal::AlreadyExists(format!("the recovery under {}", self.bank_reference))));
        }
        store::claim::save(tx, &[&met]).await?;
        let mut moves = Moves::default();
        for reward in store::reward::lock(tx, vec![met.reward]).await? {
            let moved = reward.note(ledger::recovery(self.amount), self.now);
            moves.note(&self.means, moved, self.now, |reward| {
                let body = json!({
                    "claim": name,
                    "recovered": self.amount.to_string(),
                    "open": met.open().to_string(),
                    "bank_reference": self.bank_reference,
                });
                statements::of_reward("claim.recovered", "record-recovery", reward, &self.actor, self.now, body)
            });
        }
        moves.save(tx, &self.means, self.now).await?;
        Ok(Ok(name))
    }
}
