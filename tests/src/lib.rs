//! What the tests of the whole share: the program itself, run as a bank runs it, and callers with tokens for it.
#![expect(clippy::expect_used, clippy::panic, reason = "what a test needs and does not get fails the test")]

pub mod bank;
pub mod chain;
pub mod desk;
pub mod dice;
pub mod installation;
pub mod onlooker;
pub mod patience;
pub mod process;
pub mod raw;
pub mod trouble;

use handsel_access::{Branch, DevIssuer, DevToken, Role};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};

/// Where the data of a test lies.
#[derive(Debug, Clone)]
pub enum Store {
    /// Files in the data folder.
    Sqlite,
    /// A database of its own.
    Postgres(String),
}

/// The program, ready to be run.
///
/// # Panics
/// If it was not built, saying how to.
#[must_use]
pub fn program() -> PathBuf {
    let named = std::env::var_os("HANDSEL_PROGRAM").map(PathBuf::from);
    let beside = || {
        let test = std::env::current_exe().ok()?;
        Some(test.parent()?.parent()?.join("handsel"))
    };
    let found = named.or_else(beside).filter(|path| path.exists());
    found.expect("the program is not built: run tests/run, or cargo build -p handsel")
}

/// A new, empty PostgreSQL database for one test.
///
/// # Panics
/// If there is no server, saying how to get one.
#[must_use]
pub fn postgres(name: &str) -> Store {
    let server = server();
    let name = format!("handsel_{name}_{}", std::process::id());
    let (base, _) = server.rsplit_once('/').expect("the server's address names a database");
    let url = format!("{base}/{name}");
    drop_database(&url);
    assert!(query(&server, &format!("CREATE DATABASE {name}")).is_empty());
    Store::Postgres(url)
}

/// Drops a database that [`postgres`] made, whoever is connected to it.
///
/// # Panics
/// If there is no server.
pub fn drop_database(url: &str) {
    let (_, name) = url.rsplit_once('/').expect("a database's address");
    assert!(query(&server(), &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).is_empty());
}

fn server() -> String {
    std::env::var("HANDSEL_TEST_POSTGRES").expect(
        "HANDSEL_TEST_POSTGRES is not set: run tests/run, which starts PostgreSQL, or set it to postgres://user@host/database",
    )
}

/// Asks a database: rows of columns, as text.
///
/// # Panics
/// If it cannot be asked.
#[must_use]
pub fn query(url: &str, sql: &str) -> Vec<Vec<String>> {
    let done = Command::new("psql").args([url, "-qAtF", "\t", "-c", sql]).output().expect("psql runs");
    assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("text");
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Asks embedded databases, each under its name: rows of columns, as text. Python reads them, whoever has them open.
///
/// # Panics
/// If they cannot be asked.
#[must_use]
pub fn query_files(files: &[(&str, PathBuf)], sql: &str) -> Vec<Vec<String>> {
    const ASK: &str = "
import sqlite3, sys
base = sqlite3.connect(':memory:')
for pair in sys.argv[2:]:
    name, _, path = pair.partition('=')
    base.execute(f'ATTACH ? AS {name}', (path,))
for row in base.execute(sys.argv[1]):
    print('\\t'.join('' if value is None else str(value) for value in row))
";
    let pairs = files.iter().map(|(name, path)| format!("{name}={}", path.display()));
    let python = std::env::var("HANDSEL_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let done = Command::new(python).args(["-c", ASK, sql]).args(pairs).output().expect("Python runs");
    assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout).expect("text");
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// A suite in a process of its own, killed when dropped.
#[derive(Debug)]
pub struct Suite {
    child: Child,
    /// `127.0.0.1:port`.
    pub address: String,
    /// Its data folder.
    pub data: PathBuf,
}

impl Suite {
    /// Starts `handsel up` on a free port and waits until it is ready.
    ///
    /// # Panics
    /// If it does not become ready; its words are on standard error.
    #[must_use]
    pub fn up(data: &Path, store: &Store, more: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.arg("up").arg("--data").arg(data).args(["--listen", "127.0.0.1:0", "--json"]).args(more);
        if let Store::Postgres(url) = store {
            command.args(["--database", url]);
        }
        let mut child = command.env("RUST_LOG", "warn").stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("readable");
        let ready: serde_json::Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("not ready ({error}): {line:?}"));
        let address = ready["address"].as_str().expect("an address").to_owned();
        Self { child, address, data: data.to_path_buf() }
    }

    /// A connection to it.
    ///
    /// # Panics
    /// If it does not answer.
    pub async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address))
            .expect("an address")
            .connect()
            .await
            .expect("it answers")
    }

    /// The issuer whose tokens it takes.
    ///
    /// # Panics
    /// If its key cannot be read.
    #[must_use]
    pub fn issuer(&self) -> DevIssuer {
        DevIssuer::open(&self.data.join("secrets"), &[0; 32], system_seconds()).expect("the issuer's key")
    }

    /// The process, to be killed or asked.
    pub fn process(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Suite {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The system's time, by which tokens live.
#[must_use]
pub fn system_seconds() -> handsel_access::Now {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "tokens for a real process live by the system's time")]
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        i64::try_from(now.as_secs()).expect("before the year 292 billion")
    })
}

/// A token for one role at one branch (`*`: all), for a human or none.
///
/// # Panics
/// If it cannot be signed.
#[must_use]
pub fn token(issuer: &DevIssuer, role: Role, branch: &str, person: Option<&str>) -> String {
    let mut token = DevToken::of_role(role, person.unwrap_or("a-system"));
    token.person = person.map(str::to_owned);
    token.branch = if branch == "*" { Branch::All } else { Branch::One(branch.to_owned()) };
    issuer.issue(&token).expect("signed")
}

/// A request that carries a token.
///
/// # Panics
/// If the token is not ASCII.
pub fn with_token<T>(message: T, token: &str) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let value: MetadataValue<_> = format!("Bearer {token}").parse().expect("ASCII");
    request.metadata_mut().insert("authorization", value);
    request
}
