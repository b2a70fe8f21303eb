//! Saving rewards that moved, with what the ledger writes down for it.

use super::means::Means;
use crate::{
    domain::reward::{Moved, Reward},
    store::{self, transfer::Transfer},
};
use handsel_money::Timestamp;
use handsel_outbox::Owed;
use handsel_storage::{Fault, Tx};

/// What one transaction does to rewards.
#[derive(Default)]
pub(crate) struct Moves {
    rewards: Vec<Reward>,
    transfers: Vec<Transfer>,
    owed: Vec<Owed>,
}

impl Moves {
    /// Takes down one transition and what is to be said about it; returns where the reward stands now.
    pub(crate) fn note(&mut self, means: &Means, moved: Moved, now: Timestamp, say: impl FnOnce(&Reward) -> Owed) {
        self.transfers.extend(transfers(means, &moved, now));
        self.owed.push(say(&moved.reward));
        self.rewards.push(moved.reward);
    }

    /// Saves everything, and leaves the rewards as they stand now, in the order noted.
    pub(crate) async fn save(self, tx: &mut Tx, means: &Means, now: Timestamp) -> Result<Vec<Reward>, Fault> {
        let rewards: Vec<&Reward> = self.rewards.iter().collect();
        store::reward::save(tx, &rewards).await?;
        store::transfer::insert(tx, &self.transfers).await?;
        means.outbox.owe(tx, now, self.owed).await?;
        Ok(self.rewards)
    }
}

/// The transfers of one transition, each numbered as its event counts.
pub(crate) fn transfers(means: &Means, moved: &Moved, now: Timestamp) -> Vec<Transfer> {
    let entitlement = &moved.reward.entitlement;
    let (attempts, revision) = (moved.reward.state.attempts(), moved.reward.revision);
    moved
        .postings
        .iter()
        .map(|posting| Transfer {
            id: means.next_id(),
            reward: Some(entitlement.id),
            number: posting.event.number(attempts, revision),
            posting: posting.clone(),
            plan: entitlement.plan.clone(),
            customer: entitlement.beneficiary.clone(),
            posted_at: now,
        })
        .collect()
}
