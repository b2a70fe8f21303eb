//! Takes what the bank says became of attempts. Each outcome is answered for itself; what contradicts is kept for people.

use super::{books::Books, latch, means::Means, statements};
use crate::{
    domain::{
        outcome::{self, Attempt, Meaning, Outcome},
        refusal::Refusal,
        reward::Reward,
        state::Standing,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;
use std::collections::BTreeSet;

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

/// What the bank says against what is known.
struct Contradiction {
    known: Attempt,
    said: Outcome,
    /// What the log is told of it.
    owed: Owed,
}

impl Command for ReportOutcomes {
    const NAME: &'static str = "payout.report_outcomes";
    /// In the order said.
    type Output = Vec<Taken>;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Taken>, Fault> {
        let ids: BTreeSet<String> = self.outcomes.iter().map(|outcome| outcome.end_to_end_id.clone()).collect();
        let mut books = Books::open(tx, ids.into_iter().collect()).await?;
        let mut conflicts = Vec::new();
        let mut taken = Vec::with_capacity(self.outcomes.len());
        for outcome in &self.outcomes {
            taken.push(self.take(outcome, &mut books, &mut conflicts));
        }
        books.decide_waiting(tx, &self.means, &self.actor, self.now).await?;
        for taken in &mut taken {
            if let Some(standing) = books.decided_standing(&taken.end_to_end_id) {
                taken.standing = Some(standing);
            }
        }
        let unknown: Vec<&Outcome> = self.outcomes.iter().filter(|said| !books.knows(&said.end_to_end_id)).collect();
        for Contradiction { known, said, owed } in conflicts {
            // Said again while nobody has resolved it, it is nothing new.
            if store::conflict::keep(tx, self.means.next_id(), &known, &said, self.now).await? {
                books.say(owed);
            }
        }
        books.save(tx, &self.means, self.now).await?;
        latch::note_unknown(tx, &self.means, &unknown, &self.actor, self.now).await?;
        Ok(taken)
    }
}

impl ReportOutcomes {
    fn take(&self, said: &Outcome, books: &mut Books, conflicts: &mut Vec<Contradiction>) -> Taken {
        let end_to_end_id = said.end_to_end_id.clone();
        let Some((mut attempt, reward)) = books.find(&end_to_end_id) else {
            let result = Err(Refusal::UnknownInstruction(end_to_end_id.clone()));
            return Taken { end_to_end_id, result, standing: None };
        };
        let standing = reward.state.standing();
        let read = outcome::read(said, &attempt, standing, reward.state.attempts(), self.now);
        let result = match read {
            Ok(Meaning::Duplicate) => Ok(Meaning::Duplicate),
            Ok(meaning) => match meaning.apply(reward.clone(), attempt.number, said.occurred_at, self.now) {
                Ok(moved) => {
                    attempt.note(said);
                    let stands = moved.as_ref().map_or(&reward, |moved| &moved.reward);
                    let owed = self.said("payout.outcome", stands, &attempt, said);
                    books.take(&self.means, moved, attempt.clone(), owed, self.now);
                    Ok(meaning)
                }
                // It stands where this cannot be: what was decided in the meantime and what the bank says contradict each other.
                Err(_) => Err(Refusal::OutcomeConflict(end_to_end_id.clone())),
            },
            Err(refusal) => Err(refusal),
        };
        if let Err(Refusal::OutcomeConflict(_)) = &result {
            let owed = self.said("payout.outcome_conflict", &reward, &attempt, said);
            conflicts.push(Contradiction { known: attempt, said: said.clone(), owed });
        }
        let standing = books.standing(&end_to_end_id);
        Taken { end_to_end_id, result, standing }
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
