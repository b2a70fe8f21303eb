//! Decides attempts to pay approved rewards.

use super::{fall_due::inconsistent, latch, means::Means, moves::Moves, statements};
use crate::{
    domain::{
        outcome::{Attempt, Status},
        reward::Reward,
        state::Standing,
    },
    store,
};
use aws_lc_rs::digest::{SHA256, digest};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;

/// ISO 20022 `Max35Text`: the longest end-to-end id that every payment system carries.
const END_TO_END_ID_LENGTH: usize = 35;

/// A limited run of what is approved.
pub(crate) struct Instruct {
    pub(crate) means: Means,
    pub(crate) now: Timestamp,
    pub(crate) limit: i64,
}

impl Command for Instruct {
    const NAME: &'static str = "payout.instruct";
    /// How many rewards moved.
    type Output = usize;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Fault> {
        if latch::stopped(tx, &self.means).await?.is_some() {
            return Ok(0);
        }
        let actor = Actor::system("reward/instruct");
        let (mut moves, mut attempts) = (Moves::default(), Vec::new());
        for reward in store::reward::lock_payable(tx, self.limit).await? {
            let moved = reward.instruct(self.now).map_err(|refusal| inconsistent(&refusal))?;
            let attempt = self.attempt(&moved.reward);
            moves.note(&self.means, moved, self.now, |reward| match &attempt {
                Some(attempt) => {
                    let body = json!({ "attempt": attempt.number, "end_to_end_id": attempt.end_to_end_id });
                    statements::of_reward("payout.instructed", "instruct", reward, &actor, self.now, body)
                }
                None => {
                    let body = statements::standing(reward);
                    statements::of_reward("payout.not_needed", "instruct", reward, &actor, self.now, body)
                }
            });
            attempts.extend(attempt);
        }
        store::attempt::insert(tx, &attempts).await?;
        Ok(moves.save(tx, &self.means, self.now).await?.len())
    }
}

impl Instruct {
    /// The attempt under which a reward is paid from now on; none where nothing is left to pay.
    fn attempt(&self, reward: &Reward) -> Option<Attempt> {
        if reward.state.standing() != Standing::Paying {
            return None;
        }
        let number = reward.state.attempts();
        Some(Attempt {
            reward: reward.entitlement.id,
            number,
            end_to_end_id: end_to_end_id(&self.means.bank, &reward.entitlement.natural_key(), number),
            status: Status::Unknown,
            reason_code: String::new(),
            bank_reference: String::new(),
            instructed_at: self.now,
            first_sent_at: None,
            outcome_at: None,
        })
    }
}

/// What the bank knows an attempt by: the same for ever from the same bank, reward and number, whatever database it is made from.
fn end_to_end_id(bank: &str, natural_key: &str, number: i64) -> String {
    let digest = digest(&SHA256, format!("{bank}\n{natural_key}\n{number}").as_bytes());
    let mut id = hex::encode(digest);
    id.truncate(END_TO_END_ID_LENGTH);
    id
}

#[cfg(test)]
mod tests {
    use super::end_to_end_id;

    #[test]
    fn an_end_to_end_id_is_the_same_for_ever_and_differs_by_each_part() {
        let id = end_to_end_id("BANKCZPP", "018f/plan/REFERRER//", 1);
        assert_eq!(id, "3f3712964c430b48a30773cd22f5afa907d");
        assert_eq!(id.len(), 35);
        for other in [("BANKCZPX", "018f/plan/REFERRER//", 1), ("BANKCZPP", "018f/plan/REFEREE//", 1)] {
            assert_ne!(id, end_to_end_id(other.0, other.1, other.2));
        }
        assert_ne!(id, end_to_end_id("BANKCZPP", "018f/plan/REFERRER//", 2));
    }
}
