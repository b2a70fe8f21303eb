//! The suite in one process: the four services on one port, each over its own schema, and what belongs to the process: keys,
//! the development issuer, the clock, the simulated core bank.

mod parts;

use crate::backup;
use crate::bearer::{Bearer, Caller};
use crate::place::Place;
use crate::secrets;
use crate::simulator::{self, Desk, Faults, Payments, Simulator};
use anyhow::{Context as _, Result};
use handsel_access::{AccessLayer, DevIssuer, Role, Rules};
use handsel_money::Timestamp;
use handsel_outbox::{RelaySettings, pending};
use handsel_proto::POOL;
use handsel_service::config::{LimitsConfig, ServerConfig};
use handsel_service::{Clock as _, Frame, FrameError, Part, SettableClock, World};
use handsel_storage::Db;
use parts::{Parts, Tempo, Woken};

pub(crate) use parts::signing_key;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};

/// How a suite is started.
pub(crate) struct SuiteSettings {
    /// Where its data lies.
    pub(crate) place: Place,
    /// Port 0 takes any free one.
    pub(crate) listen: SocketAddr,
    /// Whose time it keeps.
    pub(crate) clock: Clock,
    /// With these faults; `None`: the bank is somebody else's.
    pub(crate) simulator: Option<Faults>,
    /// How payouts leave.
    pub(crate) way: Way,
}

/// How payouts leave a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The bank lists them.
    Listed,
    /// In ISO 20022 files, in a folder beside the data.
    Files,
}

/// Whose time a suite keeps.
pub(crate) enum Clock {
    /// The machine's.
    Real,
    /// A clock of its own, which begins here and is moved forward; it stands where it stood when the suite is started again.
    Simulated { start: Timestamp },
}

/// A running suite.
pub(crate) struct Suite {
    address: SocketAddr,
    channel: Channel,
    issuer: DevIssuer,
    parts: Parts,
    clock: Option<Arc<SettableClock>>,
    simulator: Option<Simulator>,
    wakes: Vec<Arc<Notify>>,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), FrameError>>,
}

/// A lease of one process that has its data to itself need not be long: after a crash nobody waits for the old one.
const RELAYS: RelaySettings = RelaySettings {
    lease: Duration::from_secs(3),
    call: Duration::from_millis(2_500),
    period: Duration::from_millis(500),
};

/// A simulated clock leaps over months while a payout is with the bank: how long it lay there says nothing.
const CLEARING_WHEN_TIME_LEAPS: Duration = Duration::from_secs(10 * 366 * 86_400);

/// How long a suite may take to deliver and sign what is there.
const PATIENCE: Duration = Duration::from_secs(120);

impl Suite {
    /// Opens the data, brings its schemas up to this version, and serves. Returns when calls are answered.
    pub(crate) async fn start(settings: SuiteSettings) -> Result<Self> {
        let SuiteSettings { place, listen, clock, simulator, way } = settings;
        backup::no_restore_is_under_way(place.location())?;
        secrets::folder(&place.folder().join("secrets"))?;
        let clock = match clock {
            Clock::Real => None,
            Clock::Simulated { start } => {
                Some(Arc::new(SettableClock::kept(start, &place.folder().join("clock")).context("the clock")?))
            }
        };
        let world = clock.as_ref().map_or_else(World::real, |clock| World::at(Arc::clone(clock) as Arc<_>));
        let issuer = issuer(&place, &world)?;
        let server = ServerConfig { listen, ..ServerConfig::default() };
        let frame = Frame::bind(&server, LimitsConfig::default()).await?;
        let address = frame.address();
        let channel = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true).connect_lazy();

