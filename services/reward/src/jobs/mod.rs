//! The loops of the reward service: what is due, what is approved, what is to be sent, statements to the log, and forgetting.
//!
//! Never here: work that a command does not do.

mod gate;
mod ledger;
mod push;
mod push_rates;
mod recompute;

use crate::{
    commands::{
        choose_reward::LapseChoices, close_rates::CloseRates, expire::Expire, fall_due::FallDue, instruct::Instruct,
    },
    config::Settlement,
    service::Service,
};
use handsel_money::Timestamp;
use handsel_outbox::{AuditDeliver, AuditRelay, PurgeSent, Relay, RelaySettings};
use handsel_service::{Job, Peer, Worked};
use handsel_storage::{Command, Db, Fault, Lanes, PurgeRequests};
use std::{sync::Arc, time::Duration};

/// The lane of jobs that move payouts, one after the other.
const PAYOUTS: &str = "payouts";
/// Request ids and sent statements are kept so long: longer than any client tries again, and than any backup lives.
const KEPT: Duration = Duration::from_secs(40 * 24 * 60 * 60);
const PURGE_PERIOD: Duration = Duration::from_secs(60 * 60);
const PURGE_BATCH: i64 = 1000;

/// Every loop.
pub(crate) fn all(service: &Arc<Service>) -> Vec<Job> {
    let mut jobs = vec![due(service), expire(service), gate::job(service), instruct(service), close_rates(service)];
    if let Settlement::Push(bank) = &service.config.settlement {
        jobs.push(push::job(service, bank.clone()));
        jobs.push(push_rates::job(service, bank.clone()));
    }
    jobs.extend(service.relay.as_ref().map(Relay::job));
    jobs.extend(ledger::all(service));
    jobs.push(recompute::job(service));
    jobs.push(purge(service));
    jobs
}

/// The relay to the log.
pub(crate) fn to_audit(db: &Db, lanes: &Lanes, audit: Peer, settings: RelaySettings) -> Relay {
    let deliver = Arc::new(AuditDeliver::new(audit));
    AuditRelay::new(db.clone(), crate::Reward::NAME, deliver).woken_by(lanes.after_commit()).paced(settings)
}

/// Accrued rewards whose due instant has come.
fn due(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    Job::new("reward due", service.config.pace.period, move || {
        let service = Arc::clone(&own);
        async move {
            let limit = service.config.pace.batch;
            let now = service.world.business.now();
            let moved = run(&service, FallDue { means: service.means.clone(), now, limit }).await?;
            Ok(full(moved, limit))
        }
    })
}

/// Rewards that were due for too long.
fn expire(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    Job::new("reward expire", service.config.pace.expiry_period, move || {
        let service = Arc::clone(&own);
        async move {
            let limit = service.config.pace.batch;
            let mut after = None;
            loop {
                let now = service.world.business.now();
                let expire = Expire { means: service.means.clone(), after, now, limit };
                let expired = run(&service, expire).await?;
                tracing::debug!(count = expired.count, "rewards expired");
                let Some(next) = expired.next else { return Ok(Worked::Idle) };
                after = Some(next);
            }
        }
    })
}

/// Approved rewards get their attempt.
fn instruct(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    Job::new("reward instruct", service.config.pace.period, move || {
        let service = Arc::clone(&own);
        async move {
            service.means.gate.wait_a_little().await;
            let limit = service.config.pace.batch;
            let now = service.world.business.now();
            let moved = run(&service, Instruct { means: service.means.clone(), now, limit }).await?;
            Ok(full(moved, limit))
        }
    })
}

/// What time closes: offers nobody used, rates whose contract or months are over, choices nobody made.
fn close_rates(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    Job::new("reward rates", service.config.pace.period, move || {
        let service = Arc::clone(&own);
        async move {
            let limit = service.config.pace.batch;
            let now = service.world.business.now();
            let closed = run(&service, CloseRates { means: service.means.clone(), now, limit }).await?;
            let lapsed = run(&service, LapseChoices { means: service.means.clone(), now, limit }).await?;
            Ok(full(closed.max(lapsed), limit))
        }
    })
}

/// Request ids and sent statements that are too old to be asked for again.
fn purge(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    Job::new("reward purge", PURGE_PERIOD, move || {
        let service = Arc::clone(&own);
        async move {
            let before = long_ago(service.world.system.now());
            let requests = PurgeRequests { before, limit: PURGE_BATCH };
            let sent = PurgeSent { destination: "audit", before, limit: PURGE_BATCH };
            let forgotten = [run(&service, requests).await?, run(&service, sent).await?];
            let more = forgotten.into_iter().any(|count| i64::try_from(count).is_ok_and(|count| count >= PURGE_BATCH));
            Ok(if more { Worked::More } else { Worked::Idle })
        }
    })
}

/// Runs a command in the lane of payouts, so that whoever waits for commits is woken.
async fn run<C: Command>(service: &Service, command: C) -> Result<C::Output, Fault> {
    service.lanes.run(PAYOUTS, command).await
}

fn full(moved: usize, limit: i64) -> Worked {
    if i64::try_from(moved).is_ok_and(|moved| moved >= limit) { Worked::More } else { Worked::Idle }
}

fn long_ago(now: Timestamp) -> Timestamp {
    now.checked_sub(KEPT).unwrap_or(Timestamp::MIN)
}
