//! Grants the rewards of qualified referrals: each referral once, for ever, however often and by whichever way it is told.
//!
//! A batch costs as many statements as one: everything is loaded once, decided in order of arrival, and saved once.

use super::{means::Means, moves, offer_rates::RateDesk, room, statements};
use crate::{
    domain::{
        grant::{self, Counted, Counters, Grant, SeasonKey, Tiers, WindowKey},
        qualification::Qualification,
        refusal::Refusal,
        reward::Reward,
        terms::PlanInForce,
    },
    store::{self, counter::BUDGET, reward::Granted, transfer::Transfer},
};
use futures::future::try_join;
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed, Packed};
use handsel_storage::{Command, Fault, Lock, Tx};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry},
    sync::Arc,
};
use uuid::Uuid;

/// One referral that has qualified.
pub(crate) struct GrantRewards {
    pub(crate) means: Means,
    pub(crate) case: Case,
}

/// What is granted on: the referral, who told it, and when.
pub(crate) struct Case {
    pub(crate) qualification: Qualification,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

/// The rewards of one referral, the referrer's first; those it had if it was granted before.
pub(crate) type Outcome = Result<Vec<Reward>, Refusal>;

impl Command for GrantRewards {
    const NAME: &'static str = "reward.grant";
    type Output = Outcome;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&BUDGET, self.case.qualification.plan.as_str())]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Outcome, Fault> {
        let mut outcomes = grant_all(&self.means, tx, &[&self.case]).await?;
        outcomes.pop().ok_or_else(|| Fault::Invalid("a grant without an outcome".into()))
    }

    async fn apply_all(batch: &[&Self], tx: &mut Tx) -> Result<Vec<Outcome>, Fault> {
        let Some(first) = batch.first() else { return Ok(Vec::new()) };
        let cases: Vec<&Case> = batch.iter().map(|command| &command.case).collect();
        grant_all(&first.means, tx, &cases).await
    }
}

/// Grants in order of arrival, with the outcome of one by one. The budget rows of the plans named are locked.
pub(crate) async fn grant_all(means: &Means, tx: &mut Tx, cases: &[&Case]) -> Result<Vec<Outcome>, Fault> {
    let mut known = granted_before(tx, cases).await?;
    let fresh: Vec<&Case> =
        cases.iter().copied().filter(|case| !known.contains_key(&case.qualification.key())).collect();
    let plans = plans_of(means, tx, &fresh).await?;
    let tiers = tiers_of(tx, &fresh).await?;
    let before = counters_of(tx, &fresh, &plans).await?;
    let mut seen = counted_before(tx, &fresh, &plans).await?;
    let in_force = plans.values().filter_map(|plan| plan.as_deref().ok());
    let mut rates = RateDesk::open(tx, in_force).await?;

    let mut counters = before.clone();
    let mut added = Added::default();
    let mut outcomes = Vec::with_capacity(cases.len());
    for case in cases {
        let qualification = &case.qualification;
        if let Some((earlier, rewards)) = known.get(&qualification.key()) {
            outcomes.push(again(qualification, earlier, rewards));
            continue;
        }
        let decided = plan_of(&plans, qualification).and_then(|plan| {
            let counted = if seen.contains(&qualification.referral) { Counted::Before } else { Counted::Now };
            let told = (qualification, counted);
            let grants = grant::decide(plan, told, &tiers, &mut counters, case.now, &mut || means.next_id())?;
            Ok((plan, grants))
        });
        outcomes.push(decided.map(|(plan, grants)| {
            let mut rewards: Vec<Reward> = grants.iter().map(|grant| grant.reward.clone()).collect();
            list(qualification, &mut rewards);
            if plan.plan.terms.milestones.is_some() && seen.insert(qualification.referral) {
                added.counted.extend(grant::progress_of(plan, qualification).map(|key| (qualification.referral, key)));
            }
            known.insert(qualification.key(), (qualification.clone(), rewards.clone()));
            rates.offer(means, (plan, case), &rewards, &mut counters);
            added.cases.push((case, plan));
            added.grants.extend(grants.into_iter().map(|grant| (*case, grant)));
            rewards
        }));
    }
    added.save(means, tx).await?;
    if let Some(case) = cases.first() {
        rates.save(means, tx, case.now).await?;
        room::save(tx, means, &before, counters, case.now).await?;
    }
    Ok(outcomes)
}

