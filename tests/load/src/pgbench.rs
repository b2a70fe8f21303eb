//! The baseline: PostgreSQL's own load program runs the statements of one grant over the reward service's own schema, each
//! grant in a transaction of its own.

use crate::bank::REWARD_MINOR;
use crate::checks::same;
use crate::postgres::Postgres;
use crate::program;
use crate::usage;
use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

const DATABASE: &str = "baseline";
const SETUP: &str = include_str!("sql/baseline.sql");
const GRANT: &str = include_str!("sql/grant.pgbench");

/// How wide the columns are whose width is ours to choose: the averages of what Handsel has just written.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Widths {
    trace_bytes: u32,
    content_bytes: u32,
    body_bytes: u32,
}

impl Default for Widths {
    fn default() -> Self {
        Self { trace_bytes: 1000, content_bytes: 1000, body_bytes: 100 }
    }
}

impl Widths {
    /// Those of the rows in a database of the reward service.
    ///
    /// # Errors
    /// It holds none.
    pub(crate) fn of(server: &Postgres, database: &str) -> Result<Self> {
        let answer = server.sql(
            database,
            "SELECT (SELECT avg(octet_length(trace))::int FROM reward.reward),
                    avg(octet_length(content))::int, avg(octet_length(body))::int FROM reward.outbox",
        )?;
        let mut widths = answer.split('|').map(str::parse);
        let mut width = || widths.next().context("no rows were written")?.context("no rows were written");
        Ok(Self { trace_bytes: width()?, content_bytes: width()?, body_bytes: width()? })
    }
}

/// What one run of it gave.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Baseline {
    /// Plans that the grants were spread over.
    pub(crate) plans: u32,
    /// Clients, each with one transaction under way.
    pub(crate) clients: u32,
    /// Transactions a second.
    pub(crate) grants_per_second: u64,
    /// Average wait, in microseconds.
    pub(crate) average_micros: u64,
    /// Processor time of the server for each, in microseconds.
    pub(crate) database_micros_per_grant: u64,
}

/// The baseline's database, ready to be run against.
pub(crate) struct Pgbench<'server> {
    server: &'server Postgres,
    script: PathBuf,
    widths: Widths,
    runs: u32,
}

impl<'server> Pgbench<'server> {
    /// Makes its database, with the schema that `handsel migrate` makes.
    ///
    /// # Errors
    /// As the program or the server says.
    pub(crate) async fn prepare(
        program: &Path,
        server: &'server Postgres,
        folder: &Path,
        widths: Widths,
    ) -> Result<Self> {
        server.create(DATABASE)?;
        fs::create_dir_all(folder)?;
        let data = folder.to_str().context("a folder whose name is no text")?;
        program::run(program, &["migrate", "reward", "--data", data, "--database", &server.url(DATABASE)]).await?;
        server.sql(DATABASE, &format!("SET search_path = reward; {SETUP}"))?;
        let script = folder.join("grant.pgbench");
        fs::write(&script, GRANT)?;
        Ok(Self { server, script, widths, runs: 0 })
    }

    /// Runs it, and holds what it wrote against itself.
    ///
    /// # Errors
    /// It fails, or what it wrote does not add up.
    pub(crate) async fn run(
        &mut self,
        plans: u32,
        clients: u32,
        warm_up: Duration,
        measure: Duration,
    ) -> Result<Baseline> {
        self.grants(plans, clients, warm_up).await?;
        self.server.settle()?;
        let before = usage::processor_time(self.server.process()?)?;
        let output = self.grants(plans, clients, measure).await?;
        let used = usage::processor_time(self.server.process()?)?.saturating_sub(before);
        let granted = number_after(&output, "number of transactions actually processed: ", 1)?;
        self.check()?;
        Ok(Baseline {
            plans,
            clients,
            grants_per_second: number_after(&output, "tps = ", 1)?,
            average_micros: number_after(&output, "latency average = ", 1000)?,
            database_micros_per_grant: u64::try_from(used.as_micros())? / granted.max(1),
        })
    }

    async fn grants(&mut self, plans: u32, clients: u32, time: Duration) -> Result<String> {
        self.runs += 1;
        let mut command = Command::from(self.server.client("pgbench"));
        command.env("PGOPTIONS", "-c search_path=reward -c timezone=UTC").kill_on_drop(true).stdin(Stdio::null());
        command.args([
            "-n",
            "-M",
            "prepared",
            "-c",
            &clients.to_string(),
            "-j",
            "2",
            "-T",
            &time.as_secs().to_string(),
        ]);
        let Widths { trace_bytes, content_bytes, body_bytes } = self.widths;
        for (name, value) in [
            ("n", 0),
            ("run", i64::from(self.runs)),
            ("plans", i64::from(plans)),
            ("amount", REWARD_MINOR),
            ("trace_bytes", trace_bytes.into()),
            ("content_bytes", content_bytes.into()),
            ("body_bytes", body_bytes.into()),
        ] {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        let output =
            command.arg("-f").arg(&self.script).arg(DATABASE).output().await.context("pgbench cannot be run")?;
        ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    fn check(&self) -> Result<()> {
        let number = |sql| -> Result<i64> { Ok(self.server.sql(DATABASE, sql)?.parse()?) };
        let rewards = number("SELECT count(*) FROM reward.reward")?;
        let granted = number("SELECT sum(granted_minor) FROM reward.plan_budget")?;
        let posted = number("SELECT sum(amount_minor) FROM reward.transfer")?;
        same("what the baseline granted", granted, rewards * REWARD_MINOR)?;
        same("what the baseline posted", posted, rewards * REWARD_MINOR)
    }
}

/// The number behind a text in pgbench's answer, in thousandths (1000) or whole (1).
fn number_after(output: &str, text: &str, unit: u64) -> Result<u64> {
    let (_, rest) = output.split_once(text).with_context(|| format!("pgbench did not say {text:?}"))?;
    let (whole, rest) = rest.split_at(rest.find(|char: char| !char.is_ascii_digit()).unwrap_or(rest.len()));
    let decimals: String =
        rest.strip_prefix('.').unwrap_or("").chars().take_while(char::is_ascii_digit).take(3).collect();
    let thousandths: u64 = format!("{decimals:0<3}").parse()?;
    Ok((whole.parse::<u64>()? * 1000 + thousandths) * unit / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_pgbench_writes_them() {
        let output = "number of transactions actually processed: 2642\nlatency average = 30.123 ms\n\
                      tps = 264.918201 (without initial connection time)";
        assert_eq!(number_after(output, "actually processed: ", 1).unwrap(), 2642);
        assert_eq!(number_after(output, "latency average = ", 1000).unwrap(), 30_123);
        assert_eq!(number_after(output, "tps = ", 1).unwrap(), 264);
        assert!(number_after(output, "tpm = ", 1).is_err());
    }
}
