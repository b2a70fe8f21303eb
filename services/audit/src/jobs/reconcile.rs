//! Each day the payouts of the day before are compared with the ledger.

use crate::{
    log::Log,
    queries::payouts::{self, Period},
    reconcile::reconcile,
};
use anyhow::{Context as _, anyhow};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_service::{Job, Peer, Worked};
use std::{sync::Arc, time::Duration};

const DAY: Duration = Duration::from_secs(86_400);
const DAY_MICROS: i64 = 86_400_000_000;
/// Days that are compared at once at most, where they were missed.
const MOST_DAYS: u32 = 366;

/// Looks `every` so often whether a day is over that was not compared, by the business's time and in UTC. One of which statements are
/// still on their way is looked at again.
pub(crate) fn reconcile_daily(log: &Arc<Log>, reward: Peer, every: Duration) -> Job {
    let log = Arc::clone(log);
    let run = move || {
        let (log, reward) = (Arc::clone(&log), reward.clone());
        async move {
            let through = payouts::reconciled_through(&log.db).await?;
            let Some(period) = due(through, log.world.business.now()) else { return Ok(Worked::Idle) };
            let actor = Actor::system("audit/reconcile");
            let compared = reconcile(&log, &reward, period, (actor, String::new())).await;
            let compared = compared.map_err(|error| {
                let status = error.status(|refusal| tonic::Status::unavailable(refusal.to_string()));
                anyhow!("{status}")
            });
            let compared = compared.with_context(|| format!("payouts from {} to {}", period.from, period.to))?;
            tracing::info!(
                from = %period.from, to = %period.to, payouts = compared.log.told(), kept = compared.kept.is_some(),
                "payouts in the log were compared with the ledger"
            );
            Ok(Worked::Idle)
        }
    };
    Job::new("audit.reconcile", every, run)
}

/// From where it was compared last, or from the beginning of the day before, to the beginning of today.
fn due(through: Option<Timestamp>, now: Timestamp) -> Option<Period> {
    let today = Timestamp::from_micros(now.as_micros().div_euclid(DAY_MICROS).saturating_mul(DAY_MICROS));
    let from = through.or_else(|| today.checked_sub(DAY))?;
    let to = from.checked_add(DAY.saturating_mul(MOST_DAYS)).map_or(today, |most| most.min(today));
    (from < to).then_some(Period { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_due_once_it_is_over() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (through, now, expected) in [
            (None, "2026-03-02T05:00:00.000000Z", Some(("2026-03-01T00:00:00.000000Z", "2026-03-02T00:00:00.000000Z"))),
            (Some("2026-03-02T00:00:00.000000Z"), "2026-03-02T23:59:59.999999Z", None),
            (
                Some("2026-03-02T00:00:00.000000Z"),
                "2026-03-05T00:00:00.000000Z",
                Some(("2026-03-02T00:00:00.000000Z", "2026-03-05T00:00:00.000000Z")),
            ),
            (
                Some("2020-01-01T00:00:00.000000Z"),
                "2026-03-05T00:00:00.000000Z",
                Some(("2020-01-01T00:00:00.000000Z", "2021-01-01T00:00:00.000000Z")),
            ),
            (Some("2026-03-02T00:00:00.000000Z"), "2025-01-01T00:00:00.000000Z", None),
        ] {
            let expected = expected.map(|(from, to)| Period { from: at(from), to: at(to) });
            assert_eq!(due(through.map(at), at(now)), expected, "{through:?} {now}");
        }
    }
}
