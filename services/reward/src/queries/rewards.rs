//! Rewards: one as a whole, pages of them.

use crate::{
    commands::{latch::held, means::Means},
    domain::{
        checks::{self, Check, Known},
        hold::Hold,
        latch::{Cause, Latch, Stop},
        outcome::Attempt,
        record::Record,
        reward::Reward,
        reward_choice::RewardChoice,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Db, Fault, Tx};
use std::collections::HashMap;
use uuid::Uuid;

pub(crate) use crate::store::{reversal::Reach, reward_read::Filter};

/// One reward with everything known of it.
pub(crate) struct Whole {
    pub(crate) reward: Reward,
    /// Oldest first.
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) record: Record<'static>,
    /// What keeps it from being paid, oldest first.
    pub(crate) holds: Vec<Hold>,
    /// The choice that was offered with it.
    pub(crate) choice: Option<RewardChoice>,
    /// Every check on its way, in the order of that way.
    pub(crate) checks: Vec<Check>,
}

/// One reward as of now.
pub(crate) async fn get(db: &Db, means: &Means, id: Uuid, now: Timestamp) -> Result<Option<Whole>, Fault> {
    let mut tx = db.read().await?;
    let (Some(reward), Some(trace)) =
        (store::reward_read::one(&mut tx, id).await?, store::reward_read::trace(&mut tx, id).await?)
    else {
        return Ok(None);
    };
    let record = serde_json::from_slice(&trace).map_err(|error| Fault::Invalid(format!("reward.trace: {error}")))?;
    let mut attempts = store::attempt::of_rewards(&mut tx, vec![id]).await?;
    attempts.sort_by_key(|attempt| attempt.number);
    let of = &reward.entitlement;
    let holds = store::hold::on_reward(&mut tx, id, of.referral, &of.beneficiary, &of.plan).await?;
    let choice = match reward.entitlement.choice {
        Some(_) => store::reward_choice::of_reward(&mut tx, id).await?,
        None => None,
    };
    let checks = look(&mut tx, means, &reward, attempts.last(), &holds, choice.as_ref(), now).await?;
    Ok(Some(Whole { reward, attempts, record, holds, choice, checks }))
}

/// What reversals of these referrals will lock, as it stands now.
pub(crate) async fn reach(db: &Db, referrals: Vec<Uuid>) -> Result<Reach, Fault> {
    if referrals.is_empty() {
        return Ok(Reach::default());
    }
    store::reversal::reach(&mut db.read().await?, referrals).await
}

/// Every check on a reward's way, by one look at the database.
async fn look(
    tx: &mut Tx,
    means: &Means,
    reward: &Reward,
    newest: Option<&Attempt>,
    holds: &[Hold],
    choice: Option<&RewardChoice>,
    now: Timestamp,
) -> Result<Vec<Check>, Fault> {
    let of = &reward.entitlement;
    let ids = || vec![of.id];
    let plan = means.plans.get(tx, &of.plan, of.plan_version).await?;
    let plan = plan.map_err(|refusal| Fault::Invalid(refusal.to_string()))?;
    let approvals: Vec<_> = store::approval::of_rewards(tx, ids()).await?.into_iter().map(|(_, given)| given).collect();
    let payees = store::payee::of_rewards(tx, ids()).await?;
    let rounds = store::gate::rounds(tx, ids()).await?;
    let (stop, signs) = stop(tx, means).await?;
    let known = Known {
        reward,
        newest,
        holds,
        choice,
        approvals: &approvals,
        payee: payees.first(),
        round: rounds.first(),
        stop,
        signs: &signs,
        payment: &plan.plan.terms.payment,
        zone: &plan.plan.terms.zone,
    };
    Ok(checks::look(&known, now))
}

/// Why nothing leaves, and what the latch fell for.
async fn stop(tx: &mut Tx, means: &Means) -> Result<(Option<Stop>, Vec<Cause>), Fault> {
    match store::latch::read(tx).await? {
        Latch::Up => Ok((held(tx, &means.gate).await?, Vec::new())),
        Latch::Down { signs, .. } => Ok((Some(Stop::Latched), signs.iter().map(|sign| sign.cause).collect())),
    }
}

/// The plan of a reward, which never changes.
pub(crate) async fn plan_of(db: &Db, id: Uuid) -> Result<Option<String>, Fault> {
    store::reward_read::plan_of(db, id).await
}

/// A reward and its attempts, oldest first.
pub(crate) type RewardAndAttempts = (Reward, Vec<Attempt>);

/// A page of rewards, newest first, after the one granted at this instant under this id.
pub(crate) async fn list(
    db: &Db,
    filter: Filter,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<RewardAndAttempts>, Fault> {
    let mut tx = db.read().await?;
    let rewards = store::reward_read::page(&mut tx, filter, after.map(|(at, id)| (At(at), id)), limit).await?;
    join_attempts(&mut tx, rewards).await
}

/// These rewards as they stand now, in the order named; those that do not exist are left out.
pub(crate) async fn named(db: &Db, ids: &[Uuid]) -> Result<Vec<RewardAndAttempts>, Fault> {
    let mut tx = db.read().await?;
    let found = store::reward_read::many(&mut tx, ids.to_vec()).await?;
    let mut by_id: HashMap<Uuid, Reward> = found.into_iter().map(|one| (one.entitlement.id, one)).collect();
    let rewards = ids.iter().filter_map(|id| by_id.remove(id)).collect();
    join_attempts(&mut tx, rewards).await
}

/// These rewards with their attempts, for which the database is asked only if there are any.
pub(crate) async fn with_attempts(db: &Db, rewards: Vec<Reward>) -> Result<Vec<RewardAndAttempts>, Fault> {
    if rewards.iter().all(|reward| reward.state.attempts() == 0) {
        return Ok(rewards.into_iter().map(|reward| (reward, Vec::new())).collect());
    }
    join_attempts(&mut db.read().await?, rewards).await
}

async fn join_attempts(tx: &mut Tx, rewards: Vec<Reward>) -> Result<Vec<RewardAndAttempts>, Fault> {
    let tried = rewards.iter().filter(|reward| reward.state.attempts() > 0);
    let mut attempts = store::attempt::of_rewards(tx, tried.map(|reward| reward.entitlement.id).collect()).await?;
    attempts.sort_by_key(|attempt| attempt.number);
    let mut of_reward: HashMap<Uuid, Vec<Attempt>> = HashMap::new();
    for attempt in attempts {
        of_reward.entry(attempt.reward).or_default().push(attempt);
    }
    let join = |reward: Reward| {
        let attempts = of_reward.remove(&reward.entitlement.id).unwrap_or_default();
        (reward, attempts)
    };
    Ok(rewards.into_iter().map(join).collect())
}
