//! The four services of a suite, opened over their schemas and introduced to each other.

use super::Way;
use crate::keys;
use crate::place::Place;
use anyhow::Result;
use futures::future::BoxFuture;
use handsel_access::{DevIssuer, DevToken, Role};
use handsel_audit::tlog::SigningKey;
use handsel_audit::{Audit, AuditConfig};
use handsel_iso20022::{Account, CharacterSet, ChargeBearer, Debtor, Limits, Line};
use handsel_money::Timestamp;
use handsel_outbox::{Outbox, Pseudonyms, RelaySettings};
use handsel_referral::{KeyMaterial, Referral, ReferralConfig};
use handsel_reward::{
    FileSettlement, Pace, Reward, RewardConfig, RewardPeers, Settlement, domain::reconciliation::SettledBy,
};
use handsel_service::{Job, Part, Peer, Routes, TokenSource, World};
use handsel_storage::{Db, Migration};
use handsel_tier::{Tier, TierConfig, TierPeers};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// No process's lease on the log lasts longer than this after its death.
const LEASE_OF_THE_DEAD: Duration = Duration::from_secs(30);
/// How often the log is read again, whole.
const DAY: Duration = Duration::from_secs(86_400);
/// How often the log says that it lives.
const MINUTE: Duration = Duration::from_secs(60);
/// How often it is looked whether a day's payouts are to be compared with the ledger.
const HOUR: Duration = Duration::from_secs(3_600);
/// What the development bank calls itself.
pub(crate) const BANK: &str = "example";

/// How long things take in this suite.
pub(super) struct Tempo {
    /// How the services' messages travel.
    pub(super) relays: RelaySettings,
    /// How long a payout may be in clearing, by the suite's clock, before an alarm goes up; `None`: as the reward service has it.
    pub(super) clearing_limit: Option<Duration>,
}

/// The services, and the databases that their outboxes lie in.
pub(super) struct Parts {
    referral: (Db, Referral),
    reward: (Db, Reward),
    tier: (Db, Tier),
    audit: (Db, Audit),
}

impl Parts {
    /// Opens each schema, brings it up to this version, and starts the service over it. They call each other at `address`, with
    /// tokens of the development issuer.
    pub(super) async fn open(
        place: &Place,
        world: &World,
        issuer: &DevIssuer,
        address: SocketAddr,
        tempo: &Tempo,
        way: Way,
    ) -> Result<Self> {
        let peer = |from: &'static str| Peer::at(&format!("http://{address}"), tokens(issuer, from));
        let pseudonyms = Pseudonyms::from_file_or_create(&place.secret("pseudonyms.key"), &*world.entropy)?;
        let outbox = |of: &'static str| Outbox::new(of, world.clone(), pseudonyms.clone());
        let open = async |schema: &'static str, migrations: Vec<Migration>| -> Result<Db> {
            let db = Db::open(place.location(), schema).await?;
            db.migrate(&migrations).await?;
            Ok(db)
        };

        let audit_db = open(Audit::NAME, Audit::migrations()).await?;
        let key = signing_key(BANK, &place.secret(keys::SIGNING), world)?;
        let (retiring, retired) = keys::others(&place.secret(""))?;
        let audit_config = AuditConfig {
            heartbeat: Some(MINUTE),
            scrub: Some(DAY),
            retiring,
            retired,
            reward: Some(peer(Audit::NAME)?),
            relays: tempo.relays,
            reconcile: Some(HOUR),
            ..AuditConfig::new(key)
        };
        let audit = Audit::start(audit_db.clone(), world.clone(), audit_config, pseudonyms.clone()).await?;

        let tier_db = open(handsel_tier::NAME, Tier::migrations()).await?;
        let tier_peers = TierPeers {
            reward: Some(peer(handsel_tier::NAME)?),
            referral: Some(peer(handsel_tier::NAME)?),
            audit: Some(peer(handsel_tier::NAME)?),
        };
        let tier_config = TierConfig { relays: tempo.relays, ..TierConfig::default() };
        let tier = Tier::start(tier_db.clone(), world.clone(), pseudonyms.clone(), tier_config, tier_peers);

        let reward_db = open(Reward::NAME, Reward::migrations()).await?;
        // One who tries it out does not want to wait.
        let pace = Pace { period: Duration::from_millis(500), ..Pace::default() };
        let mut reward_config = RewardConfig { relay: tempo.relays, pace, ..RewardConfig::pull(BANK) };
        if way == Way::Files {
            reward_config.settlement = Settlement::File(Arc::new(file_settlement(place, peer(Reward::NAME)?)?));
        }
        reward_config.clearing_limit = tempo.clearing_limit.unwrap_or(reward_config.clearing_limit);
        let reward_peers = RewardPeers { audit: Some(peer(Reward::NAME)?) };
        let reward =
            Reward::start(reward_db.clone(), world.clone(), outbox(Reward::NAME), reward_config, reward_peers).await?;