        let clearing_limit = clock.as_ref().map(|_| CLEARING_WHEN_TIME_LEAPS);
        let parts =
            Parts::open(&place, &world, &issuer, address, &Tempo { relays: RELAYS, clearing_limit }, way).await?;
        let simulator = match simulator {
            None => None,
            Some(faults) => {
                let db = Db::open(place.location(), simulator::SCHEMA).await?;
                Some(Simulator::open(db, world.clone(), faults).await?)
            }
        };
        let mut woken: Vec<Arc<Woken>> = parts.all().into_iter().map(Woken::new).collect();
        if let Some(simulator) = &simulator {
            let caller: Caller = Bearer::issue(&issuer, Role::CoreBanking, "*", None)?.on(&channel);
            let desk = match way {
                Way::Listed => None,
                Way::Files => Some(Desk::open(parts::orders(&place), place.folder().join(simulator::ANSWERS))?),
            };
            woken.push(Woken::new(simulator.pulling(caller, desk)));
        }
        let wakes = woken.iter().flat_map(|part| part.wakes()).collect();
        let served: Vec<Arc<dyn Part>> = woken.into_iter().map(|part| part as Arc<dyn Part>).collect();
        let access = AccessLayer::new(Rules::read(&POOL)?, issuer.verifier()?);
        let stop = CancellationToken::new();
        let serving = tokio::spawn(frame.serve(served, access, stop.clone()));
        Ok(Self { address, channel, issuer, parts, clock, simulator, wakes, stop, serving })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection to it.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Whose tokens it takes.
    pub(crate) fn issuer(&self) -> &DevIssuer {
        &self.issuer
    }

    /// Moves a simulated clock forward to an instant, and leaves a record of it in the log; one that stands there or later
    /// stays.
    pub(crate) async fn advance_clock(&self, to: Timestamp) -> Result<()> {
        let clock = self.clock.as_ref().context("only a simulated clock can be moved")?;
        let from = clock.now();
        if to > from {
            clock.set(to)?;
            self.parts.record_clock(from, to).await?;
        }
        Ok(())
    }

    /// Has every loop look for work now: time has moved.
    pub(crate) fn wake(&self) {
        for wake in &self.wakes {
            wake.notify_one();
        }
    }

    /// Returns when every service has delivered what it owes the others and the log.
    pub(crate) async fn wait_until_delivered(&self) -> Result<()> {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let mut waiting = 0;
            for (db, destinations) in self.parts.outboxes() {
                for destination in destinations {
                    waiting += pending(db, destination).await?.count;
                }
            }
            if waiting == 0 {
                return Ok(());
            }
            anyhow::ensure!(tokio::time::Instant::now() < deadline, "{waiting} messages are still on their way");
            ticks.tick().await;
        }
    }

    /// Returns when, beyond that, a signed checkpoint covers every record.
    pub(crate) async fn wait_until_signed(&self) -> Result<()> {
        self.wait_until_delivered().await?;
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.parts.is_signed().await? {
            anyhow::ensure!(tokio::time::Instant::now() < deadline, "the newest records of the log are not signed yet");
            ticks.tick().await;
        }
        Ok(())
    }

    /// What the simulated core bank has paid.
    pub(crate) async fn payments(&self) -> Result<Payments> {
        let simulator = self.simulator.as_ref().context("there is no simulated core bank")?;
        simulator.payments("CZK".parse()?).await
    }

    /// Serves until it is told to stop by a signal, or fails.
    pub(crate) async fn until_stopped(self) -> Result<()> {
        let signal = handsel_service::stop_on_signal()?;
        let Self { stop, mut serving, .. } = self;
        tokio::select! {
            () = signal.cancelled() => {
                stop.cancel();
                serving.await??;
            }
            ended = &mut serving => ended??,
        }
        Ok(())
    }

    /// Stops it: running calls end, jobs stop, what was accepted is finished.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        match self.serving.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the suite did not end well"),
            Err(error) => tracing::error!(%error, "the suite did not end well"),
        }
    }
}

/// The development issuer of a place.
pub(crate) fn issuer(place: &Place, world: &World) -> Result<DevIssuer> {
    let mut seed = [0; 32];
    world.entropy.fill(&mut seed);
    let folder = place.folder().join("secrets");
    DevIssuer::open(&folder, &seed, world.token_clock())
        .with_context(|| format!("the development issuer in {}", folder.display()))
}
