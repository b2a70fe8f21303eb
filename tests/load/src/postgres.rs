//! A PostgreSQL server of the run's own: durable, on a free port, gone afterwards.

use crate::program::free_address;
use anyhow::{Context as _, Result, ensure};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What differs from the defaults of the distribution: more pages and connections. Commits are durable.
const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c fsync=on -c synchronous_commit=on -c full_page_writes=on \
                        -c shared_buffers=256MB -c max_connections=100";

/// A running server. Stopped when dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    binaries: PathBuf,
    folder: PathBuf,
    port: u16,
    owner: Option<Owner>,
}

/// The account that a server runs under where we are root, which it refuses.
#[derive(Debug, Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Makes a cluster in a folder of its own below `scratch` and starts it.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start.
    pub(crate) fn start(scratch: &Path) -> Result<Self> {
        let folder = scratch.join("postgres");
        fs::create_dir(&folder)?;
        let owner = owner()?;
        if let Some(owner) = owner {
            chown(&folder, Some(owner.user), Some(owner.group))?;
            fs::set_permissions(scratch, fs::Permissions::from_mode(0o755))?;
        }
        let server = Self { binaries: binaries()?, folder, port: free_address()?.port(), owner };
        let data = server.folder.join("data");
        server.run(
            "initdb",
            ["-D".as_ref(), data.as_os_str(), "-A".as_ref(), "trust".as_ref(), "-U".as_ref(), "postgres".as_ref()],
        )?;
        let options = format!("-p {} -k {} {SETTINGS}", server.port, server.folder.display());
        let log = server.folder.join("log");
        server.run(
            "pg_ctl",
            [
                "-D".as_ref(),
                data.as_os_str(),
                "-w".as_ref(),
                "-l".as_ref(),
                log.as_os_str(),
                "-o".as_ref(),
                options.as_ref(),
                "start".as_ref(),
            ],
        )?;
        Ok(server)
    }

    /// The address of a database, as Handsel is told it.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes a database.
    ///
    /// # Errors
    /// As the server says.
    pub(crate) fn create(&self, database: &str) -> Result<()> {
        self.sql("postgres", &format!("CREATE DATABASE {database}")).map(|_| ())
    }

    /// Runs SQL; what it answers, as text.
    ///
    /// # Errors
    /// As the server says.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let url = self.url(database);
        let options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", sql];
        Ok(self.run("psql", options)?.trim().to_owned())
    }

    /// A command of the distribution that talks to the server over TCP, as Handsel does.
    pub(crate) fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string()]);
        command
    }

    /// Brings every page to the disk: no measurement pays for what came before it.
    ///
    /// # Errors
    /// As the server says.
    pub(crate) fn settle(&self) -> Result<()> {
        self.sql("postgres", "CHECKPOINT").map(|_| ())
    }

    /// The server's first process.
    ///
    /// # Errors
    /// The server has ended.
    pub(crate) fn process(&self) -> Result<u32> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).context("PostgreSQL has ended")?;
        Ok(file.lines().next().unwrap_or_default().trim().parse()?)
    }

    /// What it calls itself.
    ///
    /// # Errors
    /// As the server says.
    pub(crate) fn version(&self) -> Result<String> {
        Ok(format!("PostgreSQL {}", self.sql("postgres", "SHOW server_version")?))
    }

    fn run<Argument: AsRef<OsStr>>(&self, name: &str, arguments: impl IntoIterator<Item = Argument>) -> Result<String> {
        let mut command = Command::new(self.binaries.join(name));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        if let Some(owner) = self.owner {
            command.uid(owner.user).gid(owner.group);
        }
        // The server that `pg_ctl` leaves behind would keep a pipe open for ever.
        if name == "pg_ctl" {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let output = command.output().with_context(|| format!("{name} cannot be run"))?;
        ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let arguments = ["-D".as_ref(), data.as_os_str(), "-m".as_ref(), "immediate".as_ref(), "stop".as_ref()];
        if let Err(error) = self.run("pg_ctl", arguments) {
            anstream::eprintln!("PostgreSQL in {} may still run: {error:#}", self.folder.display());
        }
    }
}

/// The binaries of the newest version.
fn binaries() -> Result<PathBuf> {
    let mut found = Vec::new();
    for version in fs::read_dir("/usr/lib/postgresql").into_iter().flatten() {
        let folder = version?.path();
        let number: u32 = folder.file_name().and_then(OsStr::to_str).and_then(|name| name.parse().ok()).unwrap_or(0);
        let binaries = folder.join("bin");
        if binaries.join("pgbench").is_file() {
            found.push((number, binaries));
        }
    }
    let (_, newest) = found.into_iter().max().context("PostgreSQL is not installed: apt-get install postgresql")?;
    Ok(newest)
}

/// `postgres`, where we are root.
fn owner() -> Result<Option<Owner>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    let account = accounts.lines().find(|line| line.starts_with("postgres:"));
    let account = account.context("root cannot run PostgreSQL, and there is no account postgres")?;
    let mut fields = account.split(':').skip(2);
    let mut number = || -> Result<u32> { Ok(fields.next().context("an account without a number")?.parse()?) };
    Ok(Some(Owner { user: number()?, group: number()? }))
}
