//! Erasures on their course: what was decided is cleared by the log, destroyed in the key store, forgotten here. And what keeps it so:
//! whichever of the two databases is put back from a copy is brought to where the other is.

use super::{more_if, system_act};
use crate::{
    commands::{AdvanceErasure, EndRunOut, FinishErasure, ForgetAgain, Happened, about},
    domain::erasure::{Erasure, Stage},
    means::Means,
    queries::{self, erasures::ErasureView},
};
use handsel_service::{Job, Worked};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use uuid::Uuid;

/// Erasures of one run.
const PORTION: i64 = 50;
/// How long one that a hold has stopped waits before the retention periods try again.
const HELD: Duration = Duration::from_secs(7 * 86_400);

/// Brings erasures on. One that cannot go on keeps no other from it.
pub(super) fn course(means: &Arc<Means>) -> Job {
    let notify = Arc::clone(&means.erasures);
    let means = means.clone();
    let job = Job::new("referral erasures", Duration::from_secs(30), move || {
        let means = means.clone();
        async move {
            let under_way = queries::erasures::under_way(&means.db, PORTION).await?;
            let mut stuck = None;
            for id in under_way {
                if let Err(error) = bring_on(&means, id).await {
                    stuck = Some(error.context(format!("erasures/{id} waits")));
                }
            }
            stuck.map_or(Ok(Worked::Idle), Err)
        }
    });
    job.woken_by(notify)
}

/// Every step that an erasure can make now.
async fn bring_on(means: &Means, id: Uuid) -> anyhow::Result<()> {
    while let Some(view) = queries::erasures::get(&means.db, id).await? {
        match view.erasure.stage {
            Stage::Decided => {
                let clearance = means.holds.clear(view.erasure.name(), about(&view.standings)).await?;
                advance(means, id, Happened::Answered(clearance)).await?;
            }
            Stage::Cleared => {
                let keys = means.registry.destroy(id, subjects(&view), view.erasure.purposes).await?;
                advance(means, id, Happened::Destroyed(keys)).await?;
            }
            Stage::Destroyed => {
                let (registry, periods) = (means.registry.clone(), means.retention);
                let finish = FinishErasure { act: system_act(means, "referral/erasure"), id, registry, periods };
                accepted(means.db.transact(&finish).await?)?;
            }
            Stage::Proposed | Stage::Erased | Stage::Held => break,
        }
    }
    Ok(())
}

async fn advance(means: &Means, id: Uuid, happened: Happened) -> anyhow::Result<()> {
    let act = system_act(means, "referral/erasure");
    accepted(means.db.transact(&AdvanceErasure { act, id, happened }).await?)
}

/// Another process may have made the step: then there is nothing to do.
fn accepted(advanced: Result<Erasure, crate::domain::refusal::Refusal>) -> anyhow::Result<()> {
    if let Err(refusal) = advanced {
        tracing::debug!(reason = refusal.reason(), "a step of an erasure was made elsewhere");
    }
    Ok(())
}

fn subjects(view: &ErasureView) -> Vec<Uuid> {
    let subjects: BTreeSet<Uuid> = view.standings.iter().map(|standing| standing.subject).collect();
    subjects.into_iter().collect()
}

/// Begins the erasure of people whose last consent is too old.
pub(super) fn run_out(means: &Arc<Means>) -> Job {
    let means = means.clone();
    Job::new("referral retention", Duration::from_secs(3_600), move || {
        let means = means.clone();
        async move {
            let act = system_act(&means, "referral/retention");
            let held_since = super::earlier(act.now, HELD);
            let ids = (0..PORTION).map(|_| means.world.ids.next()).collect();
            let begun = means.db.transact(&EndRunOut { act, ids, periods: means.retention, held_since }).await?;
            means.erasures.notify_one();
            Ok(more_if(i64::try_from(begun)? >= PORTION))
        }
    })
}

/// Destroys again what was destroyed, and forgets again whom the key store has no keys of: at the start, and every day.
pub(super) fn keep_erased(means: &Arc<Means>) -> Job {
    let means = means.clone();
    Job::new("referral keep erased", Duration::from_secs(86_400), move || {
        let means = means.clone();
        async move {
            let mut behind = Uuid::nil();
            loop {
                let views = queries::erasures::destroyed(&means.db, behind, PORTION).await?;
                let Some(last) = views.last() else { break };
                behind = last.erasure.id;
                for view in views {
                    means.registry.destroy(view.erasure.id, subjects(&view), view.erasure.purposes.clone()).await?;
                }
            }
            let mut behind = Uuid::nil();
            loop {
                let subjects = means.registry.destroyed(behind, PORTION).await?;
                let Some(last) = subjects.last() else { break };
                behind = *last;
                let (registry, periods) = (means.registry.clone(), means.retention);
                let act = system_act(&means, "referral/erasure");
                means.db.transact(&ForgetAgain { act, subjects, registry, periods }).await?;
            }
            Ok(Worked::Idle)
        }
    })
}
