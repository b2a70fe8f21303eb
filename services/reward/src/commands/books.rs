//! The attempts and rewards that outcomes are about, as they stand while the outcomes are read.

use super::{
    fall_due::inconsistent,
    means::Means,
    moves::{self, Rooms},
    reversals::{self, Reversed},
    reverse_reward, statements,
};
use crate::{
    domain::{
        claim::Claim,
        outcome::Attempt,
        reversal::{Decision, Effect, Reversal},
        reward::{Moved, Reward},
        state::Standing,
    },
    store::{self, transfer::Transfer},
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Fault, Tx};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Everything that outcomes change in one transaction.
pub(super) struct Books {
    attempts: BTreeMap<String, Attempt>,
    rewards: BTreeMap<Uuid, Reward>,
    /// Reversals that wait for an outcome.
    waiting: Vec<Reversal>,
    changed_attempts: BTreeSet<String>,
    /// The revision each changed reward was read with: however often it moves here, it counts as one change.
    revisions: BTreeMap<Uuid, i64>,
    decided: Vec<Decided>,
    claims: Vec<Claim>,
    transfers: Vec<Transfer>,
    rooms: Rooms,
    owed: Vec<Owed>,
}

/// What a reversal that had waited means.
struct Decided {
    reversal: Uuid,
    reward: Uuid,
    decision: Decision,
}

impl Books {
    /// Locks the rewards of these attempts, and the budgets of those that a reversal waits for.
    pub(super) async fn open(tx: &mut Tx, ids: Vec<String>) -> Result<Self, Fault> {
        // The first look says which rows to lock; what counts is what stands there once they are locked.
        let seen = store::attempt::by_end_to_end_id(tx, ids.clone()).await?;
        let rewards: BTreeSet<Uuid> = seen.iter().map(|attempt| attempt.reward).collect();
        let rewards: Vec<Uuid> = rewards.into_iter().collect();
        let expected: BTreeSet<Uuid> = waiting(tx, rewards.clone()).await?.iter().map(|one| one.reward).collect();
        if !expected.is_empty() {
            let plans = store::reward_read::plans_of(tx, expected.iter().copied().collect()).await?;
            store::counter::lock(tx, plans).await?;
        }
        let locked = store::reward::lock(tx, rewards.clone()).await?;
        let attempts = store::attempt::by_end_to_end_id(tx, ids).await?;
        let waiting = waiting(tx, rewards).await?;
        // Asked for since the first look: its plan's budget is not locked.
        if waiting.iter().any(|one| !expected.contains(&one.reward)) {
            return Err(Fault::Contention);
        }
        Ok(Self {
            attempts: attempts.into_iter().map(|one| (one.end_to_end_id.clone(), one)).collect(),
            rewards: locked.into_iter().map(|one| (one.entitlement.id, one)).collect(),
            waiting,
            changed_attempts: BTreeSet::new(),
            revisions: BTreeMap::new(),
            decided: Vec::new(),
            claims: Vec::new(),
            transfers: Vec::new(),
            rooms: Rooms::default(),
            owed: Vec::new(),
        })
    }

    /// Whether there is such an attempt.
    pub(super) fn knows(&self, end_to_end_id: &str) -> bool {
        self.attempts.contains_key(end_to_end_id)
    }

    /// An attempt and its reward, as they stand now.
    pub(super) fn find(&self, end_to_end_id: &str) -> Option<(Attempt, Reward)> {
        let attempt = self.attempts.get(end_to_end_id)?;
        Some((attempt.clone(), self.rewards.get(&attempt.reward)?.clone()))
    }

    /// Where the reward of an attempt stands now.
    pub(super) fn standing(&self, end_to_end_id: &str) -> Option<Standing> {
        let (_, reward) = self.find(end_to_end_id)?;
        Some(reward.state.standing())
    }

    /// Where the reward of an attempt stands now, where a reversal that had waited was decided.
    pub(super) fn decided_standing(&self, end_to_end_id: &str) -> Option<Standing> {
        let (_, reward) = self.find(end_to_end_id)?;
        let decided = self.decided.iter().any(|decided| decided.reward == reward.entitlement.id);
        decided.then(|| reward.state.standing())
    }

