//! The scrubber: reads the log again and again, a portion at a time, and reports what is not as it should be.

use crate::{commands::KeepRound, domain::round::Round, log::Log, queries::scrub};
use anyhow::Context as _;
use handsel_money::Timestamp;
use handsel_service::{Job, Worked};
use std::{sync::Arc, time::Duration};

/// Between two portions: what is left to everybody else.
const PAUSE: Duration = Duration::from_millis(500);
/// Leaves in a portion, unless the log is so large that a round would take longer than it may.
const USUAL_PORTION: u64 = 1_024;
/// A portion is never larger: it is held in memory, bodies and all.
const LARGEST_PORTION: u64 = 16_384;

/// Reads one portion in each run. A round begins `every` so often, and its portions are as large as they must be to end within
/// that time.
pub(crate) fn scrub(log: &Arc<Log>, every: Duration) -> Job {
    let log = Arc::clone(log);
    let run = move || {
        let log = Arc::clone(&log);
        async move { portion(&log, every).await.map(|()| Worked::Idle) }
    };
    Job::new("audit.scrub", PAUSE, run)
}

async fn portion(log: &Log, every: Duration) -> anyhow::Result<()> {
    let now = log.now();
    let kept = scrub::progress(&log.db).await?;
    let (mut round, began_at) = match &kept {
        Some(kept) if kept.round.is_empty() => {
            if now < kept.began_at.0.checked_add(every).unwrap_or(Timestamp::MAX) {
                return Ok(());
            }
            (Round::default(), now)
        }
        // A round that cannot be read was not written by us: it begins anew.
        Some(kept) => (serde_json::from_str(&kept.round).unwrap_or_default(), kept.began_at.0),
        None => (Round::default(), now),
    };
    let size = log.newest_head().await?;
    let read = match scrub::portion(&log.db, &mut round, wanted(size, every), (&log.keys(), log.pseudonyms())).await {
        Ok(read) => read,
        Err(error) => {
            // Whatever it is, the next round finds it out from the beginning.
            keep(log, String::new(), Timestamp::MIN, &kept).await?;
            return Err(error.into());
        }
    };
    log.report(read.found).await?;
    if read.over {
        let done = KeepRound { round: String::new(), began_at, ended_at: log.now(), checked: round.size() };
        log.db.transact(&done).await?;
        tracing::info!(records = round.size(), "the log was read again, whole");
    } else {
        keep(log, serde_json::to_string(&round).context("a round")?, began_at, &kept).await?;
    }
    Ok(())
}

async fn keep(log: &Log, round: String, began_at: Timestamp, kept: &Option<scrub::Progress>) -> anyhow::Result<()> {
    let (ended_at, checked) =
        kept.as_ref().map_or((Timestamp::MIN, 0), |kept| (kept.ended_at.0, kept.checked.cast_unsigned()));
    log.db.transact(&KeepRound { round, began_at, ended_at, checked }).await?;
    Ok(())
}

/// Leaves to read in one run, so that a round over `size` of them ends in time, with as much again to spare.
fn wanted(size: u64, every: Duration) -> u64 {
    let runs = u64::try_from(every.as_millis() / PAUSE.as_millis().max(1)).unwrap_or(u64::MAX) / 2;
    size.div_ceil(runs.max(1)).clamp(USUAL_PORTION, LARGEST_PORTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_enough_for_a_thousand_million_records() {
        const DAY: Duration = Duration::from_secs(86_400);
        for (size, portion) in [(0, 1_024), (1_000_000, 1_024), (1_000_000_000, 11_575), (u64::MAX, 16_384)] {
            assert_eq!(wanted(size, DAY), portion, "{size}");
        }
    }
}
