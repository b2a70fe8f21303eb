//! Everything about rewards that their approval rests on.

use super::{fall_due::inconsistent, means::Means};
use crate::{
    domain::{
        approval::{self, Approval, Makers, Needed, Person},
        payee::Payee,
        refusal::Refusal,
        reward::Reward,
        terms::PlanInForce,
    },
    store,
};
use handsel_storage::{Fault, Tx};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use uuid::Uuid;

/// What is known of one reward besides itself.
pub(super) struct Dossier {
    pub(super) plan: Arc<PlanInForce>,
    /// None: nobody knows who made it, so nobody checks it.
    makers: Option<Makers>,
    /// Where it is paid to, where somebody named an account.
    pub(super) payee: Option<Payee>,
    /// The words that were given for it.
    pub(super) approvals: Vec<Approval>,
}

impl Dossier {
    /// Refuses a check by whoever has a hand in it.
    ///
    /// # Errors
    /// [`Refusal::MakerIsChecker`].
    pub(super) fn second_person(&self, reward: &Reward, person: &Person) -> Result<(), Refusal> {
        let makers = self.makers(reward)?;
        approval::second_person(reward, makers, self.payee.as_ref(), &person.name)?;
        approval::second_person(reward, makers, self.payee.as_ref(), &person.account)
    }

    /// What one more person's word does.
    ///
    /// # Errors
    /// Those of [`approval::give`].
    pub(super) fn give(&self, reward: &Reward, person: &Person) -> Result<approval::Given, Refusal> {
        let needed = Needed::of(reward, &self.plan.plan.terms.payment.approval_bands);
        approval::give(reward, &needed, self.makers(reward)?, self.payee.as_ref(), &self.approvals, person)
    }

    fn makers(&self, reward: &Reward) -> Result<&Makers, Refusal> {
        self.makers.as_ref().ok_or_else(|| Refusal::MakerIsChecker(reward.name()))
    }
}

/// One dossier for each of these rewards.
pub(super) async fn of_rewards(
    means: &Means,
    tx: &mut Tx,
    rewards: &[Reward],
) -> Result<HashMap<Uuid, Dossier>, Fault> {
    if rewards.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = rewards.iter().map(|reward| reward.entitlement.id).collect();
    let makers = makers_of(tx, rewards).await?;
    let mut payees: HashMap<Uuid, Payee> =
        store::payee::of_rewards(tx, ids.clone()).await?.into_iter().map(|payee| (payee.reward, payee)).collect();
    let mut approvals: HashMap<Uuid, Vec<Approval>> = HashMap::new();
    for (reward, approval) in store::approval::of_rewards(tx, ids).await? {
        approvals.entry(reward).or_default().push(approval);
    }
    let mut dossiers = HashMap::with_capacity(rewards.len());
    for reward in rewards {
        let of = &reward.entitlement;
        let plan = means.plans.get(tx, &of.plan, of.plan_version).await?.map_err(|refusal| inconsistent(&refusal))?;
        let dossier = Dossier {
            plan,
            makers: makers.get(&(of.referral, of.stage.clone())).cloned(),
            payee: payees.remove(&of.id),
            approvals: approvals.remove(&of.id).unwrap_or_default(),
        };
        dossiers.insert(of.id, dossier);
    }
    Ok(dossiers)
}

/// By referral and stage.
type MakersByReferral = BTreeMap<(Uuid, String), Makers>;

async fn makers_of(tx: &mut Tx, rewards: &[Reward]) -> Result<MakersByReferral, Fault> {
    let mut referrals: Vec<Uuid> = rewards.iter().map(|reward| reward.entitlement.referral).collect();
    referrals.sort_unstable();
    referrals.dedup();
    let rows = store::qualification::makers(tx, referrals).await?;
    let makers = rows.into_iter().map(|row| {
        let makers = Makers { registrar: row.registrar, plan_maker: row.plan_maker };
        ((row.referral, row.stage), makers)
    });
    Ok(makers.collect())
}
