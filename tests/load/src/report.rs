//! What a run found, for people and for programs.

mod log;

use crate::idle::Idle;
use crate::latency::Latency;
use crate::library::Library;
use crate::log::Log;
use crate::machine::Machine;
use crate::pgbench::{Baseline, Widths};
use crate::quotes::{Quotes, Rate};
use crate::settings::Settings;
use crate::usage::Memory;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::{self, Display, Formatter};

/// How many times the baseline a hot plan is to give, in hundredths.
const HOT_TARGET: u64 = 10_00;
/// The same over a hundred plans.
const MANY_TARGET: u64 = 2_00;
/// How many quotes for each empty call, in hundredths.
const QUOTE_TARGET: u64 = 70;
/// The longest that a cash reward is to take, in nanoseconds.
const CASH_TARGET: u64 = 5_000;
/// The longest that a loan of 360 months is to take, in microseconds.
const LOAN_TARGET: u64 = 1_000;
/// The longest that a token, the rpc's rule, decoding and the field rules are to take, in nanoseconds.
const CHECKS_TARGET: u64 = 10_000;
/// The longest that the suite is to take until it is ready, in microseconds.
const START_TARGET: u64 = 1_000_000;
/// The most memory that it is to hold at rest, in KiB.
const MEMORY_TARGET: u64 = 80 * 1024;

/// A run.
pub(crate) struct Report {
    machine: Machine,
    seconds: u64,
    in_flight: u32,
    connections: u32,
    /// The server's name, empty where there was none.
    pub(crate) database: String,
    /// How wide the baseline's rows were.
    pub(crate) widths: Option<Widths>,
    /// Each run of pgbench.
    pub(crate) baselines: Vec<Baseline>,
    /// Each run of Handsel.
    pub(crate) handsel: Vec<Measured>,
    /// What the calculations take.
    pub(crate) library: Option<Library>,
    /// Quotes beside empty calls.
    pub(crate) quotes: Option<Quotes>,
    /// The log, on each engine.
    pub(crate) log: Vec<Log>,
    /// The suite at rest.
    pub(crate) idle: Option<Idle>,
}

/// What a service stores in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

/// One run of Handsel.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Measured {
    /// What it stored in.
    pub(crate) engine: Engine,
    /// Plans that the grants were spread over.
    pub(crate) plans: u32,
    /// All that were granted and checked, warm-up included.
    pub(crate) grants: i64,
    /// Answered in the measurement, a second.
    pub(crate) grants_per_second: u64,
    /// Of those.
    pub(crate) latency: Latency,
    /// Calls that had to be sent again.
    pub(crate) sent_again: u64,
    /// Processor time of the service for each, in microseconds.
    pub(crate) service_micros_per_grant: u64,
    /// That of the PostgreSQL server.
    pub(crate) database_micros_per_grant: u64,
    /// That of this program, which shares the machine.
    pub(crate) callers_micros_per_grant: u64,
    /// Of the service, at the end.
    pub(crate) memory: Memory,
}

/// A figure that we set out to reach.
struct Target {
    what: String,
    wanted: String,
    found: String,
    met: Met,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    Yes,
    No,
}

impl Report {
    /// Nothing is measured yet.
    pub(crate) fn new(machine: Machine, settings: &Settings) -> Self {
        Self {
            machine,
            seconds: settings.seconds,
            in_flight: settings.in_flight,
            connections: settings.connections,
            database: String::new(),
            widths: None,
            baselines: Vec::new(),
            handsel: Vec::new(),
            library: None,
            quotes: None,
            log: Vec::new(),
            idle: None,
        }
    }

    /// The run as one object.
    pub(crate) fn as_json(&self) -> Value {
        let Self {
            machine,
            seconds,
            in_flight,
            connections,
            database,
            widths,
            baselines,
            handsel,
            library,
            quotes,
            log,
            idle,
        } = self;
        let targets = self.targets();
        let targets = targets.iter().map(
            |one| json!({ "what": one.what, "wanted": one.wanted, "found": one.found, "met": one.met == Met::Yes }),
        );
        json!({
            "machine": machine,
            "seconds": seconds,
            "in_flight": in_flight,
            "connections": connections,
            "database": database,
            "baseline_widths": widths,
            "baselines": baselines,
            "handsel": handsel,
            "library": library,
            "quotes": quotes,
            "log": log,
            "idle": idle,
            "targets": targets.collect::<Vec<_>>(),
        })
    }

    /// The better of the baseline's runs over so many plans.
    fn baseline(&self, plans: u32) -> Option<&Baseline> {
        self.baselines.iter().filter(|one| one.plans == plans).max_by_key(|one| one.grants_per_second)
    }

    /// How many times the baseline, in hundredths.
    fn ratio(&self, measured: &Measured) -> Option<u64> {
        let baseline = self.baseline(measured.plans)?;
        (measured.grants_per_second * 100).checked_div(baseline.grants_per_second)
    }

    fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        for one in self.handsel.iter().filter(|one| one.engine == Engine::Postgres) {
            let Some(ratio) = self.ratio(one) else { continue };
            let (what, wanted) = match one.plans {
                1 => ("hot plan, beside pgbench", HOT_TARGET),
                _ => ("100 plans, beside pgbench", MANY_TARGET),
            };
            targets.push(Target {
                what: what.to_owned(),
                wanted: format!("≥ {}", times(wanted)),
                found: times(ratio),
                met: met(ratio >= wanted),
            });
        }
        targets.extend(self.quote_targets());
        targets.extend(self.log.iter().flat_map(log::targets));
        if let Some(Idle { first_start_micros, start_micros, memory }) = self.idle {
            let slowest = first_start_micros.max(start_micros);
            targets.push(Target {
                what: "suite ready".to_owned(),
                wanted: format!("< {}", millis(START_TARGET)),
                found: format!("{} first, {} again", millis(first_start_micros), millis(start_micros)),
                met: met(slowest < START_TARGET),
            });
            targets.push(Target {
                what: "suite's memory at rest".to_owned(),
                wanted: format!("< {}", mebibytes(MEMORY_TARGET)),
                found: format!("{}, at most {}", mebibytes(memory.resident_kib), mebibytes(memory.peak_kib)),
                met: met(memory.resident_kib < MEMORY_TARGET),
            });
        }
        targets
    }
}

