//! Decides attempts to pay approved rewards.

use super::{fall_due::inconsistent, latch, means::Means, moves::Moves, netting::Kept, statements};
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
use std::collections::HashSet;
use uuid::Uuid;

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
        let payable = store::reward::lock_payable(tx, self.now, self.limit).await?;
        let payable = self.passed(tx, payable).await?;
        let mut kept = Kept::open(tx, &payable).await?;
        let (mut moves, mut attempts) = (Moves::default(), Vec::new());
        for reward in payable {
            let keep = kept.keep(&self.means, &reward, self.now)?;
            let moved = reward.instruct(keep, self.now).map_err(|refusal| inconsistent(&refusal))?;
            let attempt = self.attempt(&moved.reward);
            moves.note(&self.means, moved, self.now, |reward| match &attempt {
                Some(attempt) => {
                    let body = json!({
                        "attempt": attempt.number,
                        "end_to_end_id": attempt.end_to_end_id,
                        "amount": attempt.amount.to_string(),
                        "netted": keep.to_string(),
                    });
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
        let instructed = moves.len();
        kept.save(tx, &self.means, &mut moves, self.now).await?;
        moves.save(tx, &self.means, self.now).await?;
        Ok(instructed)
    }
}

impl Instruct {
    /// Those whose plan asks the bank nothing, or of which it has said nothing but yes, not too long ago.
    async fn passed(&self, tx: &mut Tx, payable: Vec<Reward>) -> Result<Vec<Reward>, Fault> {
        let mut gated = Vec::new();
        for reward in &payable {
            let of = &reward.entitlement;
            let plan = self.means.plans.get(tx, &of.plan, of.plan_version).await?;
            let plan = plan.map_err(|refusal| inconsistent(&refusal))?;
            if !plan.plan.terms.payment.gate.is_empty() {
                gated.push(of.id);
            }
        }
        let rounds = store::gate::rounds(tx, gated.clone()).await?;
        let passed: HashSet<Uuid> =
            rounds.iter().filter(|round| round.passes(self.now)).map(|round| round.reward).collect();
        let gated: HashSet<Uuid> = gated.into_iter().collect();
        let may = |reward: &Reward| {
            let id = &reward.entitlement.id;
            !gated.contains(id) || passed.contains(id)
        };
        Ok(payable.into_iter().filter(may).collect())
    }

    /// The attempt under which a reward is paid from now on; none where nothing is left to pay.
    fn attempt(&self, reward: &Reward) -> Option<Attempt> {
        if reward.state.standing() != Standing::Paying {
            return None;
        }
        let number = reward.state.attempts();
        Some(Attempt {
            reward: reward.entitlement.id,
            number,
            amount: reward.owed(),
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
