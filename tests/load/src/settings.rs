//! What a person may ask of a run.

use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

/// Measures grants a second beside pgbench on the same machine, the audit log, and the suite at rest.
#[derive(Debug, Parser)]
#[command(name = "handsel-load", version)]
pub(crate) struct Settings {
    /// How long each measurement takes. A tenth of it, and a second at least, is added before as warm-up.
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
    /// Calls under way at once.
    #[arg(long, default_value_t = 512, value_name = "CALLS", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) in_flight: u32,
    /// Connections that they share.
    #[arg(long, default_value_t = 4, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) connections: u32,
    /// Leave out what is named: pgbench, postgres, sqlite, grants, quotes, audit, idle. May be given several times.
    #[arg(long, value_enum, value_name = "PART")]
    pub(crate) without: Vec<Part>,
    /// Records that the log is filled to before it is measured.
    #[arg(long, default_value_t = 1_000_000, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    pub(crate) records: u64,
    /// The program that is measured; otherwise the one beside this one.
    #[arg(long, env = "HANDSEL_PROGRAM", value_name = "FILE")]
    pub(crate) program: Option<PathBuf>,
    /// Where the databases of the run lie until it ends: the disk that is measured. Otherwise the system's temporary folder.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// Instead of everything else: so many payouts, granted, approved, written into one ISO 20022 file, and answered by a
    /// status report and a statement. The file's limit is 250,000.
    #[arg(long, value_name = "PAYOUTS", value_parser = clap::value_parser!(u32).range(100..=250_000))]
    pub(crate) settle: Option<u32>,
    /// What these are stored in.
    #[arg(long, value_enum, default_value_t = SettleOn::Postgres, requires = "settle")]
    pub(crate) settle_on: SettleOn,
    /// Be the empty server that quotes are held beside: this program starts itself so.
    #[arg(long, hide = true)]
    pub(crate) serve_echo: bool,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a run of settlement stores in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SettleOn {
    /// A server made for the run.
    Postgres,
    /// Files.
    Sqlite,
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// The baseline.
    Pgbench,
    /// Everything on PostgreSQL.
    Postgres,
    /// Everything on SQLite.
    Sqlite,
    /// Grants, on either.
    Grants,
    /// Quotes, and the calculations as calls of the library.
    Quotes,
    /// The log: what it takes, proves and reads again.
    Audit,
    /// The suite at rest.
    Idle,
}

impl Settings {
    /// Whether a part is to run.
    pub(crate) fn wants(&self, part: Part) -> bool {
        !self.without.contains(&part)
    }

    /// How long each measurement takes.
    pub(crate) fn measure(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// How long before it caches fill and connections open.
    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs((self.seconds / 10).max(1))
    }
}
