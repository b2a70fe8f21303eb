//! What each is owed, exact to the cent, and how it is paid: plans, rewards, approvals, the ledger, settlement.
//!
//! This file wires the rooms together, and nothing else.

mod commands;
mod config;
pub mod domain;
mod files;
mod grpc;
mod jobs;
mod queries;
mod service;
mod store;
mod wire;

pub use config::{FileSettlement, Pace, Patience, PayoutGate, RewardConfig, RewardPeers, Settlement};

use commands::{
    latch::{Gate, LogWatch},
    means::{Means, PlansInForce},
    note_restored::NoteRestored,
};
use futures::future::{BoxFuture, FutureExt};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Outbox, Relay};
use handsel_service::{Job, Part, Routes, World};
use handsel_storage::{Db, Fault, Lanes, Migration};
use service::Service;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The reward service. Cheap to clone.
#[derive(Clone)]
pub struct Reward {
    service: Arc<Service>,
}

impl Reward {
    /// Its name, that of its schema, and the source of its statements.
    pub const NAME: &'static str = "reward";

    /// Its schema: those of storage and outbox, and its own.
    #[must_use]
    pub fn migrations() -> Vec<Migration> {
        let own = Migration {
            version: 100,
            name: "reward",
            postgres: include_str!("../migrations/postgres/100_reward.sql"),
            sqlite: include_str!("../migrations/sqlite/100_reward.sql"),
        };
        let terms_sheet = Migration {
            version: 110,
            name: "terms_sheet",
            postgres: include_str!("../migrations/postgres/110_terms_sheet.sql"),
            sqlite: include_str!("../migrations/sqlite/110_terms_sheet.sql"),
        };
        let lifecycle = Migration {
            version: 120,
            name: "lifecycle",
            postgres: include_str!("../migrations/postgres/120_lifecycle.sql"),
            sqlite: include_str!("../migrations/sqlite/120_lifecycle.sql"),
        };
        let ledger = Migration {
            version: 130,
            name: "reward_ledger",
            postgres: include_str!("../migrations/postgres/130_ledger.sql"),
            sqlite: include_str!("../migrations/sqlite/130_ledger.sql"),
        };
        let rates = Migration {
            version: 140,
            name: "rates",
            postgres: include_str!("../migrations/postgres/140_rates.sql"),
            sqlite: include_str!("../migrations/sqlite/140_rates.sql"),
        };
        let files = Migration {
            version: 150,
            name: "files",
            postgres: include_str!("../migrations/postgres/150_files.sql"),
            sqlite: include_str!("../migrations/sqlite/150_files.sql"),
        };
        let differences = Migration {
            version: 155,
            name: "differences",
            postgres: include_str!("../migrations/postgres/155_differences.sql"),
            sqlite: include_str!("../migrations/sqlite/155_differences.sql"),
        };
        let mut all = handsel_storage::MIGRATIONS.to_vec();
        all.extend_from_slice(handsel_outbox::MIGRATIONS);
        all.push(own);
        all.push(terms_sheet);
        all.push(lifecycle);
        all.push(ledger);
        all.push(rates);
        all.push(files);
        all.push(differences);
        all.push(Migration {
            version: 160,
            name: "latch",
            postgres: include_str!("../migrations/postgres/160_latch.sql"),
            sqlite: include_str!("../migrations/sqlite/160_latch.sql"),
        });
        all.push(Migration {
            version: 165,
            name: "recompute_rates",
            postgres: include_str!("../migrations/postgres/165_recompute_rates.sql"),
            sqlite: include_str!("../migrations/sqlite/165_recompute_rates.sql"),
        });
        all.push(Migration {
            version: 190,
            name: "hold_origin",
            postgres: include_str!("../migrations/postgres/190_hold_origin.sql"),
            sqlite: include_str!("../migrations/sqlite/190_hold_origin.sql"),
        });
        all.push(Migration {
            version: 195,
            name: "gate_look",
            postgres: include_str!("../migrations/postgres/195_gate_look.sql"),
            sqlite: include_str!("../migrations/sqlite/195_gate_look.sql"),
        });
        all.push(Migration {
            version: 196,
            name: "withdrawals",
            postgres: include_str!("../migrations/postgres/196_withdrawals.sql"),
            sqlite: include_str!("../migrations/sqlite/196_withdrawals.sql"),
        });
        all
    }

    /// Starts its lanes over its database, which is migrated; `outbox` is that of [`Reward::NAME`]. Nobody is called yet.
    ///
    /// # Errors
    /// A schema that is not the one this program was written for.
    pub async fn start(
        db: Db,
        world: World,
        outbox: Outbox,
        config: RewardConfig,
        peers: RewardPeers,
    ) -> anyhow::Result<Self> {
        db.is_current(&Self::migrations()).await?;
        let lanes = Lanes::start(db.clone(), config.lanes);
        let relay = peers.audit.map(|audit| jobs::to_audit(&db, &lanes, audit, config.relay));
        let gate = Gate { acquainted: relay.as_ref().map(Relay::acquainted), longest_wait: config.longest_wait };
        if let Settlement::File(settlement) = &config.settlement {
            files::sweep(settlement)?;
        }
        let means = Means {
            ids: Arc::clone(&world.ids),
            outbox,
            plans: PlansInForce::of(db.clone()),
            bank: config.bank_id.as_str().into(),
            gate,
        };
        let watch = Arc::new(LogWatch { means: means.clone(), world: world.clone() });
        let relay = relay.map(|relay| relay.watched_by(watch));
        Ok(Self { service: Arc::new(Service { db, lanes, world, means, config, relay, files: Mutex::default() }) })
    }

    /// Takes note that this database was put back from a copy, before anything runs over it: what was paid since is not in it, so
    /// payouts stop until two people have reconciled. `detail` says which copy, without personal data.
    ///
    /// # Errors
    /// As the database says.
    pub async fn restored(db: &Db, outbox: Outbox, detail: String, actor: Actor, now: Timestamp) -> Result<(), Fault> {
        db.transact(&NoteRestored { outbox, detail, actor, now }).await
    }
}

impl Part for Reward {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn add_to(&self, routes: &mut Routes) {
        grpc::add_to(&self.service, routes);
    }

    fn jobs(&self) -> Vec<Job> {
        jobs::all(&self.service)
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        async {
            self.service.lanes.drain().await;
            if let Some(relay) = &self.service.relay
                && let Err(fault) = relay.release().await
            {
                tracing::debug!(%fault, "a lease could not be given back; it runs out by itself");
            }
        }
        .boxed()
    }
}
