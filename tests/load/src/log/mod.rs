//! The audit log in its own process: what it takes, and how soon that is signed for; what it proves of so many records; what it takes
//! to read everything again; how many bytes a record lies in.

mod append;
mod producer;
mod reads;

use crate::{
    latency::Latency,
    postgres::Postgres,
    report::Engine,
    runs::Used,
    service::{Name, Service, Store},
    settings::Settings,
};
use anstream::eprintln;
use anyhow::Result;
use append::{Appended, End, append};
use handsel_service::World;
use producer::Producer;
use reads::{Officer, hashing, rate, round};
use serde::Serialize;
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// The log's database in the run's server.
pub(crate) const DATABASE: &str = "log";
/// Who hands in, each with one call under way: as many as a suite has services, and one more.
const SOURCES: [&str; 4] = ["referral/audit", "reward/audit", "tier/audit", "console/audit"];
/// Records of one call while the log is filled: as many as the contract allows.
const FILLING: usize = 256;
/// Records of one call while it is measured.
const MEASURED: usize = 64;

/// The log on one engine.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Log {
    /// What it stored in.
    pub(crate) engine: Engine,
    /// Records in it when it was measured.
    pub(crate) records: u64,
    /// How long it took to fill it, through the contract, in milliseconds.
    pub(crate) filled_millis: u64,
    /// Acknowledged in the measurement, a second.
    pub(crate) appended_per_second: u64,
    /// Of calls of 64 records, one of each of four sources under way.
    pub(crate) acknowledged: Latency,
    /// From the acknowledgement to a signed checkpoint over it, as an officer sees it.
    pub(crate) lag: Latency,
    /// Of inclusion proofs of any record, one at a time.
    pub(crate) proof: Latency,
    /// Records that a round over everything reads and checks in a second.
    pub(crate) round_per_second: u64,
    /// The same for one second of one processor, the service's and the database's.
    pub(crate) round_per_core_second: u64,
    /// Leaves that one processor hashes up to the root in a second.
    pub(crate) hashed_per_core_second: u64,
    /// Bytes of a leaf, on average.
    pub(crate) leaf_bytes: u64,
    /// Bytes on the disk for each record, all tables and indexes.
    pub(crate) stored_bytes: u64,
    /// Processor time of the service for each record, in microseconds.
    pub(crate) service_micros_per_record: u64,
    /// That of the PostgreSQL server.
    pub(crate) database_micros_per_record: u64,
    /// That of this program, which shares the machine.
    pub(crate) callers_micros_per_record: u64,
}

/// A log that was filled.
struct Filled {
    producers: Vec<Producer>,
    records: u64,
    took: Duration,
    /// Records that receipts were given for.
    samples: Vec<(i64, Vec<u8>)>,
}

/// Fills a log and measures it.
///
/// # Errors
/// A service that does not answer, a record that is not proven, a finding.
pub(crate) async fn measure(
    program: &Path,
    folder: &Path,
    store: &Store,
    server: Option<&Postgres>,
    settings: &Settings,
) -> Result<Log> {
    let engine = if server.is_some() { Engine::Postgres } else { Engine::Sqlite };
    let service = Service::start(Name::Audit, program, folder, store).await?;
    eprintln!("the log on {engine}, filled to {} records …", settings.records);
    let mut filled = fill(&service, settings.records).await?;
    if let Some(server) = server {
        server.settle()?;
    }
    eprintln!("the log on {engine}, measured …");
    let before = Used::now(&service, server)?;
    let from = Instant::now() + settings.warm_up();
    let end = End::At { from, until: from + settings.measure() };
    let producers = std::mem::take(&mut filled.producers);
    let (appended, _) = append(&service, producers, MEASURED, end).await?;
    let used = Used::now(&service, server)?.since(before);
    let Appended { records, counted, waits, lag, samples } = appended;
    filled.samples.extend(samples);
    let all = filled.records + records;

    let mut officer = Officer::of(&service).await?;
    officer.prove(&filled).await?;
    let proof = officer.proofs(all, settings).await?;
    let leaves = officer.leaves().await?;
    let (round_per_second, round_per_core_second) = round(&service, server, settings).await?;
    let stored = match server {
        Some(server) => stored_in(server)?,
        None => 0,
    };
    service.stop().await?;
    let stored = if server.is_some() { stored } else { bytes_of(&folder.join("data"))? };
    let each = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX) / records.max(1);
    let leaf_bytes: usize = leaves.iter().map(Vec::len).sum();
    Ok(Log {
        engine,
        records: filled.records,
        filled_millis: u64::try_from(filled.took.as_millis())?,
        appended_per_second: rate(counted, settings.measure()),
        acknowledged: waits.summary(),
        lag: lag.summary(),
        proof,
        round_per_second,
        round_per_core_second,
        hashed_per_core_second: hashing(&leaves)?,
        leaf_bytes: u64::try_from(leaf_bytes / leaves.len().max(1))?,
        stored_bytes: stored / all.max(1),
        service_micros_per_record: each(used.service),
        database_micros_per_record: each(used.database),
        callers_micros_per_record: each(used.callers),
    })
}

/// Fills a log with records as it gets them from the services: through the contract, each sealed by its source, none put in past it.
async fn fill(service: &Service, records: u64) -> Result<Filled> {
    let now = World::real().system.now();
    let producers = SOURCES.into_iter().map(|source| Producer::new(source, now)).collect();
    let began = Instant::now();
    let (appended, producers) = append(service, producers, FILLING, End::Records(records)).await?;
    Ok(Filled { producers, records: appended.records, took: began.elapsed(), samples: appended.samples })
}

/// Bytes of the log's tables, with their indexes.
fn stored_in(server: &Postgres) -> Result<u64> {
    let sql = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class
               WHERE relkind = 'r' AND relnamespace = 'audit'::regnamespace";
    Ok(server.sql(DATABASE, sql)?.parse()?)
}

/// Bytes of the files in a folder.
fn bytes_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let held = entry?.metadata()?;
        bytes += if held.is_file() { held.len() } else { 0 };
    }
    Ok(bytes)
}
