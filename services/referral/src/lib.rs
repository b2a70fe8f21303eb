//! Who introduced whom, and did it succeed: programs, codes, referrals with their evidence, the subject registry.
//!
//! This file is the wiring and nothing else; the rooms are described in `README.md`.

mod commands;
mod domain;
mod grpc;
mod holds;
mod jobs;
mod means;
mod queries;
mod registry;
mod store;

pub use domain::erasure::RetentionPeriods;
pub use registry::{KeyMaterial, KeyMaterialError, KeyProvider, KeyProviderError, Wrapped};

use futures::{FutureExt, future::BoxFuture};
use grpc::{Codes, Desk, Erasures, Facts, Inbox, Programs, Referrals, Subjects};
use handsel_outbox::{Outbox, Relay, RelaySettings};
use handsel_proto::handsel::{
    referral::v1::{
        code_service_server::CodeServiceServer, erasure_service_server::ErasureServiceServer,
        fact_service_server::FactServiceServer, program_service_server::ProgramServiceServer,
        referral_inbox_service_server::ReferralInboxServiceServer, referral_service_server::ReferralServiceServer,
        subject_service_server::SubjectServiceServer,
    },
    reward::v1::plan_service_client::PlanServiceClient,
};
use handsel_service::{Job, Part, Peer, Routes, World};
use handsel_storage::{Db, LaneSettings, Lanes, Migration};
use holds::Holds;
use means::Means;
use registry::Registry;
use std::{sync::Arc, time::Duration};

/// How the service is set up.
#[derive(Clone)]
pub struct ReferralConfig {
    /// The keys of the installation.
    pub keys: KeyMaterial,
    /// Who wraps people's keys; nobody: the file that `keys` came from.
    pub provider: Option<Arc<dyn KeyProvider>>,
    /// How long personal data is kept.
    pub retention: RetentionPeriods,
    /// The writers.
    pub lanes: LaneSettings,
    /// How long the reward service may take to say whether a plan is active.
    pub plan_patience: Duration,
    /// How many batches of one stream of facts are under way at most.
    pub facts_in_flight: usize,
    /// How the relays pace themselves.
    pub relays: RelaySettings,
}

impl ReferralConfig {
    /// The usual set-up with these keys.
    #[must_use]
    pub fn with_keys(keys: KeyMaterial) -> Self {
        Self {
            keys,
            provider: None,
            retention: RetentionPeriods::default(),
            lanes: LaneSettings::default(),
            plan_patience: Duration::from_secs(3),
            facts_in_flight: 8,
            relays: RelaySettings::default(),
        }
    }
}

impl std::fmt::Debug for ReferralConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ReferralConfig").field("retention", &self.retention).finish_non_exhaustive()
    }
}

/// The services that this one calls.
#[derive(Debug, Clone)]
pub struct Peers {
    /// Says which plans are active, and is told which referrals have qualified.
    pub reward: Peer,
    /// Takes the statements, and says which legal holds there are; without one statements wait in the outbox, and so do erasures.
    pub audit: Option<Peer>,
}

/// The referral service. Clones are one service.
#[derive(Clone)]
pub struct Referral {
    desk: Desk,
    relays: Vec<Relay>,
}

impl Referral {
    /// The service's name, and that of its schema.
    pub const NAME: &'static str = "referral";
    /// The schema of the key store, which stands in a database, or at least a schema, of its own.
    pub const KEYS_NAME: &'static str = "referral_keys";

    /// The service's schema.
    #[must_use]
    pub fn migrations() -> Vec<Migration> {
        [handsel_storage::MIGRATIONS, handsel_outbox::MIGRATIONS, store::MIGRATIONS].concat()
    }

    /// The key store's schema.
    #[must_use]
    pub fn key_migrations() -> Vec<Migration> {
        Registry::migrations()
    }

    /// Starts the service over its two databases, both migrated. Nobody is called yet.
    ///
    /// # Errors
    /// A schema that is not the one this program was written for.
    pub async fn start(
        db: Db,
        keys_db: Db,
        world: World,
        outbox: Outbox,
        config: ReferralConfig,
        peers: Peers,
    ) -> anyhow::Result<Self> {
        db.is_current(&Self::migrations()).await?;
        keys_db.is_current(&Self::key_migrations()).await?;
        let means = Means {
            lanes: Lanes::start(db.clone(), config.lanes),
            registry: Registry::new(keys_db, Arc::new(config.keys), config.provider, world.clone()),
            retention: config.retention,
            plans: PlanServiceClient::new(peers.reward.clone()),
            holds: Holds::of(peers.audit.clone()),
            erasures: Arc::default(),
            plan_patience: config.plan_patience,
            facts_in_flight: config.facts_in_flight.max(1),
            db,
            world,
            outbox,
        };
        let relays = jobs::relays(&means, peers, config.relays);
        Ok(Self { desk: Desk(Arc::new(means)), relays })
    }
}

impl Part for Referral {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn add_to(&self, routes: &mut Routes) {
        routes
            .add_service(ProgramServiceServer::new(Programs(self.desk.clone())))
            .add_service(CodeServiceServer::new(Codes(self.desk.clone())))
            .add_service(ReferralServiceServer::new(Referrals(self.desk.clone())))
            .add_service(ErasureServiceServer::new(Erasures(self.desk.clone())))
            .add_service(SubjectServiceServer::new(Subjects(self.desk.clone())))
            .add_service(FactServiceServer::new(Facts(self.desk.clone())))
            .add_service(ReferralInboxServiceServer::new(Inbox(self.desk.clone())));
    }

    fn jobs(&self) -> Vec<Job> {
        jobs::all(&self.desk.0, &self.relays)
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        async {
            self.desk.0.lanes.drain().await;
            self.desk.0.registry.drain().await;
            for relay in &self.relays {
                if let Err(fault) = relay.release().await {
                    tracing::debug!(%fault, "a lease could not be given back; it runs out by itself");
                }
            }
        }
        .boxed()
    }
}

impl std::fmt::Debug for Referral {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Referral").field("relays", &self.relays).finish_non_exhaustive()
    }
}
