//! A person names the account that a reward is paid to. What others approved before, they have not approved for this account; nor has
//! the bank said that it may be paid there.

use super::{dossier, means::Means, moves::Moves, statements};
use crate::{
    domain::{approval::Person, payee::Payee, refusal::Refusal},
    store::{self, reward::REWARD},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use uuid::Uuid;

/// Which reward, and where it is to be paid.
pub(crate) struct SetPayee {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    pub(crate) etag: String,
    pub(crate) account_reference: String,
    pub(crate) by: Person,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for SetPayee {
    const NAME: &'static str = "reward.set_payee";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&REWARD, self.id)]
    }

    /// In this order: it is there, in his branch; it is what was read; no payment is under way or over.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let found = store::reward::lock(tx, vec![self.id]).await?;
        let dossiers = dossier::of_rewards(&self.means, tx, &found).await?;
        let reach = |branch: &str| self.by.branch.as_ref().is_none_or(|own| own == branch);
        let found = found.into_iter().find(|reward| reach(&reward.entitlement.branch));
        let (Some(reward), Some(dossier)) = (found, dossiers.get(&self.id)) else {
            return Ok(Err(Refusal::NotFound(format!("rewards/{}", self.id))));
        };
        let moved = match reward.check_etag(&self.etag).and_then(|()| reward.clone().change_payee(self.now)) {
            Ok(moved) => moved,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let payee = Payee {
            reward: self.id,
            number: dossier.payee.as_ref().map_or(1, |payee| payee.number.saturating_add(1)),
            account_reference: self.account_reference.clone(),
            person: self.by.name.clone(),
            account: self.by.account.clone(),
            set_at: self.now,
        };
        store::payee::insert(tx, &payee).await?;
        let voided = store::approval::void(tx, self.id, self.now).await?;
        store::gate::void(tx, self.id, self.now).await?;
        let mut moves = Moves::default();
        moves.note(&self.means, moved, self.now, |reward| {
            // The reference says nothing to strangers, but it is the customer's: the log knows that it changed.
            let body = json!({
                "state": reward.state.standing().code(),
                "revision": reward.revision,
                "number": payee.number,
                "voided_approvals": voided,
            });
            statements::of_reward("reward.payee_set", "set-payee", reward, &self.actor, self.now, body)
        });
        moves.save(tx, &self.means, self.now).await?;
        Ok(Ok(reward.name()))
    }
}