/// A referral that was granted before: the same content has the same rewards, other content has none.
fn again(qualification: &Qualification, earlier: &Qualification, rewards: &[Reward]) -> Outcome {
    if qualification.says_the_same_as(earlier) {
        Ok(rewards.to_vec())
    } else {
        Err(Refusal::GrantConflict(qualification.name()))
    }
}

/// The order of an answer: the ordinary rewards by role, then milestones by their ids.
fn list(qualification: &Qualification, rewards: &mut [Reward]) {
    rewards.sort_by_cached_key(|reward| {
        (reward.entitlement.milestone.clone(), qualification.place_of(&reward.entitlement))
    });
}

/// By referral and stage.
type Known = HashMap<(Uuid, String), (Qualification, Vec<Reward>)>;

async fn granted_before(tx: &mut Tx, cases: &[&Case]) -> Result<Known, Fault> {
    let referrals: BTreeSet<Uuid> = cases.iter().map(|case| case.qualification.referral).collect();
    let earlier = store::qualification::of_referrals(tx, referrals.into_iter().collect()).await?;
    // A referral is asked for once, however many of its stages were granted.
    let granted: BTreeSet<Uuid> = earlier.iter().map(|one| one.referral).collect();
    let rewards = store::reward::of_referrals(tx, granted.into_iter().collect()).await?;
    let mut known: Known = earlier.into_iter().map(|one| (one.key(), (one, Vec::new()))).collect();
    for reward in rewards {
        if let Some((_, rewards)) = known.get_mut(&(reward.entitlement.referral, reward.entitlement.stage.clone())) {
            rewards.push(reward);
        }
    }
    for (qualification, rewards) in known.values_mut() {
        list(qualification, rewards);
    }
    Ok(known)
}

type Plans = BTreeMap<(String, i64), Result<Arc<PlanInForce>, Refusal>>;

async fn plans_of(means: &Means, tx: &mut Tx, cases: &[&Case]) -> Result<Plans, Fault> {
    let mut plans = Plans::new();
    for case in cases {
        let key = (case.qualification.plan.clone(), case.qualification.plan_version);
        if let Entry::Vacant(place) = plans.entry(key) {
            let plan = means.plans.get(tx, &case.qualification.plan, case.qualification.plan_version).await?;
            place.insert(plan);
        }
    }
    Ok(plans)
}

fn plan_of<'a>(plans: &'a Plans, qualification: &Qualification) -> Result<&'a PlanInForce, Refusal> {
    match plans.get(&(qualification.plan.clone(), qualification.plan_version)) {
        Some(Ok(plan)) => Ok(plan),
        Some(Err(refusal)) => Err(refusal.clone()),
        None => Err(Refusal::NotFound(format!("plans/{}", qualification.plan))),
    }
}

async fn tiers_of(tx: &mut Tx, cases: &[&Case]) -> Result<Tiers, Fault> {
    let customers: BTreeSet<String> = cases
        .iter()
        .flat_map(|case| [case.qualification.referrer.clone(), case.qualification.referee.clone()])
        .collect();
    let mut tiers = Tiers::default();
    if !customers.is_empty() {
        for row in store::tier::of_customers(tx, customers.into_iter().collect()).await? {
            tiers.note(row.customer, row.effective_at.0, row.tier);
        }
    }
    Ok(tiers)
}

