//! The ledger's loops: how far the journal is complete, closing it, watching clearing.

use super::run;
use crate::{
    commands::{
        advance_horizon::AdvanceHorizon, close_ledger::CloseLedger, tell_taxes::TellTaxes,
        watch_clearing::WatchClearing,
    },
    domain::clearing,
    queries,
    service::Service,
};
use handsel_service::{Job, Worked};
use handsel_storage::{Command, Fault};
use opentelemetry::global;
use std::{sync::Arc, time::Duration};

/// A reader of the journal is as far behind as this, and as the longest transaction.
const HORIZON_PERIOD: Duration = Duration::from_secs(1);
const CLOSING_PERIOD: Duration = Duration::from_secs(60);
const TAXES_PERIOD: Duration = Duration::from_secs(5);
const TAX_LINES: i64 = 2_000;
const WATCH_PERIOD: Duration = Duration::from_secs(60);
/// Lines of one closing: what a balance adds up by itself is at most about twice as many.
const CLOSING_LINES: i64 = 50_000;

pub(super) fn all(service: &Arc<Service>) -> Vec<Job> {
    vec![horizon(service), closing(service), taxes(service), clearing_watch(service)]
}

fn horizon(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    Job::new("ledger horizon", HORIZON_PERIOD, move || {
        let service = Arc::clone(&own);
        async move {
            // The first takes a candidate; where nothing was under way, the second reaches it.
            if journal(&service, &AdvanceHorizon).await? {
                journal(&service, &AdvanceHorizon).await?;
            }
            Ok(Worked::Idle)
        }
    })
}

fn closing(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    Job::new("ledger closing", CLOSING_PERIOD, move || {
        let service = Arc::clone(&own);
        async move {
            let now = service.world.business.now();
            let closed = journal(&service, &CloseLedger { lines: CLOSING_LINES, now }).await?;
            Ok(if closed >= CLOSING_LINES { Worked::More } else { Worked::Idle })
        }
    })
}

/// What was paid is told to the years of those who were paid.
fn taxes(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    Job::new("tax totals", TAXES_PERIOD, move || {
        let service = Arc::clone(&own);
        async move {
            let (means, now) = (service.means.clone(), service.world.business.now());
            let read = journal(&service, &TellTaxes { means, lines: TAX_LINES, now }).await?;
            Ok(if read >= TAX_LINES { Worked::More } else { Worked::Idle })
        }
    })
}

/// Alarms go up once, on record, in the log and as a figure; and come down by themselves.
fn clearing_watch(service: &Arc<Service>) -> Job {
    let own = Arc::clone(service);
    let meter = global::meter("handsel");
    let units_open = meter.i64_gauge("handsel.reward.clearing.units").build();
    let alarms_up = meter.u64_gauge("handsel.reward.clearing.alarms").build();
    Job::new("clearing watch", WATCH_PERIOD, move || {
        let (service, units_open, alarms_up) = (Arc::clone(&own), units_open.clone(), alarms_up.clone());
        async move {
            let now = service.world.business.now();
            let (look, units) = queries::clearing::look(&service.db).await?;
            let found = clearing::wrong(&look, service.config.clearing_limit, now);
            let watched = run(&service, WatchClearing { means: service.means.clone(), found, now }).await?;
            for alarm in &watched.raised {
                let (kind, plan) = (alarm.kind.code(), alarm.plan.as_str());
                let (balance, explained) = (alarm.balance.to_string(), alarm.explained.to_string());
                tracing::error!(kind, plan, balance, explained, "clearing needs people");
            }
            for alarm in &watched.cleared {
                tracing::info!(kind = alarm.kind.code(), plan = alarm.plan.as_str(), "clearing is in order again");
            }
            units_open.record(units, &[]);
            alarms_up.record(u64::try_from(watched.up).unwrap_or(u64::MAX), &[]);
            Ok(Worked::Idle)
        }
    })
}

/// Beside the lanes that move money.
async fn journal<C: Command>(service: &Service, command: &C) -> Result<C::Output, Fault> {
    service.db.transact(command).await
}
