//! What it does to a reward, and to what its beneficiary owes, that the fact it rests on fell away.

use super::{fall_due::inconsistent, means::Means};
use crate::{
    domain::{
        claim::Claim,
        ledger::Event,
        refusal::Refusal,
        reversal::{self, Decision, Reversal, Rule, Trigger},
        reward::{Moved, Reward},
    },
    store,
};
use handsel_money::{Money, Timestamp};
use handsel_storage::{Fault, Tx};

/// A reversal, decided: the reward where it moves, and the claim that comes of it.
pub(super) struct Reversed {
    pub(super) reversal: Reversal,
    /// None where it waits, or nothing is taken back.
    pub(super) moved: Option<Moved>,
    pub(super) claim: Option<Claim>,
}

/// Decides a reversal of a reward that is locked, and whose plan's budget row is.
///
/// The inner error is that of [`reversal::decide`].
pub(super) async fn decide(
    means: &Means,
    tx: &mut Tx,
    reward: &Reward,
    trigger: Trigger,
    now: Timestamp,
) -> Result<Result<Reversed, Refusal>, Fault> {
    let of = &reward.entitlement;
    let plan = means.plans.get(tx, &of.plan, of.plan_version).await?.map_err(|refusal| inconsistent(&refusal))?;
    let terms = &plan.plan.terms;
    let rule = Rule { clawback: terms.payment.reversal, zone: &terms.zone, rounding: terms.rounding };
    let decision = match reversal::decide(reward, rule, trigger.at) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let moved = match &decision {
        Decision::Wait | Decision::Nothing(_) => None,
        Decision::Cancel(_) => Some(reward.clone().cancel(&trigger.reason, now)),
        Decision::TakeBack(part, _) => Some(reward.clone().take_back(*part, &trigger.reason, now)),
    };
    let moved = match moved.transpose() {
        Ok(moved) => moved,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let claim = moved.as_ref().and_then(|moved| claimed(means, moved, &trigger.reason, now));
    let reversal = Reversal { id: means.next_id(), reward: of.id, trigger, requested_at: now, decision };
    Ok(Ok(Reversed { reversal, moved, claim }))
}

/// The claim that a reward's transition makes, where its ledger says that there is one.
pub(super) fn claimed(means: &Means, moved: &Moved, reason: &str, now: Timestamp) -> Option<Claim> {
    let claim = moved.postings.iter().find(|posting| posting.event == Event::Claim)?;
    let amount: Money = claim.amount;
    let of = &moved.reward.entitlement;
    Some(Claim::new(means.next_id(), of.id, of.beneficiary.clone(), reason.to_owned(), amount, now))
}

/// Adds a reversal that was decided, and its claim.
pub(super) async fn save(tx: &mut Tx, reversed: &Reversed, now: Timestamp) -> Result<(), Fault> {
    store::reversal::insert(tx, &reversed.reversal, now).await?;
    store::claim::insert(tx, reversed.claim.as_slice()).await
}
