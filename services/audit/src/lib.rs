//! A log that proves that nothing was changed and nothing is missing.
//!
//! [`Audit`] is the service. [`tlog`] and [`client`] are for those who check it: formats, proofs and a follower that refuses
//! to advance on anything unproven; neither knows the service's rooms. [`packed`] is for those who read its tables by themselves.

pub mod client;
mod commands;
mod config;
mod domain;
pub mod filter;
mod grpc;
mod jobs;
mod ledger;
mod log;
pub mod packed;
mod queries;
mod reconcile;
mod said;
mod store;
#[cfg(test)]
mod tests;
mod witness;

pub use config::AuditConfig;
pub use domain::retention::{Retention, RetentionError};
pub use handsel_tlog as tlog;
pub use witness::Witness;

use anyhow::{Context as _, bail, ensure};
use futures::future::BoxFuture;
use handsel_outbox::{Actor, Pseudonyms, Relay};
use handsel_proto::handsel::audit::v1::{
    audit_ingest_service_server::AuditIngestServiceServer, audit_service_server::AuditServiceServer,
    case_service_server::CaseServiceServer, clearance_service_server::ClearanceServiceServer,
    hold_service_server::HoldServiceServer, integrity_service_server::IntegrityServiceServer,
    prune_service_server::PruneServiceServer, reconcile_service_server::ReconcileServiceServer,
};
use handsel_service::{Job, Part, Peer, Routes, World};
use handsel_storage::{Db, Migration};
use std::{sync::Arc, time::Duration};
use tlog::VerifierKey;

/// The audit service. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    log: Arc<log::Log>,
    heartbeat: Option<Duration>,
    scrub: Option<Duration>,
    /// To the reward service; without it holds on payments wait.
    relay: Option<Relay>,
    /// Whose ledger the log is compared with, and how often it is looked whether a day is due.
    reward: Option<Peer>,
    reconcile: Option<Duration>,
}

impl Audit {
    /// Its name, and its schema's.
    pub const NAME: &'static str = "audit";

    /// Its tables, with those of storage and outbox. Statements are their own keys; an officer's acts have request ids, and holds on
    /// payments are owed to the reward service.
    #[must_use]
    pub fn migrations() -> Vec<Migration> {
        let own = [
            Migration {
                version: 100,
                name: "log",
                postgres: include_str!("../migrations/postgres/0100_log.sql"),
                sqlite: include_str!("../migrations/sqlite/0100_log.sql"),
            },
            Migration {
                version: 110,
                name: "integrity",
                postgres: include_str!("../migrations/postgres/0110_integrity.sql"),
                sqlite: include_str!("../migrations/sqlite/0110_integrity.sql"),
            },
            Migration {
                version: 120,
                name: "search",
                postgres: include_str!("../migrations/postgres/0120_search.sql"),
                sqlite: include_str!("../migrations/sqlite/0120_search.sql"),
            },
            Migration {
                version: 130,
                name: "officer",
                postgres: include_str!("../migrations/postgres/0130_officer.sql"),
                sqlite: include_str!("../migrations/sqlite/0130_officer.sql"),
            },
            Migration {
                version: 140,
                name: "clearance",
                postgres: include_str!("../migrations/postgres/0140_clearance.sql"),
                sqlite: include_str!("../migrations/sqlite/0140_clearance.sql"),
            },
            Migration {
                version: 141,
                name: "prune",
                postgres: include_str!("../migrations/postgres/0141_prune.sql"),
                sqlite: include_str!("../migrations/sqlite/0141_prune.sql"),
            },
        ];
        [handsel_storage::MIGRATIONS, handsel_outbox::MIGRATIONS, &own].concat()
    }

    /// Checks the log that is there, and opens it.
    ///
    /// # Errors
    /// The log is damaged: what is stored gives another root than its head, or than a checkpoint that was signed.
    pub async fn start(db: Db, world: World, config: AuditConfig, pseudonyms: Pseudonyms) -> anyhow::Result<Self> {
        let signers: Vec<VerifierKey> = [Some(&config.key), config.retiring.as_ref()]
            .into_iter()
            .flatten()
            .map(|key| key.verifier().clone())
            .collect();
        ensure!(
            signers.iter().chain(&config.retired).all(|key| key.name() == config.key.verifier().name()),
            "keys of different logs",
        );
        let known: Vec<VerifierKey> = signers.iter().chain(&config.retired).cloned().collect();
        let signed = queries::recovery::check(&db, &signers).await.context(
            "the audit log is damaged or was tampered with; it does not start, so that nothing is added to it",
        )?;
        let (heartbeat, scrub) = (config.heartbeat, config.scrub);
        ensure!(
            config.witness_quorum <= config.witnesses.len(),
            "more cosignatures are asked for than there are witnesses"
        );
        for witness in &config.witnesses {
            check_witness(&db, &known, witness).await?;
        }
        let (reward, relays, reconcile) = (config.reward.clone(), config.relays, config.reconcile);
        let log = Arc::new(log::Log::new(db, world, config, pseudonyms, signed));
        log.tell().await?;
        let relay = reward.clone().map(|reward| jobs::to_reward(&log, reward, relays));
        Ok(Self { log, heartbeat, scrub, relay, reward, reconcile })
    }

