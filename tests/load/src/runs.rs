//! The order of a run: each part by itself, nothing beside it.

use crate::bank::Bank;
use crate::checks;
use crate::grants::{self, Pressure};
use crate::idle;
use crate::library;
use crate::log;
use crate::machine::Machine;
use crate::pgbench::{Baseline, Pgbench, Widths};
use crate::postgres::Postgres;
use crate::program;
use crate::quotes;
use crate::report::{Engine, Measured, Report};
use crate::service::{Name, Service, Store};
use crate::settings::{Part, Settings};
use crate::usage;
use anstream::eprintln;
use anyhow::Result;
use handsel_service::World;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const DATABASE: &str = "handsel";
/// What grants are spread over.
const HOT: u32 = 1;
const MANY: u32 = 100;
/// The clients that pgbench is run with; the better counts.
const CLIENTS: [u32; 2] = [8, 16];

/// Runs everything that is wanted.
///
/// # Errors
/// A part that cannot be run; figures that do not add up.
pub(crate) async fn all(settings: &Settings) -> Result<Report> {
    let program = program::find(settings.program.as_deref())?;
    let scratch = match &settings.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let folder = scratch.path();
    let mut report = Report::new(Machine::look(folder)?, settings);

    if settings.wants(Part::Idle) {
        eprintln!("the suite at rest …");
        report.idle = Some(idle::rest(&program, &folder.join("idle")).await?);
    }
    if settings.wants(Part::Quotes) {
        eprintln!("calculations and quotes …");
        report.library = Some(library::measure());
        let service = Service::start(Name::Reward, &program, &folder.join("quotes"), &Store::Sqlite).await?;
        report.quotes = Some(quotes::measure(&service, settings).await?);
        service.stop().await?;
    }
    if settings.wants(Part::Grants) && settings.wants(Part::Sqlite) {
        let store = Store::Sqlite;
        report.handsel.extend(handsel(&program, &folder.join("sqlite"), &store, None, settings).await?);
    }
    if settings.wants(Part::Audit) && settings.wants(Part::Sqlite) {
        report.log.push(log::measure(&program, &folder.join("log"), &Store::Sqlite, None, settings).await?);
    }
    if settings.wants(Part::Postgres) || settings.wants(Part::Pgbench) {
        let server = Postgres::start(folder)?;
        report.database = server.version()?;
        let mut widths = Widths::default();
        if settings.wants(Part::Grants) && settings.wants(Part::Postgres) {
            server.create(DATABASE)?;
            let store = Store::Postgres(server.url(DATABASE));
            let folder = folder.join("on-postgres");
            report.handsel.extend(handsel(&program, &folder, &store, Some(&server), settings).await?);
            widths = Widths::of(&server, DATABASE)?;
        }
        if settings.wants(Part::Audit) && settings.wants(Part::Postgres) {
            server.create(log::DATABASE)?;
            let store = Store::Postgres(server.url(log::DATABASE));
            let folder = folder.join("log-on-postgres");
            report.log.push(log::measure(&program, &folder, &store, Some(&server), settings).await?);
        }
        if settings.wants(Part::Pgbench) {
            report.baselines = baselines(&program, &server, &folder.join("baseline"), widths, settings).await?;
            report.widths = Some(widths);
        }
    }
    Ok(report)
}

async fn baselines(
    program: &Path,
    server: &Postgres,
    folder: &Path,
    widths: Widths,
    settings: &Settings,
) -> Result<Vec<Baseline>> {
    let mut pgbench = Pgbench::prepare(program, server, folder, widths).await?;
    let mut baselines = Vec::new();
    for plans in [HOT, MANY] {
        for clients in CLIENTS {
            eprintln!("pgbench, {clients} clients, {plans} plans …");
            baselines.push(pgbench.run(plans, clients, settings.warm_up(), settings.measure()).await?);
        }
    }
    Ok(baselines)
}

/// One engine: the hot plan, then the many, over one database that grows.
async fn handsel(
    program: &Path,
    folder: &Path,
    store: &Store,
    server: Option<&Postgres>,
    settings: &Settings,
) -> Result<Vec<Measured>> {
    let service = Service::start(Name::Reward, program, folder, store).await?;
    let bank = Arc::new(Bank::new(&World::real()));
    let engine = if server.is_some() { Engine::Postgres } else { Engine::Sqlite };
    let pressure = Pressure {
        in_flight: settings.in_flight,
        connections: settings.connections,
        warm_up: settings.warm_up(),
        measure: settings.measure(),
    };
    let (mut all, mut total) = (Vec::new(), 0);
    for (prefix, plans) in [("hot", HOT), ("many", MANY)] {
        eprintln!("Handsel on {engine}, {plans} plans …");
        let names: Arc<[String]> = bank.make_plans(&service, prefix, usize::try_from(plans)?).await?.into();
        if let Some(server) = server {
            server.settle()?;
        }
        let before = Used::now(&service, server)?;
        let granted = grants::grant(&service, &bank, &names, pressure).await?;
        let used = Used::now(&service, server)?.since(before);
        let sum: i64 = granted.by_plan.iter().sum();
        total += sum;
        checks::hold(&service, &names, &granted.by_plan, total).await?;

        let answered = granted.waits.count();
        let per_grant = |time: Duration| {
            u64::try_from(time.as_micros()).unwrap_or(u64::MAX) / u64::try_from(sum.max(1)).unwrap_or(1)
        };
        all.push(Measured {
            engine,
            plans,
            grants: sum,
            grants_per_second: answered / settings.seconds,
            latency: granted.waits.summary(),
            sent_again: granted.sent_again,
            service_micros_per_grant: per_grant(used.service),
            database_micros_per_grant: per_grant(used.database),
            callers_micros_per_grant: per_grant(used.callers),
            memory: usage::memory(service.process()?)?,
        });
    }
    service.stop().await?;
    Ok(all)
}

/// Processor time of everybody who takes part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Used {
    pub(crate) service: Duration,
    pub(crate) database: Duration,
    pub(crate) callers: Duration,
}

impl Used {
    pub(crate) fn now(service: &Service, server: Option<&Postgres>) -> Result<Self> {
        let database = match server {
            Some(server) => usage::processor_time(server.process()?)?,
            None => Duration::ZERO,
        };
        let service = usage::processor_time(service.process()?)?;
        Ok(Self { service, database, callers: usage::own_processor_time()? })
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            service: self.service.saturating_sub(before.service),
            database: self.database.saturating_sub(before.database),
            callers: self.callers.saturating_sub(before.callers),
        }
    }
}