    /// Takes down what an outcome did to its attempt, and to its reward where it moved.
    pub(super) fn take(&mut self, means: &Means, moved: Option<Moved>, attempt: Attempt, owed: Owed, now: Timestamp) {
        if let Some(moved) = moved {
            self.moved(means, moved, now);
        }
        self.owed.push(owed);
        self.keep(attempt);
    }

    /// Takes down what is known of an attempt.
    pub(super) fn keep(&mut self, attempt: Attempt) {
        self.changed_attempts.insert(attempt.end_to_end_id.clone());
        self.attempts.insert(attempt.end_to_end_id.clone(), attempt);
    }

    /// Takes down a claim that a transition made.
    pub(super) fn claim(&mut self, claim: Claim) {
        self.claims.push(claim);
    }

    /// Takes down what is to be said.
    pub(super) fn say(&mut self, owed: Owed) {
        self.owed.push(owed);
    }

    /// Takes down a transition.
    pub(super) fn moved(&mut self, means: &Means, moved: Moved, now: Timestamp) {
        self.transfers.extend(moves::transfers(means, &moved.reward, moved.attempt, &moved.postings, now));
        self.rooms.note(&moved);
        let id = moved.reward.entitlement.id;
        if let Some(before) = self.rewards.insert(id, moved.reward) {
            self.revisions.entry(id).or_insert(before.revision);
        }
    }

    /// Decides what waited for the outcomes that are known now.
    pub(super) async fn decide_waiting(
        &mut self,
        tx: &mut Tx,
        means: &Means,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), Fault> {
        for waiting in std::mem::take(&mut self.waiting) {
            let Some(reward) = self.rewards.get(&waiting.reward).cloned() else { continue };
            if reward.state.standing() == Standing::Paying {
                continue;
            }
            let decided = reversals::decide(means, tx, &reward, waiting.trigger.clone(), now).await?;
            let decided = decided.map_err(|refusal| inconsistent(&refusal))?;
            let reversed = Reversed { reversal: Reversal { id: waiting.id, ..decided.reversal }, ..decided };
            let stands = reversed.moved.as_ref().map_or(&reward, |moved| &moved.reward);
            self.owed.push(reverse_reward::said(&reversed, stands, actor, now));
            if let Some(moved) = reversed.moved {
                self.moved(means, moved, now);
            }
            self.claims.extend(reversed.claim);
            self.decided.push(Decided {
                reversal: waiting.id,
                reward: waiting.reward,
                decision: reversed.reversal.decision,
            });
        }
        Ok(())
    }

    /// Saves everything.
    pub(super) async fn save(mut self, tx: &mut Tx, means: &Means, now: Timestamp) -> Result<(), Fault> {
        for (id, revision) in &self.revisions {
            if let Some(reward) = self.rewards.get_mut(id) {
                reward.revision = revision.saturating_add(1);
            }
        }
        let rewards: Vec<&Reward> = self.revisions.keys().filter_map(|id| self.rewards.get(id)).collect();
        let attempts: Vec<&Attempt> = self.changed_attempts.iter().filter_map(|id| self.attempts.get(id)).collect();
        store::reward::save(tx, &rewards).await?;
        store::attempt::save(tx, &attempts).await?;
        store::transfer::insert(tx, &self.transfers).await?;
        self.rooms.save(tx, means, now).await?;
        for Decided { reversal, reward: _, decision } in &self.decided {
            store::reversal::decide(tx, *reversal, decision, now).await?;
        }
        store::claim::insert(tx, &self.claims).await?;
        self.owed.extend(self.transfers.iter().filter_map(statements::of_payout));
        means.outbox.owe(tx, now, self.owed).await
    }
}

async fn waiting(tx: &mut Tx, rewards: Vec<Uuid>) -> Result<Vec<Reversal>, Fault> {
    let mut reversals = store::reversal::of_rewards(tx, rewards).await?;
    reversals.retain(|reversal| reversal.decision.effect() == Effect::Waiting);
    Ok(reversals)
}