        let referral_db = open(Referral::NAME, Referral::migrations()).await?;
        let keys_db = Db::open(&place.key_store(), Referral::KEYS_NAME).await?;
        keys_db.migrate(&Referral::key_migrations()).await?;
        let keys = KeyMaterial::from_file_or_create(&place.secret("subjects.json"), &*world.entropy)?;
        let referral_config = ReferralConfig { relays: tempo.relays, ..ReferralConfig::with_keys(keys) };
        let referral_peers =
            handsel_referral::Peers { reward: peer(Referral::NAME)?, audit: Some(peer(Referral::NAME)?) };
        let referral = Referral::start(
            referral_db.clone(),
            keys_db,
            world.clone(),
            outbox(Referral::NAME),
            referral_config,
            referral_peers,
        )
        .await?;
        Ok(Self {
            referral: (referral_db, referral),
            reward: (reward_db, reward),
            tier: (tier_db, tier),
            audit: (audit_db, audit),
        })
    }

    /// The services, to be served.
    pub(super) fn all(&self) -> Vec<Arc<dyn Part>> {
        vec![
            Arc::new(self.referral.1.clone()),
            Arc::new(self.reward.1.clone()),
            Arc::new(self.tier.1.clone()),
            Arc::new(self.audit.1.clone()),
        ]
    }

    /// Each database with an outbox, and where its messages go.
    pub(super) fn outboxes(&self) -> [(&Db, &'static [&'static str]); 4] {
        [
            (&self.tier.0, &["reward", "referral", "audit"]),
            (&self.referral.0, &["reward", "audit"]),
            (&self.reward.0, &["audit"]),
            (&self.audit.0, &["reward"]),
        ]
    }

    /// Whether a signed checkpoint covers every record of the log.
    pub(super) async fn is_signed(&self) -> Result<bool> {
        self.audit.1.is_signed().await
    }

    /// Leaves a record of a jump of business time in the log. After a crash it waits for the dead process's lease on the log to
    /// run out.
    pub(super) async fn record_clock(&self, from: Timestamp, to: Timestamp) -> Result<()> {
        let body = json!({ "from": from.to_string(), "to": to.to_string() });
        let deadline = Instant::now() + LEASE_OF_THE_DEAD;
        loop {
            match self.audit.1.record_system("clock.moved", body.clone()).await {
                Err(_) if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(100)).await,
                done => return done,
            }
        }
    }
}

/// Where a suite's payment files lie.
pub(super) fn orders(place: &Place) -> PathBuf {
    place.folder().join("payment-files")
}

/// How payouts leave a suite in files: the bank that it asks where beneficiaries are paid is the simulated one.
fn file_settlement(place: &Place, bank: Peer) -> Result<FileSettlement> {
    Ok(FileSettlement {
        bank,
        folder: orders(place),
        spool: place.folder().join("bank-files"),
        debtor: Debtor {
            name: Line::new("Example Bank", CharacterSet::Sepa)?,
            account: Account::Iban("CZ6508000000192000145399".parse()?),
            agent: None,
            service_level: None,
            charges: ChargeBearer::Shared,
        },
        characters: CharacterSet::Sepa,
        zone: "Europe/Prague".parse()?,
        settled_by: SettledBy::Statement,
        limits: Limits::default(),
    })
}

/// The key that signs a bank's log.
pub(crate) fn signing_key(bank: &str, file: &Path, world: &World) -> Result<SigningKey> {
    let mut seed = [0; 32];
    world.entropy.fill(&mut seed);
    SigningKey::from_file_or_create(file, &format!("handsel.{bank}/audit"), &seed)
}

/// Tokens of a service for its calls to the others: a new one each time, which costs less than to watch one grow old.
fn tokens(issuer: &DevIssuer, service: &'static str) -> TokenSource {
    let issuer = issuer.clone();
    let token = DevToken::of_role(Role::Service, service);
    TokenSource::made_by(move || Ok(issuer.issue(&token)?))
}

/// A part whose loops can all be woken: time has moved, and they cannot know.
pub(super) struct Woken {
    part: Arc<dyn Part>,
    jobs: Vec<Job>,
}

impl Woken {
    pub(super) fn new(part: Arc<dyn Part>) -> Arc<Self> {
        let wakeable = |job: Job| if job.wake.is_some() { job } else { job.woken_by(Arc::default()) };
        let jobs = part.jobs().into_iter().map(wakeable).collect();
        Arc::new(Self { part, jobs })
    }

    /// What wakes its loops.
    pub(super) fn wakes(&self) -> impl Iterator<Item = Arc<Notify>> {
        self.jobs.iter().filter_map(|job| job.wake.clone())
    }
}

impl Part for Woken {
    fn name(&self) -> &'static str {
        self.part.name()
    }

    fn add_to(&self, routes: &mut Routes) {
        self.part.add_to(routes);
    }

    fn jobs(&self) -> Vec<Job> {
        self.jobs.clone()
    }

    fn drain(&self) -> BoxFuture<'_, ()> {
        self.part.drain()
    }
}
