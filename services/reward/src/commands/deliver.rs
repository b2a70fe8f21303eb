//! Takes what the other services tell: qualified referrals, their reversals, changes of tier, and what compliance holds.

use super::{
    audit_holds::{self, Placed, Released},
    grant_rewards::{Case, grant_all},
    means::Means,
    reverse_reward::reverse,
};
use crate::{
    domain::{
        qualification::{QUALIFICATION_TOLERANCE, not_in_the_future},
        refusal::Refusal,
        reversal::Trigger,
        reward::Reward,
    },
    store::{self, counter::BUDGET, hold::HOLD, reversal::Reach, reward::REWARD},
};
use handsel_money::Timestamp;
use handsel_outbox::{
    Actor, Origin, Owed, Statement,
    inbox::{Arrival, Inbox, InboxRefused, Verdict},
};
use handsel_proto::handsel::relay::v1::Receipt;
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use uuid::Uuid;

/// A run of messages of one source.
pub(crate) struct Deliver {
    pub(crate) means: Means,
    pub(crate) origin: Origin,
    pub(crate) arrivals: Vec<Arrival>,
    /// One for each arrival: what it says, or why that makes no sense to us.
    pub(crate) contents: Vec<Result<Content, Refusal>>,
    /// What the reversals among them lock, as it stood when they came.
    pub(crate) reach: Reach,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

/// What a message says.
pub(crate) enum Content {
    /// A referral has qualified.
    Qualification(Box<Case>),
    /// A customer is of another tier.
    Tier(TierChange),
    /// Nothing: the sender has put the message aside.
    Parked,
    /// A referral that had qualified was reversed.
    Reversal(Reversed),
    /// Compliance holds payments.
    Placed(Placed),
    /// Two people have released such a hold.
    Released(Released),
}

/// A referral that had qualified was reversed.
pub(crate) struct Reversed {
    pub(crate) referral: Uuid,
    pub(crate) trigger: Trigger,
}

/// A customer is of a tier from an instant on.
pub(crate) struct TierChange {
    pub(crate) customer: String,
    pub(crate) tier: String,
    pub(crate) effective_at: Timestamp,
}

impl Command for Deliver {
    const NAME: &'static str = "inbox.deliver";
    type Output = Result<Vec<Receipt>, InboxRefused>;

    /// Everything that any of the messages locks, before the first is taken: a message that locked its own when its turn comes would
    /// lock plans after rewards, or in the order in which messages happen to stand, and two runs of messages would wait for each other.
    fn locks(&self) -> Vec<Lock> {
        let lock = |content: &Result<Content, Refusal>| match content {
            Ok(Content::Qualification(case)) => Some(Lock::new(&BUDGET, case.qualification.plan.as_str())),
            Ok(Content::Released(released)) => Some(Lock::new(&HOLD, released.id)),
            Ok(Content::Tier(_) | Content::Reversal(_) | Content::Placed(_) | Content::Parked) | Err(_) => None,
        };
        let plans = self.reach.plans.iter().map(|plan| Lock::new(&BUDGET, plan.as_str()));
        let rewards = self.reach.rewards.iter().map(|reward| Lock::new(&REWARD, *reward));
        self.contents.iter().filter_map(lock).chain(plans).chain(rewards).collect()
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let inbox = match Inbox::begin(tx, &self.origin, &self.arrivals).await? {
            Ok(inbox) => inbox,
            Err(refused) => return Ok(Err(refused)),
        };
        let fresh = self.contents.get(inbox.taken()..).unwrap_or_default();
        let mut verdicts = Vec::with_capacity(fresh.len());
        // Messages of one kind that stand together are done together, so that a run of grants is one batch.
        for run in fresh.chunk_by(both_grants) {
            verdicts.extend(self.take(tx, run).await?);
        }
        Ok(Ok(inbox.finish(tx, verdicts).await?))
    }
}

impl Deliver {
    async fn take(&self, tx: &mut Tx, run: &[Result<Content, Refusal>]) -> Result<Vec<Verdict>, Fault> {
        match run {
            [Ok(Content::Tier(change))] => Ok(vec![self.take_tier(tx, change).await?]),
            [Ok(Content::Parked)] => Ok(vec![Verdict::Applied { resource: String::new() }]),
            [Ok(Content::Reversal(reversed))] => Ok(vec![self.take_reversal(tx, reversed).await?]),
            [Ok(Content::Placed(placed))] => {
                let outcome = audit_holds::place(&self.means, tx, placed, &self.actor, self.now).await?;
                Ok(vec![outcome.unwrap_or_else(|refusal| refused(&refusal))])
            }
            [Ok(Content::Released(released))] => {
                let outcome = audit_holds::release(&self.means, tx, released, &self.actor, self.now).await?;
                Ok(vec![outcome.unwrap_or_else(|refusal| refused(&refusal))])
            }
            [Err(refusal)] => Ok(vec![refused(refusal)]),
            run => {
                let cases: Vec<&Case> = run.iter().filter_map(case).collect();
                let outcomes = grant_all(&self.means, tx, &cases).await?;
                Ok(outcomes.iter().map(granted).collect())
            }
        }
    }

