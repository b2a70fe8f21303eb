//! One service in its own process, and the schema that it needs: as in production, told by a file.

use crate::backup;
use crate::cli::ServiceName;
use crate::keys;
use crate::place::Place;
use crate::secrets;
use crate::suite::signing_key;
use crate::told::{GateMode, SettlementMode, Told};
use anstream::eprintln;
use anyhow::{Context as _, Result};
use handsel_access::{AccessLayer, Rules};
use handsel_audit::{Audit, AuditConfig};
use handsel_outbox::{Outbox, Pseudonyms};
use handsel_proto::POOL;
use handsel_referral::{KeyMaterial, Referral, ReferralConfig};
use handsel_reward::{PayoutGate, Reward, RewardConfig, RewardPeers, Settlement};
use handsel_service::telemetry::Telemetry;
use handsel_service::{Frame, Part, World};
use handsel_storage::{Db, Location, Migration};
use handsel_tier::{Tier, TierConfig, TierPeers};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Runs one service until a signal stops it.
///
/// # Errors
/// A configuration that makes no sense; a database that is not at this version (`handsel migrate`); a port that is taken.
pub(crate) async fn serve(service: ServiceName, file: &Path) -> Result<()> {
    let told = Told::read(file).with_context(|| file.display().to_string())?;
    let telemetry = Telemetry::start(name(service), &told.config.telemetry, &told.config.log)?;
    let stop = handsel_service::stop_on_signal()?;
    let world = World::real();
    let tokens = told.config.tokens.as_ref().context("[tokens] is missing: whose tokens are believed?")?;
    let access = AccessLayer::new(Rules::read(&POOL)?, tokens.verifier(&world)?);
    let frame = Frame::bind(&told.config.server, told.config.limits).await?;
    secrets::folder(&told.secrets.folder)?;
    let part = part(service, &told, &world).await?;
    frame.serve(vec![part], access, stop).await?;
    telemetry.stop().await;
    Ok(())
}

/// Brings the schemas of a place up to this version.
///
/// # Errors
/// As the database says.
pub(crate) async fn migrate(place: &Place, only: Option<ServiceName>) -> Result<()> {
    let schemas = [
        (ServiceName::Referral, Referral::NAME, Referral::migrations()),
        (ServiceName::Referral, Referral::KEYS_NAME, Referral::key_migrations()),
        (ServiceName::Reward, Reward::NAME, Reward::migrations()),
        (ServiceName::Tier, handsel_tier::NAME, Tier::migrations()),
        (ServiceName::Audit, Audit::NAME, Audit::migrations()),
    ];
    for (service, schema, migrations) in schemas {
        // An embedded key store lies in a folder of its own, and is its process's affair.
        if schema == Referral::KEYS_NAME && matches!(place.location(), Location::Sqlite { .. }) {
            continue;
        }
        if only.is_none_or(|only| only == service) {
            Db::open(place.location(), schema).await?.migrate(&migrations).await?;
            eprintln!("{schema} is at version {}", migrations.last().map_or(0, |last| last.version));
        }
    }
    Ok(())
}

async fn part(service: ServiceName, told: &Told, world: &World) -> Result<Arc<dyn Part>> {
    let location = told.config.storage.location(Path::new("handsel-data"))?;
    let pseudonyms = Pseudonyms::from_file_or_create(&told.secret("pseudonyms.key"), &*world.entropy)?;
    let outbox = Outbox::new(name(service), world.clone(), pseudonyms.clone());
    Ok(match service {
        ServiceName::Referral => {
            let db = open(&location, Referral::NAME, Referral::migrations()).await?;
            let keys_db = key_store(&told.key_store()?).await?;
            let keys = KeyMaterial::from_file_or_create(&told.secret("subjects.json"), &*world.entropy)?;
            let peers = handsel_referral::Peers { reward: told.needed_peer("reward")?, audit: told.peer("audit")? };
            let config = ReferralConfig { relays: told.relays, ..ReferralConfig::with_keys(keys) };
            Arc::new(Referral::start(db, keys_db, world.clone(), outbox, config, peers).await?)
        }
        ServiceName::Reward => {
            let db = open(&location, Reward::NAME, Reward::migrations()).await?;
            let settlement = match told.settlement.mode {
                SettlementMode::Pull => Settlement::Pull,
                SettlementMode::Push => Settlement::Push(told.needed_peer("corebank")?),
                SettlementMode::File => {
                    let settlement = told.settlement.files.settlement(&told.bank.id, told.needed_peer("corebank")?)?;
                    Settlement::File(Arc::new(settlement))
                }
            };
            let gate = match told.settlement.gate {
                GateMode::None => PayoutGate::None,
                GateMode::Corebank => PayoutGate::Bank(told.needed_peer("corebank")?),
            };
            let config = RewardConfig {
                settlement,
                gate,
                relay: told.relays,
                longest_wait: Duration::from_secs(told.settlement.log_wait_seconds),
                ..RewardConfig::pull(&told.bank.id)
            };
            let peers = RewardPeers { audit: told.peer("audit")? };
            Arc::new(Reward::start(db, world.clone(), outbox, config, peers).await?)
        }
        ServiceName::Tier => {
            let db = open(&location, handsel_tier::NAME, Tier::migrations()).await?;
            let peers = TierPeers {
                reward: told.peer("reward")?,
                referral: told.peer("referral")?,
                audit: told.peer("audit")?,
            };
            let config = TierConfig { relays: told.relays, ..TierConfig::default() };
            Arc::new(Tier::start(db, world.clone(), pseudonyms, config, peers))
        }
        ServiceName::Audit => {
            let db = open(&location, Audit::NAME, Audit::migrations()).await?;
            let key = signing_key(&told.bank.id, &told.secret(keys::SIGNING), world)?;
            let (retiring, retired) = keys::others(&told.secrets.folder)?;
            let reward = told.peer(Reward::NAME)?;
            let config = AuditConfig { retiring, retired, reward, relays: told.relays, ..told.record.settings(key)? };
            Arc::new(Audit::start(db, world.clone(), config, pseudonyms).await?)
        }
    })
}

/// The key store. Embedded, it is this process's own, and is brought up to this version.
async fn key_store(location: &Location) -> Result<Db> {
    match location {
        Location::Postgres { .. } => open(location, Referral::KEYS_NAME, Referral::key_migrations()).await,
        Location::Sqlite { .. } => {
            let db = Db::open(location, Referral::KEYS_NAME).await?;
            db.migrate(&Referral::key_migrations()).await?;
            Ok(db)
        }
    }
}

/// A schema that is at this version already: a service may not change it.
async fn open(location: &Location, schema: &'static str, migrations: Vec<Migration>) -> Result<Db> {
    backup::no_restore_is_under_way(location)?;
    let db = Db::open(location, schema).await?;
    db.is_current(&migrations).await?;
    Ok(db)
}

pub(crate) fn name(service: ServiceName) -> &'static str {
    match service {
        ServiceName::Referral => Referral::NAME,
        ServiceName::Reward => Reward::NAME,
        ServiceName::Tier => handsel_tier::NAME,
        ServiceName::Audit => Audit::NAME,
    }
}
