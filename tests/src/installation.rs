//! The suite as in production: each service in a process of its own, told by a file, over one database, or over files of its own; a
//! core bank beside them.

use crate::process::Process;
use crate::{Store, drop_database, postgres, program, query, query_files, system_seconds, token};
use handsel_access::{DevIssuer, DevToken, Role};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use tempfile::TempDir;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::{Interceptor, interceptor::InterceptedService};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// A service of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Who introduced whom.
    Referral,
    /// What each is owed.
    Reward,
    /// What kind of customer each is.
    Tier,
    /// The log.
    Audit,
}

impl Service {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Referral, Self::Reward, Self::Tier, Self::Audit];

    /// Its name, and that of its schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Referral => "referral",
            Self::Reward => "reward",
            Self::Tier => "tier",
            Self::Audit => "audit",
        }
    }

    /// The services that it calls.
    fn peers(self) -> &'static [Self] {
        match self {
            Self::Referral => &[Self::Reward, Self::Audit],
            Self::Reward => &[Self::Audit],
            Self::Tier => &[Self::Reward, Self::Referral, Self::Audit],
            Self::Audit => &[Self::Reward],
        }
    }
}

/// The schema of the core bank's books.
const COREBANK: &str = "corebank";

/// Of the key that its tokens are signed with.
const SEED: [u8; 32] = [7; 32];

/// The lease of the relays and of the log's writer, in milliseconds: how long messages wait after a crash.
#[derive(Debug, Clone, Copy)]
pub struct Lease(pub u32);

/// An installation: a database, a folder of keys, tokens and configurations, an address for each service.
#[derive(Debug)]
pub struct Installation {
    folder: Option<TempDir>,
    store: Store,
    issuer: DevIssuer,
    channels: Vec<(Service, u16, Channel)>,
}

/// A channel on which every call carries one token.
pub type Caller = InterceptedService<Channel, Bearer>;

/// A token, ready to be sent.
#[derive(Debug, Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// One that carries a token.
    ///
    /// # Panics
    /// If the token is not ASCII.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(format!("Bearer {token}").parse().expect("ASCII"))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

impl Installation {
    /// Makes a fresh database and migrates it, writes keys, tokens and configurations. Nothing runs yet.
    ///
    /// # Panics
    /// If there is no PostgreSQL, or the migration fails.
    #[must_use]
    pub fn new(name: &str, lease: Lease) -> Self {
        Self::over(postgres(name), lease)
    }

