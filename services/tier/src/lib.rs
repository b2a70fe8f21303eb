//! What kind of customer each is: activity comes in, policies say how it is scored, tiers are dated and told to those who
//! need them.
//!
//! Here is the wiring, and nothing else.

mod commands;
mod domain;
mod grpc;
mod jobs;
mod queries;
mod store;

use futures::future::BoxFuture;
use grpc::Grpc;
use handsel_outbox::{Notice, Outbox, Pseudonyms, Relay, RelaySettings};
use handsel_service::{Job, Part, Peer, Routes, World};
use handsel_storage::{Db, LaneSettings, Lanes, Migration};
use std::sync::Arc;

/// The service's name: its schema, its package, its side of every relay.
pub const NAME: &str = "tier";

/// Whom the service tells. `None`: that relay does not run here, and what it owes waits.
#[derive(Debug, Clone, Default)]
pub struct TierPeers {
    /// The reward service, for multipliers.
    pub reward: Option<Peer>,
    /// The referral service, for priorities.
    pub referral: Option<Peer>,
    /// The log.
    pub audit: Option<Peer>,
}

/// How the service paces itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct TierConfig {
    /// Its writers.
    pub lanes: LaneSettings,
    /// Its relays.
    pub relays: RelaySettings,
}

/// The tier service. Cheap to clone.
#[derive(Clone)]
pub struct Tier {
    grpc: Grpc,
    relays: Vec<Relay>,
}

impl Tier {
    /// Every migration of the service's schema.
    #[must_use]
    pub fn migrations() -> Vec<Migration> {
        [handsel_storage::MIGRATIONS, handsel_outbox::MIGRATIONS, store::MIGRATIONS].concat()
    }

    /// Puts the service together over its database, which has been migrated.
    #[must_use]
    pub fn start(db: Db, world: World, pseudonyms: Pseudonyms, config: TierConfig, peers: TierPeers) -> Self {
        let lanes = Lanes::start(db.clone(), config.lanes);
        let outbox = Outbox::new(NAME, world.clone(), pseudonyms);
        let relays = [
            peers.reward.map(|peer| jobs::to_reward(&db, &lanes, peer, config.relays)),
            peers.referral.map(|peer| jobs::to_referral(&db, &lanes, peer, config.relays)),
            peers.audit.map(|peer| jobs::to_audit(&db, &lanes, peer, config.relays)),
        ];
        let watch = Arc::new(Notice::new(outbox.clone(), world.clone()));
        let relays = relays.into_iter().flatten().map(|relay| relay.watched_by(watch.clone())).collect();
        Self { grpc: Grpc { db, lanes, world, outbox }, relays }
    }

    /// Its relays, to see what they have still to deliver.
    #[must_use]
    pub fn relays(&self) -> &[Relay] {
        &self.relays
    }
}

impl Part for Tier {
    fn name(&self) -> &'static str {
        NAME
    }

    fn add_to(&self, routes: &mut Routes) {
        self.grpc.add_to(routes);
    }

    fn jobs(&self) -> Vec<Job> {
        let purge = jobs::purge(&self.grpc.db, &self.grpc.world);
        self.relays.iter().map(Relay::job).chain([purge]).collect()
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.grpc.lanes.drain().await;
            for relay in &self.relays {
                // Else its lease runs out by itself.
                if let Err(fault) = relay.release().await {
                    tracing::debug!(%fault, "a lease could not be given back");
                }
            }
        })
    }
}