    /// The key to check the log with: a C2SP signed-note verifier key.
    #[must_use]
    pub fn verifier_key(&self) -> String {
        self.log.key.verifier().to_string()
    }

    /// Whether a signed checkpoint covers every record that was taken.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_signed(&self) -> anyhow::Result<bool> {
        Ok(self.log.newest_head().await? <= self.log.newest_checkpoint().await?.map_or(0, |signed| signed.size))
    }

    /// Records what no rpc does and the log must show: a jump of the business clock, a restore. `kind` is lower-case words with
    /// dots between them; `body` holds no personal data.
    ///
    /// # Errors
    /// It cannot be sealed or stored, or another replica writes the log.
    pub async fn record_system(&self, kind: &'static str, body: serde_json::Value) -> anyhow::Result<()> {
        let notice = commands::Notice {
            kind,
            action: "record",
            actor: Actor::system("handsel"),
            subjects: Vec::new(),
            outcome: "success",
            reason: None,
            correlation: kind.to_owned(),
            body,
        };
        match self.log.record(notice).await? {
            Ok(_) => Ok(()),
            Err(refusal) => bail!("{kind} is not recorded: {refusal}"),
        }
    }
}

/// Compares the log with what a witness shows. One that is away does not keep the log from starting: whatever it knows comes to
/// light when the next checkpoint is submitted to it.
async fn check_witness(db: &Db, keys: &[VerifierKey], witness: &Witness) -> anyhow::Result<()> {
    let Some(origin) = keys.first().map(VerifierKey::name) else { return Ok(()) };
    let note = match witness.latest(origin).await {
        Ok(None) => return Ok(()),
        Ok(Some(note)) => note,
        Err(error) => {
            tracing::warn!(%error, "a witness could not be asked at the start");
            return Ok(());
        }
    };
    match queries::witnessed::contradiction(db, &note, keys, witness.key()).await? {
        None => Ok(()),
        Some(violation) => bail!(
            "the audit log does not start: it has {}, and {} was signed for {}; it was rewritten, cut off, or restored from before",
            violation.actual,
            violation.expected,
            violation.place,
        ),
    }
}

impl Part for Audit {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn add_to(&self, routes: &mut Routes) {
        routes.add_service(AuditServiceServer::new(grpc::AuditApi::new(Arc::clone(&self.log))));
        routes.add_service(AuditIngestServiceServer::new(grpc::IngestApi::new(Arc::clone(&self.log))));
        routes.add_service(IntegrityServiceServer::new(grpc::IntegrityApi::new(Arc::clone(&self.log))));
        routes.add_service(CaseServiceServer::new(grpc::CaseApi::new(Arc::clone(&self.log))));
        routes.add_service(HoldServiceServer::new(grpc::HoldApi::new(Arc::clone(&self.log))));
        let reconcile = grpc::ReconcileApi::new(Arc::clone(&self.log), self.reward.clone());
        routes.add_service(ReconcileServiceServer::new(reconcile));
        routes.add_service(PruneServiceServer::new(grpc::PruneApi::new(Arc::clone(&self.log))));
        routes.add_service(ClearanceServiceServer::new(grpc::ClearanceApi::new(Arc::clone(&self.log))));
    }

    fn jobs(&self) -> Vec<Job> {
        let heartbeat = self.heartbeat.map(|period| jobs::heartbeat(&self.log, period));
        let scrub = self.scrub.map(|every| jobs::scrub(&self.log, every));
        let witness = (!self.log.witnesses.is_empty()).then(|| jobs::cosign(&self.log));
        let relay = self.relay.as_ref().map(Relay::job);
        let daily = self.reward.clone().zip(self.reconcile);
        let daily = daily.map(|(reward, every)| jobs::reconcile_daily(&self.log, reward, every));
        [jobs::checkpoint(&self.log), jobs::index(&self.log), jobs::answers(&self.log), jobs::prune(&self.log)]
            .into_iter()
            .chain(jobs::purges(&self.log))
            .chain(relay)
            .chain(daily)
            .chain(witness)
            .chain(scrub)
            .chain(heartbeat)
            .collect()
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Some(relay) = &self.relay
                && let Err(fault) = relay.release().await
            {
                tracing::debug!(%fault, "a lease could not be given back; it runs out by itself");
            }
            if let Err(error) = self.log.drain().await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the audit log stopped with leaves that are not signed yet"
                );
            }
        })
    }
}
