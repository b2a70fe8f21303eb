//! Saving rewards that moved: what the ledger writes down for it, and what is spent of count, cap and budget, or comes back.

use super::{means::Means, room, statements};
use crate::{
    domain::{
        grant::Freed,
        ledger::Posting,
        reward::{Entitlement, Moved, Reward},
    },
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
    rooms: Rooms,
    owed: Vec<Owed>,
}

impl Moves {
    /// Takes down one transition and what is to be said about it; returns where the reward stands now.
    pub(crate) fn note(&mut self, means: &Means, moved: Moved, now: Timestamp, say: impl FnOnce(&Reward) -> Owed) {
        self.transfers.extend(transfers(means, &moved.reward, moved.attempt, &moved.postings, now));
        self.rooms.note(&moved);
        self.owed.push(say(&moved.reward));
        self.rewards.push(moved.reward);
    }

    /// How many transitions it holds.
    pub(crate) fn len(&self) -> usize {
        self.rewards.len()
    }

    /// Saves everything, and leaves the rewards as they stand now, in the order noted. Where room comes back, the budget rows of the
    /// plans are locked.
    pub(crate) async fn save(mut self, tx: &mut Tx, means: &Means, now: Timestamp) -> Result<Vec<Reward>, Fault> {
        self.owed.extend(self.transfers.iter().filter_map(statements::of_payout));
        let rewards: Vec<&Reward> = self.rewards.iter().collect();
        store::reward::save(tx, &rewards).await?;
        store::transfer::insert(tx, &self.transfers).await?;
        self.rooms.save(tx, means, now).await?;
        means.outbox.owe(tx, now, self.owed).await?;
        Ok(self.rewards)
    }
}

/// The transfers of one transition, each numbered as its event counts.
pub(crate) fn transfers(
    means: &Means,
    reward: &Reward,
    attempt: i64,
    postings: &[Posting],
    now: Timestamp,
) -> Vec<Transfer> {
    let entitlement = &reward.entitlement;
    postings
        .iter()
        .map(|posting| Transfer {
            id: means.next_id(),
            reward: Some(entitlement.id),
            number: posting.event.number(attempt, reward.revision),
            posting: posting.clone(),
            plan: entitlement.plan.clone(),
            customer: entitlement.beneficiary.clone(),
            posted_at: now,
        })
        .collect()
}

/// What transitions give back of counters.
#[derive(Default)]
pub(crate) struct Rooms(Vec<(Entitlement, Freed)>);

impl Rooms {
    pub(crate) fn note(&mut self, moved: &Moved) {
        let entitlement = &moved.reward.entitlement;
        self.0.extend(moved.room.freed(entitlement).map(|freed| (entitlement.clone(), freed)));
    }

    /// Moves the counters, whose budget rows are locked.
    pub(crate) async fn save(self, tx: &mut Tx, means: &Means, now: Timestamp) -> Result<(), Fault> {
        for (entitlement, freed) in self.0 {
            room::free(tx, means, &entitlement, freed, now).await?;
        }
        Ok(())
    }
}
