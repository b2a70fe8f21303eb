//! A service in its own process, told by a file, over a database of its own. Nobody takes the reward service's statements for the
//! audit log: they wait in its outbox, and the business goes on.

use crate::program;
use anyhow::{Context as _, Result, bail};
use handsel_access::{Branch, DevIssuer, DevToken, Role};
use handsel_proto::handsel::{
    audit::v1::{GetLogRequest, audit_service_client::AuditServiceClient},
    reward::v1::{ListPlansRequest, plan_service_client::PlanServiceClient},
};
use handsel_service::World;
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// How long it may take to serve.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is asked whether it does.
const PERIOD: Duration = Duration::from_millis(20);

/// Where the service's data lies.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    /// Files in the service's folder.
    Sqlite,
    /// A database.
    Postgres(String),
}

/// Which service is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// What each is owed.
    Reward,
    /// The log.
    Audit,
}

impl Name {
    fn text(self) -> &'static str {
        match self {
            Self::Reward => "reward",
            Self::Audit => "audit",
        }
    }
}

/// A running service.
pub(crate) struct Service {
    name: Name,
    child: Child,
    endpoint: Endpoint,
    issuer: DevIssuer,
}

/// A token, ready to be sent.
pub(crate) type Token = MetadataValue<Ascii>;

impl Service {
    /// Makes its schema, its keys and its configuration in a folder, and starts it.
    ///
    /// # Errors
    /// It does not start; its log says why.
    pub(crate) async fn start(name: Name, program: &Path, folder: &Path, store: &Store) -> Result<Self> {
        Self::start_with(name, program, folder, store, "").await
    }

    /// The same, with more sections of its configuration.
    ///
    /// # Errors
    /// It does not start; its log says why.
    pub(crate) async fn start_with(
        name: Name,
        program: &Path,
        folder: &Path,
        store: &Store,
        sections: &str,
    ) -> Result<Self> {
        let service = name.text();
        let data = folder.join("data");
        fs::create_dir_all(&data)?;
        let data = data.to_str().context("a folder whose name is no text")?;
        let mut migrate = vec!["migrate", service, "--data", data];
        if let Store::Postgres(url) = store {
            migrate.extend(["--database", url]);
        }
        program::run(program, &migrate).await?;

        let issuer = issuer()?;
        let address = program::free_address()?;
        let config = folder.join(format!("{service}.toml"));
        fs::write(folder.join("keys.json"), issuer.key_set())?;
        fs::write(&config, configuration(&address.to_string(), folder, store, &issuer) + sections)?;
        let log = folder.join(format!("{service}.log"));
        let child = Command::new(program)
            .args(["serve", service, "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .kill_on_drop(true)
            .spawn()?;
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        let mut service = Self { name, child, endpoint, issuer };
        service.until_it_serves().await.with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
        Ok(service)
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.endpoint.clone()
    }

    /// A connection of its own.
    ///
    /// # Errors
    /// It cannot be had.
    pub(crate) async fn connect(&self) -> Result<Channel> {
        Ok(self.endpoint.connect().await?)
    }

    /// A token of one role; of a person, or of a system.
    ///
    /// # Errors
    /// The key cannot sign.
    pub(crate) fn token(&self, role: Role, person: Option<&str>) -> Result<Token> {
        let token = DevToken {
            subject: person.unwrap_or("load").to_owned(),
            person: person.map(str::to_owned),
            roles: vec![role],
            branch: Branch::All,
            lifetime_seconds: 24 * 60 * 60,
            audience: None,
        };
        Ok(format!("Bearer {}", self.issuer.issue(&token)?).parse()?)
    }

    /// Its process.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn process(&self) -> Result<u32> {
        self.child.id().context("the service has ended")
    }

    /// Stops it as an operator does.
    ///
    /// # Errors
    /// It does not end well.
    pub(crate) async fn stop(self) -> Result<()> {
        program::stop(self.child).await
    }

    async fn until_it_serves(&mut self) -> Result<()> {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the service ended with {status}");
            }
            match self.asked().await {
                Ok(()) => return Ok(()),
                Err(status) if status.code() == Code::Unavailable && began.elapsed() < PATIENCE => {}
                Err(status) => bail!("the service does not serve: {status}"),
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// A call that every installation answers.
    async fn asked(&self) -> Result<(), Status> {
        let channel = self.endpoint.connect_lazy();
        let cannot = |error: anyhow::Error| Status::internal(error.to_string());
        match self.name {
            Name::Reward => {
                let token = self.token(Role::ProgramAdmin, Some("mila")).map_err(cannot)?;
                PlanServiceClient::new(channel).list_plans(authorized(ListPlansRequest::default(), &token)).await?;
            }
            Name::Audit => {
                let token = self.token(Role::ComplianceOfficer, Some("karel")).map_err(cannot)?;
                AuditServiceClient::new(channel).get_log(authorized(GetLogRequest {}, &token)).await?;
            }
        }
        Ok(())
    }
}

/// A request that carries a token.
pub(crate) fn authorized<Message>(message: Message, token: &Token) -> Request<Message> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", token.clone());
    request
}

/// An issuer whose key this run makes and forgets.
fn issuer() -> Result<DevIssuer> {
    let world = World::real();
    let mut seed = [0; 32];
    world.entropy.fill(&mut seed);
    Ok(DevIssuer::from_seed(&seed, world.token_clock())?)
}

fn configuration(address: &str, folder: &Path, store: &Store, issuer: &DevIssuer) -> String {
    let place = match store {
        Store::Sqlite => format!("folder = {:?}", folder.join("data")),
        Store::Postgres(url) => format!("database_url = {url:?}"),
    };
    let settings = issuer.settings();
    format!(
        "[server]\nlisten = {address:?}\n\n[storage]\n{place}\n\n[secrets]\nfolder = {:?}\n\n[bank]\nid = \"LOADBANK\"\n\n\
         [tokens]\nissuer = {:?}\naudience = {:?}\nkey_set = {:?}\n",
        folder.join("secrets"),
        settings.issuer,
        settings.audience,
        folder.join("keys.json"),
    )
}
