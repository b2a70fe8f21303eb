//! Goes on with the recomputation that is under way: a limited run of rewards, or of valuations of rates, each computed again from
//! its trace.

use super::{means::Means, recompute_rates, statements};
use crate::{
    domain::{recompute, record::Record, reward::Reward},
    store::{
        self,
        recomputation::{Finding, Recomputation},
    },
};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed};
use handsel_storage::{At, Command, Fault, Tx};
use serde_json::json;
use std::collections::HashMap;

/// How many at once, and when.
pub(crate) struct RecomputeRewards {
    pub(crate) means: Means,
    pub(crate) limit: i64,
    pub(crate) now: Timestamp,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Rewards, or valuations of rates, computed again in this run.
    pub(crate) recomputed: usize,
    /// How many of them do not come out as they are stored.
    pub(crate) different: usize,
}

impl Command for RecomputeRewards {
    const NAME: &'static str = "recomputation.go_on";
    /// None where nothing is under way.
    type Output = Option<Progress>;

    /// Rewards first; once there is none left, the valuations of rates.
    async fn apply(&self, tx: &mut Tx) -> Result<Option<Progress>, Fault> {
        let Some(mut run) = store::recomputation::under_way(tx).await? else { return Ok(None) };
        let before = run.different;
        let (recomputed, owed) =
            if run.rewards_done { self.rates(tx, &mut run).await? } else { self.rewards(tx, &mut run).await? };
        run.recomputed = run.recomputed.saturating_add(i64::try_from(recomputed).unwrap_or(i64::MAX));
        run.updated_at = At(self.now);
        store::recomputation::save(tx, &run).await?;
        if !owed.is_empty() {
            self.means.outbox.owe(tx, self.now, owed).await?;
        }
        let different = usize::try_from(run.different.saturating_sub(before)).unwrap_or_default();
        Ok(Some(Progress { recomputed, different }))
    }
}

impl RecomputeRewards {
    async fn rewards(&self, tx: &mut Tx, run: &mut Recomputation) -> Result<(usize, Vec<Owed>), Fault> {
        let after = run.after_created_at.zip(run.after_id);
        let rewards = store::recomputation::rewards(tx, after, run.started_at, self.limit).await?;
        let ids = rewards.iter().map(|reward| reward.entitlement.id).collect();
        let traces = store::recomputation::traces(tx, ids).await?;
        let traces: HashMap<_, _> = traces.into_iter().map(|row| (row.id, row.trace)).collect();

        let (mut findings, mut owed) = (Vec::new(), Vec::new());
        for reward in &rewards {
            let trace = traces.get(&reward.entitlement.id).map(Vec::as_slice).unwrap_or_default();
            let Some(detail) = difference(reward, trace) else { continue };
            run.different = run.different.saturating_add(1);
            let body = json!({ "detail": detail });
            let actor = Actor::system("reward/recompute");
            owed.push(statements::of_reward("reward.recompute_failed", "recompute", reward, &actor, self.now, body));
            findings.push(Finding { number: run.different, reward: reward.entitlement.id, detail });
        }
        if let Some(last) = rewards.last() {
            run.after_created_at = Some(At(last.entitlement.created_at));
            run.after_id = Some(last.entitlement.id);
        }
        run.rewards_done = self.was_the_last(rewards.len());
        store::recomputation::keep(tx, run.id, &findings, self.now).await?;
        Ok((rewards.len(), owed))
    }

    async fn rates(&self, tx: &mut Tx, run: &mut Recomputation) -> Result<(usize, Vec<Owed>), Fault> {
        let after = run.rate_after_id.zip(run.rate_after_event.clone());
        let valuations = store::recompute_rate::next(tx, after, run.started_at, self.limit).await?;
        let found = recompute_rates::again(tx, &valuations, run.different, self.now).await?;
        if let Some(last) = found.findings.last() {
            run.different = last.number;
        }
        if let Some(last) = valuations.last() {
            run.rate_after_id = Some(last.held.grant);
            run.rate_after_event = Some(last.held.valuation.code().to_owned());
        }
        run.done = self.was_the_last(valuations.len());
        store::recompute_rate::keep(tx, run.id, &found.findings, self.now).await?;
        Ok((valuations.len(), found.owed))
    }

    fn was_the_last(&self, page: usize) -> bool {
        i64::try_from(page).is_ok_and(|count| count < self.limit)
    }
}

/// Why a reward does not come out as it is stored; none where it does.
fn difference(reward: &Reward, trace: &[u8]) -> Option<String> {
    let record: Record<'_> = match serde_json::from_slice(trace) {
        Ok(record) => record,
        Err(error) => return Some(format!("its trace cannot be read: {error}")),
    };
    match recompute::compare(&record, &reward.entitlement.amounts) {
        Ok(comparisons) => recompute::first_difference(&comparisons),
        Err(error) => Some(error.to_string()),
    }
}