    /// The same over a database that is empty, or over embedded files: a folder for each service.
    ///
    /// # Panics
    /// If the migration fails.
    #[must_use]
    pub fn over(store: Store, lease: Lease) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for service in Service::ALL {
            let mut command = Command::new(program());
            command.args(["migrate", service.name()]).args(place(&store, folder.path(), service.name()));
            let migrated = command.output().expect("it runs");
            assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        }
        let issuer = DevIssuer::from_seed(&SEED, system_seconds()).expect("an issuer");
        let channel = |service: Service| {
            let port = free_port();
            let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).expect("an address");
            (service, port, endpoint.connect_lazy())
        };
        let channels = Service::ALL.into_iter().map(channel).collect();
        let installation = Self { folder: Some(folder), store, issuer, channels };
        installation.write("keys.json", installation.issuer.key_set());
        for service in Service::ALL {
            let name = service.name();
            let own = installation.issuer.issue(&DevToken::of_role(Role::Service, name)).expect("signed");
            installation.write(&format!("{name}.token"), &own);
            let port = installation.at(service).0;
            installation.write(&format!("{name}.toml"), &installation.configuration(service, port, lease));
            installation.write(&format!("{name}-2.toml"), &installation.configuration(service, free_port(), lease));
        }
        installation
    }

    /// The process of a service.
    #[must_use]
    pub fn process(&self, service: Service) -> Process {
        self.serve(service, service.name())
    }

    /// A second process of the same service. Nobody calls it: it shares the database and the relays' work.
    #[must_use]
    pub fn replica(&self, service: Service) -> Process {
        self.serve(service, &format!("{}-2", service.name()))
    }

    fn serve(&self, service: Service, file: &str) -> Process {
        let configuration = self.path(&format!("{file}.toml"));
        let arguments = ["serve", service.name(), "--config", &configuration].map(str::to_owned);
        Process::new(service.name(), program(), arguments.into(), self.folder().join(format!("{file}.log")))
    }

    /// The process of the core bank, which pulls, pays, and loses and repeats answers.
    #[must_use]
    pub fn core_bank(&self, faults: &str) -> Process {
        let address = self.address(Service::Reward);
        let token = token(&self.issuer, Role::CoreBanking, "*", None);
        let settings = ["simulator", "--address", &address, "--token", &token, "--faults", faults].map(str::to_owned);
        let arguments = settings.into_iter().chain(place(&self.store, self.folder(), COREBANK)).collect();
        Process::new("simulator", program(), arguments, self.folder().join("simulator.log"))
    }

    /// Somebody who calls a service: with one role, at one branch (`*`: all), a human or none.
    ///
    /// # Panics
    /// If his token cannot be signed.
    #[must_use]
    pub fn caller(&self, service: Service, role: Role, branch: &str, person: Option<&str>) -> Caller {
        let token = token(&self.issuer, role, branch, person);
        InterceptedService::new(self.at(service).1.clone(), Bearer::of(&token))
    }

    /// Runs the program against this installation, as the officer where it asks for a token, and returns what it printed.
    ///
    /// # Errors
    /// What it said, if it failed.
    ///
    /// # Panics
    /// If it cannot be run.
    pub fn ask(&self, service: Service, arguments: &[&str]) -> Result<String, String> {
        let officer = token(&self.issuer, Role::ComplianceOfficer, "*", Some("karel"));
        let mut command = Command::new(program());
        command.args(arguments).args(["--address", &self.address(service), "--token", &officer]);
        let done = command.args(place(&self.store, self.folder(), COREBANK)).output().expect("it runs");
        if !done.status.success() {
            return Err(format!("{}: {}", done.status, String::from_utf8_lossy(&done.stderr)));
        }
        Ok(String::from_utf8(done.stdout).expect("text"))
    }

    /// Asks the database, past all services: rows of text. Tables are named with their service: `reward.attempt`.
    #[must_use]
    pub fn query(&self, sql: &str) -> Vec<Vec<String>> {
        match &self.store {
            Store::Postgres(url) => query(url, sql),
            Store::Sqlite => {
                let names = Service::ALL.into_iter().map(Service::name).chain([COREBANK]);
                let files = names.map(|name| (name, self.file(name))).filter(|(_, file)| file.exists());
                query_files(&files.collect::<Vec<_>>(), sql)
            }
        }
    }

    /// A column of bytes as [`Installation::query`] can give it.
    #[must_use]
    pub fn in_hex(&self, column: &str) -> String {
        match &self.store {
            Store::Postgres(_) => format!("encode({column}, 'hex')"),
            Store::Sqlite => format!("hex({column})"),
        }
    }

    /// Copies the data of a service that does not run.
    ///
    /// # Panics
    /// If it cannot be copied.
    pub fn back_up(&self, service: Service) {
        let copy = self.folder().join(format!("{}.backup", service.name()));
        match &self.store {
            Store::Postgres(url) => {
                done(Command::new("pg_dump").args([url, "--schema", service.name(), "--file"]).arg(copy));
            }
            Store::Sqlite => copy_files(&self.file(service.name()), &copy),
        }
    }

    /// Puts the copy back in the place of the data; the service does not run.
    ///
    /// # Panics
    /// If it cannot be put back.
    pub fn put_back(&self, service: Service) {
        let copy = self.folder().join(format!("{}.backup", service.name()));
        match &self.store {
            Store::Postgres(url) => {
                let drop = format!("DROP SCHEMA {} CASCADE", service.name());
                assert!(query(url, &format!("SET client_min_messages = error; {drop}")).is_empty());
                done(Command::new("psql").args([url, "-qX", "-v", "ON_ERROR_STOP=1", "-f"]).arg(copy));
            }
            Store::Sqlite => copy_files(&copy, &self.file(service.name())),
        }
    }

    /// Writes all of the database into the installation's folder, as people read it; embedded files lie there as they are.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn dump(&self) {
        if let Store::Postgres(url) = &self.store {
            done(Command::new("pg_dump").args([url, "--file"]).arg(self.folder().join("everything.dump")));
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name).join(format!("{name}.db"))
    }

    /// Where the logs of the processes lie, and everything else.
    ///
    /// # Panics
    /// Never: the folder is there as long as the installation.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().expect("until it is dropped").path()
    }

    /// Where the reward service is called.
    pub(crate) fn reward_address(&self) -> String {
        self.address(Service::Reward)
    }

    /// Whose tokens its services take.
    pub(crate) fn issuer(&self) -> DevIssuer {
        DevIssuer::from_seed(&SEED, system_seconds()).expect("an issuer")
    }

    /// Where the books of the reward service and of the core bank lie.
    pub(crate) fn data(&self) -> (Store, Vec<(&'static str, PathBuf)>) {
        let name = Service::Reward.name();
        (self.store.clone(), vec![(name, self.file(name)), (COREBANK, self.file(COREBANK))])
    }

    fn address(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", self.at(service).0)
    }

    fn at(&self, service: Service) -> (u16, &Channel) {
        let (_, port, channel) = self.channels.iter().find(|(of, ..)| *of == service).expect("all four");
        (*port, channel)
    }

    fn path(&self, name: &str) -> String {
        self.folder().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).expect("written");
    }

    fn configuration(&self, service: Service, port: u16, lease: Lease) -> String {
        let Lease(lease_millis) = lease;
        let settings = self.issuer.settings();
        let mut text = format!(
            r#"
            server.listen = "127.0.0.1:{port}"
            storage.{storage}
            secrets.folder = "{secrets}"
            keys.{key_store}
            bank.id = "TESTBANK"
            tokens = {{ issuer = "{issuer}", audience = "{audience}", key_set = "{keys}" }}
            log = {{ format = "json", filter = "info" }}
            relays = {{ lease_millis = {lease_millis}, call_millis = {call_millis}, period_millis = 250 }}
            "#,
            storage = match &self.store {
                Store::Postgres(url) => format!("database_url = \"{url}\""),
                Store::Sqlite => format!("folder = \"{}\"", self.path(service.name())),
            },
            key_store = match &self.store {
                Store::Postgres(url) => format!("database_url = \"{url}\""),
                Store::Sqlite => format!("folder = \"{}\"", self.path("key-store")),
            },
            secrets = self.path("secrets"),
            issuer = settings.issuer,
            audience = settings.audience,
            keys = self.path("keys.json"),
            call_millis = lease_millis - lease_millis / 4,
        );
        if service == Service::Audit {
            text += &format!("log_of_record.lease_millis = {lease_millis}\n");
        }
        for peer in service.peers() {
            let (address, token) = (self.address(*peer), self.path(&format!("{}.token", service.name())));
            text += &format!("peers.{} = {{ address = \"{address}\", token_file = \"{token}\" }}\n", peer.name());
        }
        text
    }
}