impl Report {
    fn quote_targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        if let Some((ratio, quotes)) = self.quotes.and_then(|quotes| Some((quotes.ratio()?, quotes))) {
            let Quotes { echo, quote } = quotes;
            targets.push(Target {
                what: "quotes, beside empty calls".to_owned(),
                wanted: format!("≥ {}", times(QUOTE_TARGET)),
                found: format!(
                    "{}: {} beside {} a second",
                    times(ratio),
                    quote.calls_per_second,
                    echo.calls_per_second
                ),
                met: met(ratio >= QUOTE_TARGET),
            });
        }
        if let Some(Library { cash_nanos, loan_micros, checks_nanos }) = self.library {
            targets.push(Target {
                what: "a cash reward, computed".to_owned(),
                wanted: format!("< {}", micros(CASH_TARGET / 1_000)),
                found: format!("{cash_nanos} ns"),
                met: met(cash_nanos < CASH_TARGET),
            });
            targets.push(Target {
                what: "360 months of a loan".to_owned(),
                wanted: format!("< {}", millis(LOAN_TARGET)),
                found: micros(loan_micros),
                met: met(loan_micros < LOAN_TARGET),
            });
            targets.push(Target {
                what: "token, rule, field rules".to_owned(),
                wanted: format!("< {}", micros(CHECKS_TARGET / 1_000)),
                found: format!("{checks_nanos} ns"),
                met: met(checks_nanos < CHECKS_TARGET),
            });
        }
        targets
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.machine)?;
        writeln!(
            f,
            "{} s each; {} calls under way over {} connections",
            self.seconds, self.in_flight, self.connections
        )?;
        if !self.database.is_empty() {
            writeln!(f, "{}: fsync=on, synchronous_commit=on, shared_buffers=256MB", self.database)?;
        }
        writeln!(f)?;
        let head = ["", "plans", "grants/s", "×", "p50", "p99", "service", "database", "callers"];
        line(f, &head.map(str::to_owned))?;
        for one in &self.baselines {
            baseline_line(f, one)?;
        }
        for one in &self.handsel {
            self.handsel_line(f, one)?;
        }
        if let Some(Quotes { echo, quote }) = &self.quotes {
            rate_line(f, "empty calls", echo)?;
            rate_line(f, "quotes", quote)?;
        }
        log::table(f, &self.log)?;
        writeln!(f, "\nservice, database, callers: processor time for each grant, call or record\n")?;
        for Target { what, wanted, found, met } in self.targets() {
            let word = if met == Met::Yes { "met" } else { "missed" };
            writeln!(f, "{what:<36} {wanted:<14} {word:<8} {found}")?;
        }
        Ok(())
    }
}

impl Report {
    fn handsel_line(&self, f: &mut Formatter<'_>, one: &Measured) -> fmt::Result {
        line(
            f,
            &[
                format!("Handsel on {}", one.engine),
                one.plans.to_string(),
                one.grants_per_second.to_string(),
                self.ratio(one).map(times).unwrap_or_default(),
                millis(one.latency.p50_micros),
                millis(one.latency.p99_micros),
                micros(one.service_micros_per_grant),
                micros(one.database_micros_per_grant),
                micros(one.callers_micros_per_grant),
            ],
        )
    }
}

fn baseline_line(f: &mut Formatter<'_>, one: &Baseline) -> fmt::Result {
    let name = format!("pgbench, {} clients", one.clients);
    let (plans, rate) = (one.plans.to_string(), one.grants_per_second.to_string());
    let (average, database) = (format!("~{}", millis(one.average_micros)), micros(one.database_micros_per_grant));
    line(f, &[name, plans, rate, String::new(), average, String::new(), String::new(), database, String::new()])
}

/// The column for grants holds calls here.
fn rate_line(f: &mut Formatter<'_>, name: &str, rate: &Rate) -> fmt::Result {
    let Rate { calls_per_second, latency, server_micros_per_call, callers_micros_per_call } = rate;
    let (p50, p99) = (millis(latency.p50_micros), millis(latency.p99_micros));
    let blank = String::new;
    let (server, callers) = (micros(*server_micros_per_call), micros(*callers_micros_per_call));
    line(f, &[name.to_owned(), blank(), calls_per_second.to_string(), blank(), p50, p99, server, blank(), callers])
}

fn line(
    f: &mut Formatter<'_>,
    [name, plans, rate, ratio, p50, p99, service, database, callers]: &[String; 9],
) -> fmt::Result {
    writeln!(f, "{name:<22} {plans:>5} {rate:>9} {ratio:>8} {p50:>9} {p99:>9} {service:>9} {database:>9} {callers:>9}")
}

fn met(holds: bool) -> Met {
    if holds { Met::Yes } else { Met::No }
}

fn times(hundredths: u64) -> String {
    format!("{}.{:02}×", hundredths / 100, hundredths % 100)
}

fn millis(micros: u64) -> String {
    format!("{}.{} ms", micros / 1000, micros % 1000 / 100)
}

fn micros(micros: u64) -> String {
    format!("{micros} µs")
}

fn mebibytes(kib: u64) -> String {
    format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024)
}

impl Display for Engine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        })
    }
}
