//! Computes every reward again while somebody has asked for it: a page a run, wherever the last process stopped.

use crate::{commands::recompute_rewards::RecomputeRewards, service::Service};
use handsel_service::{Job, Worked};
use opentelemetry::global;
use std::{sync::Arc, time::Duration};

const PERIOD: Duration = Duration::from_secs(5);
const PAGE: i64 = 500;

pub(super) fn job(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    let meter = global::meter("handsel");
    let recomputed = meter.u64_counter("handsel.reward.recomputed").build();
    let different = meter.u64_counter("handsel.reward.recompute_failed").build();
    Job::new("reward recompute", PERIOD, move || {
        let (service, recomputed, different) = (Arc::clone(&own), recomputed.clone(), different.clone());
        async move {
            let (means, now) = (service.means.clone(), service.world.business.now());
            let progress = service.db.transact(&RecomputeRewards { means, limit: PAGE, now }).await?;
            let Some(progress) = progress else { return Ok(Worked::Idle) };
            recomputed.add(u64::try_from(progress.recomputed).unwrap_or(u64::MAX), &[]);
            different.add(u64::try_from(progress.different).unwrap_or(u64::MAX), &[]);
            if progress.different > 0 {
                tracing::error!(rewards = progress.different, "rewards do not come out as they are stored");
            }
            Ok(Worked::More)
        }
    })
}