impl Drop for Installation {
    /// Drops the database. What a failed test leaves behind is kept for whoever looks into it.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            if let Store::Postgres(url) = &self.store {
                drop_database(url);
            }
        } else if let Some(folder) = self.folder.take() {
            let kept = folder.keep();
            #[expect(clippy::print_stderr, reason = "whoever looks into a failed test wants to know")]
            {
                eprintln!("logs are kept in {}, data in {:?}", kept.display(), self.store);
            }
        }
    }
}

/// How a place is named on the command line.
fn place(store: &Store, folder: &Path, name: &str) -> [String; 2] {
    match store {
        Store::Postgres(url) => ["--database".to_owned(), url.clone()],
        Store::Sqlite => ["--data".to_owned(), folder.join(name).display().to_string()],
    }
}

/// Copies an embedded database, with the log of what is not yet in its file, over another.
fn copy_files(from: &Path, to: &Path) {
    for end in ["", "-wal", "-shm"] {
        let named = |path: &Path| PathBuf::from(format!("{}{end}", path.display()));
        let (from, to) = (named(from), named(to));
        if to.exists() {
            std::fs::remove_file(&to).expect("removed");
        }
        // The index of the log is made anew.
        if from.exists() && end != "-shm" {
            std::fs::copy(from, to).expect("copied");
        }
    }
}

fn done(command: &mut Command) {
    let done = command.output().expect("it runs");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A port that is free now, and stays free while its service is away: the system gives ports below 32768 to nobody by itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 10_000).expect("below 10,000");
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
