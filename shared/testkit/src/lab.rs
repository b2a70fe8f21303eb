//! The surroundings of one test: a clock that stands still, ids and chance from a seed, one engine, an issuer of tokens.

use crate::server::Server;
use handsel_access::{AccessLayer, Branch, DevIssuer, DevToken, Role, Rules, Verifier, role_name};
use handsel_money::Timestamp;
use handsel_proto::POOL;
use handsel_service::{
    Frame, Part, Peer, SeededEntropy, SettableClock, TimedIds, TokenSource, World,
    config::{LimitsConfig, ServerConfig},
};
use handsel_storage::{Db, Engine, Location, Migration};
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::sync::Mutex;
use tonic::{Request, metadata::MetadataValue};

/// Monday, 2026-01-05, 09:00 UTC.
const START_MICROS: i64 = 1_767_603_600_000_000;

/// The surroundings of one test. Clones share them.
#[derive(Clone)]
pub struct Lab {
    /// Business time. It stands until the test moves it.
    pub clock: Arc<SettableClock>,
    /// The system's time: tokens live by it.
    pub system: Arc<SettableClock>,
    /// Issues the tokens.
    pub issuer: DevIssuer,
    world: World,
    location: Location,
    opened: Arc<Mutex<HashMap<&'static str, Db>>>,
}

impl Lab {
    /// Surroundings with their data at `location`.
    pub(crate) fn at(location: Location) -> Self {
        let still = || Arc::new(SettableClock::starting_at(Timestamp::from_micros(START_MICROS)));
        let (clock, system) = (still(), still());
        let ids = Arc::new(TimedIds::new(system.clone(), Arc::new(SeededEntropy::new(1))));
        let entropy = Arc::new(SeededEntropy::new(2));
        let world = World { business: clock.clone(), system: system.clone(), ids, entropy };
        let issuer = DevIssuer::from_seed(&[7; 32], world.token_clock()).expect("a development issuer");
        Self { clock, system, issuer, world, location, opened: Arc::default() }
    }

    /// The time, ids and chance to start a service with.
    #[must_use]
    pub fn world(&self) -> World {
        self.world.clone()
    }

    /// Which engine this run is on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.location.engine()
    }

    /// Where the data is: for tests that open it themselves, or hand it to another process.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The database of a service, opened once and not yet migrated.
    ///
    /// # Panics
    /// Where it does not open.
    pub async fn db(&self, schema: &'static str) -> Db {
        let mut opened = self.opened.lock().await;
        if let Some(db) = opened.get(schema) {
            return db.clone();
        }
        let db = Db::open(&self.location, schema).await.expect("a database that opens");
        opened.insert(schema, db.clone());
        db
    }

    /// The database of a service, migrated.
    ///
    /// # Panics
    /// Where it does not open, or a migration fails.
    pub async fn migrated(&self, schema: &'static str, migrations: &[Migration]) -> Db {
        let db = self.db(schema).await;
        db.migrate(migrations).await.expect("migrations that run");
        db
    }

    /// A token of a role for a branch (`*`: all of them; empty: none) and a person, if any. Its subject is the person, or
    /// else the role's name.
    ///
    /// # Panics
    /// Never but where the crypto library cannot sign.
    #[must_use]
    pub fn token<'a>(&self, role: Role, branch: &str, person: impl Into<Option<&'a str>>) -> String {
        let person = person.into();
        let branch = match branch {
            "*" => Branch::All,
            "" => Branch::None,
            one => Branch::One(one.to_owned()),
        };
        let subject = person.unwrap_or(role_name(role));
        let token = DevToken { person: person.map(str::to_owned), branch, ..DevToken::of_role(role, subject) };
        self.issuer.issue(&token).expect("a token that is signed")
    }

    /// A request with a token.
    ///
    /// # Panics
    /// Where the token is no header value.
    #[must_use]
    pub fn call<M>(&self, message: M, token: &str) -> Request<M> {
        let mut request = Request::new(message);
        let bearer = MetadataValue::try_from(format!("Bearer {token}")).expect("a token that fits a header");
        request.metadata_mut().insert("authorization", bearer);
        request
    }

    /// Serves one part on a free port, behind the real access layer. Its jobs do not run: see
    /// [`run_jobs_until_idle`](crate::run_jobs_until_idle).
    pub async fn serve(&self, part: impl Part + 'static) -> Server {
        self.serve_all(vec![Arc::new(part)]).await
    }

    /// Serves several parts on one free port.
    pub async fn serve_all(&self, parts: Vec<Arc<dyn Part>>) -> Server {
        self.serve_on(self.bind().await, parts)
    }

    /// Binds a free port, for parts that must know the address before they start.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn bind(&self) -> Frame {
        let server = ServerConfig { listen: (Ipv4Addr::LOCALHOST, 0).into(), ..ServerConfig::default() };
        Frame::bind(&server, LimitsConfig::default()).await.expect("a free port").without_jobs()
    }

    /// Serves parts on a port bound before.
    #[must_use]
    pub fn serve_on(&self, frame: Frame, parts: Vec<Arc<dyn Part>>) -> Server {
        Server::start(frame, parts, self.access())
    }

    /// The access layer that believes [`Lab::token`].
    ///
    /// # Panics
    /// Where an rpc of the contract has no rule.
    #[must_use]
    pub fn access(&self) -> AccessLayer {
        AccessLayer::new(Rules::read(&POOL).expect("a contract with rules"), self.verifier())
    }

    /// Verifies [`Lab::token`].
    ///
    /// # Panics
    /// Never: the keys are the issuer's own.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        self.issuer.verifier().expect("a verifier of its own tokens")
    }

    /// What one service calls another by: the address of a server or of a bound frame, with a service's token.
    ///
    /// # Panics
    /// Never: the address is one.
    #[must_use]
    pub fn peer(&self, address: SocketAddr) -> Peer {
        let lab = self.clone();
        let tokens = TokenSource::made_by(move || Ok(lab.token(Role::Service, "*", None)));
        Peer::at(&format!("http://{address}"), tokens).expect("an address")
    }
}

impl std::fmt::Debug for Lab {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Lab")
            .field("location", &self.location)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
