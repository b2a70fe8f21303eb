//! Takes what the bank says became of attempts. Each outcome is answered for itself; what contradicts is kept for people.

use super::{fall_due::inconsistent, latch, means::Means, moves, statements};
use crate::{
    domain::{
        outcome::{self, Attempt, Meaning, Outcome},
        refusal::Refusal,
        reward::{Moved, Reward},
        state::Standing,
    },
    store::{self, transfer::Transfer},
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What the bank says, in the order it says it.
pub(crate) struct ReportOutcomes {
    pub(crate) means: Means,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

/// What became of one outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) end_to_end_id: String,
    pub(crate) result: Result<Meaning, Refusal>,
    /// Where the reward stands now; none where the attempt is unknown.
    pub(crate) standing: Option<Standing>,
}

impl Command for ReportOutcomes {
    const NAME: &'static str = "payout.report_outcomes";
    /// In the order said.
    type Output = Vec<Taken>;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Taken>, Fault> {
        let mut books = Books::open(tx, &self.outcomes).await?;
        let mut taken = Vec::with_capacity(self.outcomes.len());
        for outcome in &self.outcomes {
            taken.push(self.take(outcome, &mut books)?);
        }
        let unknown: Vec<&Outcome> =
            self.outcomes.iter().filter(|said| !books.attempts.contains_key(&said.end_to_end_id)).collect();
        books.save(tx, &self.means, self.now).await?;
        latch::note_unknown(tx, &self.means, &unknown, &self.actor, self.now).await?;
        Ok(taken)
    }
}

impl ReportOutcomes {
    fn take(&self, said: &Outcome, books: &mut Books) -> Result<Taken, Fault> {
        let end_to_end_id = said.end_to_end_id.clone();
        let Some((mut attempt, mut reward)) = books.find(&end_to_end_id) else {
            let result = Err(Refusal::UnknownInstruction(end_to_end_id.clone()));
            return Ok(Taken { end_to_end_id, result, standing: None });
        };
        let (standing, newest) = (reward.state.standing(), reward.state.attempts());
        let result = outcome::read(said, &attempt, standing, newest, self.now);
        match &result {
            Ok(Meaning::Duplicate) | Err(Refusal::FutureTime(_)) => {}
            Ok(meaning) => {
                let moved = match meaning {
                    Meaning::Settled => reward.settle(said.occurred_at, self.now),
                    Meaning::Refused => reward.refuse(self.now),
                    Meaning::Accepted | Meaning::Duplicate => Ok(Moved { reward, postings: Vec::new() }),
                };
                let moved = moved.map_err(|refusal| inconsistent(&refusal))?;
                attempt.note(said);
                books.transfers.extend(moves::transfers(&self.means, &moved, self.now));
                books.owed.push(self.said("payout.outcome", &moved.reward, &attempt, said));
                reward = moved.reward;
                books.keep(attempt, &reward);
            }
            Err(_) => {
                books.owed.push(self.said("payout.outcome_conflict", &reward, &attempt, said));
                books.conflicts.push((attempt, said.clone()));
            }
        }
        Ok(Taken { end_to_end_id, result, standing: Some(reward.state.standing()) })
    }

    fn said(&self, kind: &'static str, reward: &Reward, attempt: &Attempt, said: &Outcome) -> Owed {
        let body = json!({
            "attempt": attempt.number,
            "end_to_end_id": attempt.end_to_end_id,
            "known": attempt.status.code(),
            "said": said.status.code(),
            "reason_code": said.reason_code,
            "bank_reference": said.bank_reference,
            "state": reward.state.standing().code(),
        });
        statements::of_reward(kind, "report", reward, &self.actor, self.now, body)
    }
}

/// The attempts and rewards that outcomes are about, as they stand while the outcomes are read.
struct Books {
    attempts: BTreeMap<String, Attempt>,
    rewards: BTreeMap<Uuid, Reward>,
    changed_attempts: BTreeSet<String>,
    /// The revision each changed reward was read with: however often it moves here, it counts as one change.
    revisions: BTreeMap<Uuid, i64>,
    conflicts: Vec<(Attempt, Outcome)>,
    transfers: Vec<Transfer>,
    owed: Vec<Owed>,
}

impl Books {
    async fn open(tx: &mut Tx, outcomes: &[Outcome]) -> Result<Self, Fault> {
        let ids: BTreeSet<String> = outcomes.iter().map(|outcome| outcome.end_to_end_id.clone()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        // The first look says which rewards to lock; what counts is what stands there once they are locked.
        let seen = store::attempt::by_end_to_end_id(tx, ids.clone()).await?;
        let rewards: BTreeSet<Uuid> = seen.iter().map(|attempt| attempt.reward).collect();
        let rewards = store::reward::lock(tx, rewards.into_iter().collect()).await?;
        let attempts = store::attempt::by_end_to_end_id(tx, ids).await?;
        Ok(Self {
            attempts: attempts.into_iter().map(|one| (one.end_to_end_id.clone(), one)).collect(),
            rewards: rewards.into_iter().map(|one| (one.entitlement.id, one)).collect(),
            changed_attempts: BTreeSet::new(),
            revisions: BTreeMap::new(),
            conflicts: Vec::new(),
            transfers: Vec::new(),
            owed: Vec::new(),
        })
    }

    fn find(&self, end_to_end_id: &str) -> Option<(Attempt, Reward)> {
        let attempt = self.attempts.get(end_to_end_id)?;
        Some((attempt.clone(), self.rewards.get(&attempt.reward)?.clone()))
    }

    fn keep(&mut self, attempt: Attempt, reward: &Reward) {
        if let Some(before) = self.rewards.insert(reward.entitlement.id, reward.clone())
            && before.revision != reward.revision
        {
            self.revisions.entry(reward.entitlement.id).or_insert(before.revision);
        }
        self.changed_attempts.insert(attempt.end_to_end_id.clone());
        self.attempts.insert(attempt.end_to_end_id.clone(), attempt);
    }

    async fn save(mut self, tx: &mut Tx, means: &Means, now: Timestamp) -> Result<(), Fault> {
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
        for (known, said) in &self.conflicts {
            store::conflict::keep(tx, means.next_id(), known, said, now).await?;
        }
        means.outbox.owe(tx, now, self.owed).await
    }
}