    /// Every reward of the referral, by its plan's terms; those that are over, or reversed already, stay as they are.
    async fn take_reversal(&self, tx: &mut Tx, reversed: &Reversed) -> Result<Verdict, Fault> {
        let Reversed { referral, trigger } = reversed;
        if let Err(refusal) = not_in_the_future(trigger.at, self.now, QUALIFICATION_TOLERANCE, "trigger_time") {
            return Ok(refused(&refusal));
        }
        let reach = store::reversal::reach(tx, vec![*referral]).await?;
        // What was granted by an earlier message of this run has its plan locked, and its rewards are nobody else's yet. What another
        // call granted since the look that our locks come from is locked only now: in the worst case that is a deadlock, which the
        // engine ends and we run again.
        store::counter::lock(tx, reach.plans.iter().cloned().collect()).await?;
        // Granted since the first look: its plan's budget is not locked.
        if store::reversal::reach(tx, vec![*referral]).await? != reach {
            return Err(Fault::Contention);
        }
        store::campaign::uncount(tx, *referral, self.now).await?;
        for reward in store::reward::lock(tx, reach.rewards.into_iter().collect()).await? {
            match reverse(&self.means, tx, &reward, trigger.clone(), &self.actor, self.now).await? {
                Ok(()) | Err(Refusal::StateConflict { .. }) => {}
                Err(refusal) => return Err(Fault::Invalid(refusal.to_string())),
            }
        }
        Ok(Verdict::Applied { resource: format!("referrals/{referral}") })
    }

    async fn take_tier(&self, tx: &mut Tx, change: &TierChange) -> Result<Verdict, Fault> {
        let TierChange { customer, tier, effective_at } = change;
        store::tier::record(tx, customer, tier, *effective_at, self.now).await?;
        let name = customer.clone();
        let owed = Owed::Audit(Statement {
            kind: "reward.tier_noted",
            time: self.now,
            actor: self.actor.clone(),
            subjects: vec![name.clone()],
            action: "note-tier",
            outcome: "success",
            reason: None,
            correlation: name.clone(),
            amount: None,
            policy: None,
            body: json!({ "tier": tier, "effective_time": effective_at.to_string() }),
        });
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Verdict::Applied { resource: name })
    }
}

fn both_grants(one: &Result<Content, Refusal>, next: &Result<Content, Refusal>) -> bool {
    case(one).is_some() && case(next).is_some()
}

fn case(content: &Result<Content, Refusal>) -> Option<&Case> {
    match content {
        Ok(Content::Qualification(case)) => Some(case),
        Ok(Content::Tier(_) | Content::Reversal(_) | Content::Placed(_) | Content::Released(_) | Content::Parked)
        | Err(_) => None,
    }
}

/// The referral's receipt names its first reward, the referrer's where he has one.
fn granted(outcome: &Result<Vec<Reward>, Refusal>) -> Verdict {
    match outcome {
        Ok(rewards) => Verdict::Applied { resource: rewards.first().map(Reward::name).unwrap_or_default() },
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: &Refusal) -> Verdict {
    Verdict::Refused { reason: refusal.reason().to_owned() }
}
