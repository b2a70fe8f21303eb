//! What of rewards that are to be paid is kept for claims on their beneficiaries.

use super::{fall_due::inconsistent, means::Means, moves::Moves, statements};
use crate::{
    domain::{
        claim::{self, Claim},
        ledger,
        reward::{Kind, Reward},
    },
    store::{self, claim::Recovery},
};
use handsel_money::{Money, Timestamp};
use handsel_outbox::Actor;
use handsel_storage::{Fault, Tx};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Who keeps it.
const BY: &str = "reward/instruct";

/// The open claims on the beneficiaries of a run of rewards, as they are met.
pub(super) struct Kept {
    /// The oldest first.
    claims: Vec<Claim>,
    met: Vec<Recovery>,
}

impl Kept {
    /// Locks the open claims on whoever is to be paid money here.
    pub(super) async fn open(tx: &mut Tx, rewards: &[Reward]) -> Result<Self, Fault> {
        let money = rewards.iter().filter(|reward| is_money(reward));
        let beneficiaries: BTreeSet<String> = money.map(|reward| reward.entitlement.beneficiary.clone()).collect();
        let claims = store::claim::lock_open(tx, beneficiaries.into_iter().collect()).await?;
        Ok(Self { claims, met: Vec::new() })
    }

    /// What is kept of this reward.
    pub(super) fn keep(&mut self, means: &Means, reward: &Reward, now: Timestamp) -> Result<Money, Fault> {
        let owed = reward.owed();
        let mut kept = Money::zero(owed.currency());
        if !is_money(reward) {
            return Ok(kept);
        }
        let own: Vec<Claim> =
            self.claims.iter().filter(|claim| claim.beneficiary == reward.entitlement.beneficiary).cloned().collect();
        for (id, amount) in claim::keep(owed, &own) {
            let Some(claim) = self.claims.iter_mut().find(|claim| claim.id == id) else { continue };
            *claim =
                claim.clone().meet(claim::Means::Netting, amount, now).map_err(|refusal| inconsistent(&refusal))?;
            kept = kept.checked_add(amount).map_err(|error| Fault::Invalid(error.to_string()))?;
            self.met.push(Recovery {
                id: means.next_id(),
                claim: id,
                by_reward: Some(reward.entitlement.id),
                bank_reference: String::new(),
                amount,
                by: BY.to_owned(),
                at: now,
            });
        }
        Ok(kept)
    }

    /// Saves what was met, and writes down its other side on the rewards that are claimed.
    pub(super) async fn save(self, tx: &mut Tx, means: &Means, moves: &mut Moves, now: Timestamp) -> Result<(), Fault> {
        if self.met.is_empty() {
            return Ok(());
        }
        let changed: BTreeSet<Uuid> = self.met.iter().map(|one| one.claim).collect();
        let claims: Vec<&Claim> = self.claims.iter().filter(|claim| changed.contains(&claim.id)).collect();
        store::claim::save(tx, &claims).await?;
        let mut sums: BTreeMap<Uuid, Money> = BTreeMap::new();
        for recovery in &self.met {
            store::claim::add(tx, recovery).await?;
            let Some(claim) = claims.iter().find(|claim| claim.id == recovery.claim) else { continue };
            let sum = sums.entry(claim.reward).or_insert(Money::zero(recovery.amount.currency()));
            *sum = sum.checked_add(recovery.amount).map_err(|error| Fault::Invalid(error.to_string()))?;
        }
        let actor = Actor::system(BY);
        for reward in store::reward::lock(tx, sums.keys().copied().collect()).await? {
            let Some(sum) = sums.get(&reward.entitlement.id).copied() else { continue };
            moves.note(means, reward.note(ledger::claim_netted(sum), now), now, |reward| {
                let body = json!({ "netted": sum.to_string(), "revision": reward.revision });
                statements::of_reward("claim.netted", "net", reward, &actor, now, body)
            });
        }
        Ok(())
    }
}

/// Points and items are given whole; only money is kept.
fn is_money(reward: &Reward) -> bool {
    reward.entitlement.kind == Kind::Cash
}