/// The counters that the cases touch. Seasons and milestones are asked for where a plan has them.
async fn counters_of(tx: &mut Tx, cases: &[&Case], plans: &Plans) -> Result<Counters, Fault> {
    let ids: BTreeSet<String> = plans.values().filter_map(|plan| Some(plan.as_ref().ok()?.plan.id.clone())).collect();
    if ids.is_empty() {
        return Ok(Counters::default());
    }
    let (mut windows, mut progress) = (BTreeSet::<WindowKey>::new(), BTreeSet::<WindowKey>::new());
    let mut seasons = BTreeMap::<SeasonKey, i64>::new();
    for case in cases {
        let Ok(plan) = plan_of(plans, &case.qualification) else { continue };
        windows.extend(grant::windows_of(plan, &case.qualification));
        progress.extend(grant::progress_of(plan, &case.qualification));
        if let (Some(key), Some(season)) = (grant::season_of(plan, &case.qualification), plan.plan.terms.budgets.season)
        {
            let limit = seasons.entry(key).or_default();
            *limit = season.budget.minor().max(*limit);
        }
    }
    let budgets = store::counter::budgets(tx, ids.into_iter().collect()).await?;
    let windows = store::counter::windows(tx, &windows.into_iter().collect::<Vec<_>>()).await?;
    let progress = store::campaign::progress(tx, &progress.into_iter().collect::<Vec<_>>()).await?;
    let limits: Vec<(SeasonKey, i64)> = seasons.into_iter().collect();
    store::campaign::open_seasons(tx, &limits).await?;
    let seasons = store::campaign::seasons(tx, &limits.into_iter().map(|(key, _)| key).collect::<Vec<_>>()).await?;
    Ok(Counters {
        budgets: budgets.into_iter().collect(),
        seasons: seasons.into_iter().collect(),
        windows: windows.into_iter().collect(),
        progress: progress.into_iter().collect(),
        warnings: Vec::new(),
    })
}

/// Referrals that count towards milestones already. Nothing is asked for plans without milestones.
async fn counted_before(tx: &mut Tx, cases: &[&Case], plans: &Plans) -> Result<BTreeSet<Uuid>, Fault> {
    let counts =
        |case: &&&Case| plan_of(plans, &case.qualification).is_ok_and(|plan| plan.plan.terms.milestones.is_some());
    let referrals = cases.iter().filter(counts).map(|case| case.qualification.referral).collect();
    store::campaign::counted(tx, referrals).await
}

/// What a batch adds.
#[derive(Default)]
struct Added<'a> {
    /// Referrals that count towards milestones from now on, and where.
    counted: Vec<(Uuid, WindowKey)>,
    cases: Vec<(&'a Case, &'a PlanInForce)>,
    grants: Vec<(&'a Case, Grant<'a>)>,
}

impl Added<'_> {
    /// A plan that everybody wants meets one lane: while the database takes one thing in, the next is made ready.
    async fn save(self, means: &Means, tx: &mut Tx) -> Result<(), Fault> {
        let Some((first, _)) = self.cases.first() else { return Ok(()) };
        let now = first.now;
        store::campaign::count(tx, &self.counted).await?;
        let qualifications: Vec<_> =
            self.cases.iter().map(|(case, plan)| (&case.qualification, plan.plan.terms.currency)).collect();
        let taken_in = store::qualification::insert(tx, &qualifications, now);
        let ((), rows) = try_join(taken_in, async { self.rows() }).await?;
        let taken_in = store::reward::insert(tx, rows);
        let ((), (transfers, owed)) = try_join(taken_in, async { self.consequences(means) }).await?;
        store::transfer::insert(tx, &transfers).await?;
        means.outbox.write(tx, now, owed).await
    }

    fn rows(&self) -> Result<Vec<Granted<'_>>, Fault> {
        let mut rows = Vec::with_capacity(self.grants.len());
        for (_, grant) in &self.grants {
            let trace = serde_json::to_vec(&grant.record)
                .map_err(|error| Fault::Invalid(format!("the trace of a reward: {error}")))?;
            rows.push(Granted { reward: &grant.reward, trace });
        }
        Ok(rows)
    }

    fn consequences(&self, means: &Means) -> Result<(Vec<Transfer>, Packed), Fault> {
        let (mut transfers, mut owed) = (Vec::new(), Vec::with_capacity(self.grants.len()));
        for (case, grant) in &self.grants {
            transfers.extend(moves::transfers(means, &grant.reward, 0, &grant.postings, case.now));
            owed.push(said(case, &grant.reward));
        }
        Ok((transfers, means.outbox.pack(owed)?))
    }
}

fn said(case: &Case, reward: &Reward) -> Owed {
    let amounts = &reward.entitlement.amounts;
    let body = json!({
        "role": reward.entitlement.role.code(),
        "state": reward.state.standing().code(),
        "gross": amounts.gross.to_string(),
        "tax": amounts.tax.to_string(),
        "net": amounts.net.to_string(),
    });
    statements::of_reward("reward.granted", "grant", reward, &case.actor, case.now, body)
}
