//! What a service in its own process is told: the sections of its configuration file.

mod files;

use anyhow::{Context as _, Result};
use files::FilesConfig;
use handsel_audit::tlog::{CosignerKey, SigningKey};
use handsel_audit::{AuditConfig, Retention, Witness};
use handsel_outbox::RelaySettings;
use handsel_service::config::{Config, Document, StorageConfig};
use handsel_service::{Peer, TokenSource};
use handsel_storage::Location;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `[secrets]`: where an installation's key files lie.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SecretsConfig {
    /// The folder; its files are made at the first start. Every service of a bank must see the same `pseudonyms.key`.
    pub(crate) folder: PathBuf,
}

impl Default for SecretsConfig {
    fn default() -> Self {
        Self { folder: PathBuf::from("secrets") }
    }
}

/// `[bank]`: which bank this is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BankConfig {
    /// Its short name, e.g. its BIC: part of every end-to-end id and of the log's origin, so it never changes.
    pub(crate) id: String,
}

/// `[settlement]`: who begins a payout.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SettlementConfig {
    /// `pull`: core banking lists instructions. `push`: they are sent to `[peers.corebank]`. `file`: they leave in files.
    pub(crate) mode: SettlementMode,
    /// How they leave in files.
    pub(crate) files: FilesConfig,
    /// How long a statement may have waited for the log before no payout leaves, in seconds. It goes on by itself.
    pub(crate) log_wait_seconds: u64,
    /// `none`: nobody is asked whether a beneficiary may be paid; a plan that asks for it then pays nobody. `corebank`: those of
    /// `[peers.corebank]`.
    pub(crate) gate: GateMode,
}

/// Whom to ask whether a beneficiary may be paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GateMode {
    /// Nobody.
    #[default]
    None,
    /// The bank.
    Corebank,
}

impl Default for SettlementConfig {
    fn default() -> Self {
        Self {
            mode: SettlementMode::default(),
            files: FilesConfig::default(),
            gate: GateMode::default(),
            log_wait_seconds: 15 * 60,
        }
    }
}

/// Who begins a payout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SettlementMode {
    /// Core banking.
    #[default]
    Pull,
    /// The reward service.
    Push,
    /// Whoever writes a file.
    File,
}

/// `[relays]`: how messages on their way to the other services are paced.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RelaysConfig {
    /// How long a lease lasts after its last use, in milliseconds: how long messages wait after a crash.
    lease_millis: u64,
    /// How long one call may take, in milliseconds; shorter than the lease.
    call_millis: u64,
    /// How often a relay looks for work when nobody wakes it, in milliseconds.
    period_millis: u64,
}

impl Default for RelaysConfig {
    fn default() -> Self {
        Self { lease_millis: 15_000, call_millis: 10_000, period_millis: 1_000 }
    }
}

impl RelaysConfig {
    /// As the relays want it.
    ///
    /// # Errors
    /// A call that outlives its lease: another relay would send beside it. A period or a call of no length.
    fn settings(self) -> Result<RelaySettings> {
        let Self { lease_millis, call_millis, period_millis } = self;
        anyhow::ensure!(call_millis < lease_millis, "[relays]: `call_millis` is not below `lease_millis`");
        anyhow::ensure!(call_millis > 0 && period_millis > 0, "[relays]: a time of 0 lets nothing through");
        Ok(RelaySettings {
            lease: Duration::from_millis(lease_millis),
            call: Duration::from_millis(call_millis),
            period: Duration::from_millis(period_millis),
        })
    }
}

/// `[log_of_record]`: how the audit log is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RecordConfig {
    /// How often the log says that it lives, in seconds.
    heartbeat_seconds: u64,
    /// How often everything is read and hashed again, in hours: at least once a day.
    scrub_hours: u64,
    /// How often it is looked whether a day is over whose payouts were not compared with the ledger of `[peers.reward]`, in minutes.
    reconcile_minutes: u64,
    /// How long the writer's lease lasts after its last renewal, in milliseconds: how long records wait after a crash.
    lease_millis: u64,
    /// Who is asked to cosign each checkpoint.
    witnesses: Vec<WitnessConfig>,
    /// As many of them must have cosigned before a record counts as covered; 0: none must.
    witness_quorum: usize,
    /// How long bodies of records are kept.
    retention: RetentionConfig,
}

/// One witness.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessConfig {
    /// Its key, as `handsel-witness key` prints it.
    key: String,
    /// Where it is: `http://host:port`.
    address: String,
}

impl Default for RecordConfig {
    fn default() -> Self {
        Self {
            heartbeat_seconds: 60,
            scrub_hours: 24,
            reconcile_minutes: 60,
            lease_millis: 5_000,
            witnesses: Vec::new(),
            witness_quorum: 0,
            retention: RetentionConfig::default(),
        }
    }
}

impl RecordConfig {
    /// As the audit service wants it.
    ///
    /// # Errors
    /// A time of no length, a round longer than a day, a quorum that cannot be met, a witness's key or address that is none, a
    /// retention that is none.
    pub(crate) fn settings(&self, key: SigningKey) -> Result<AuditConfig> {
        let Self {
            heartbeat_seconds,
            scrub_hours,
            reconcile_minutes,
            lease_millis,
            witnesses,
            witness_quorum,
            retention,
        } = self;
        anyhow::ensure!(*heartbeat_seconds > 0 && *lease_millis > 0, "[log_of_record]: a time of 0");
        anyhow::ensure!(
            (1..=1_440).contains(reconcile_minutes),
            "[log_of_record]: `reconcile_minutes` is not from 1 to 1440"
        );
        anyhow::ensure!((1..=24).contains(scrub_hours), "[log_of_record]: `scrub_hours` is not from 1 to 24");
        anyhow::ensure!(
            *witness_quorum <= witnesses.len(),
            "[log_of_record]: `witness_quorum` asks for more than there are"
        );
        let witness = |told: &WitnessConfig| -> Result<Witness> {
            let key =
                CosignerKey::parse(&told.key).with_context(|| format!("[log_of_record]: witness key {}", told.key))?;
            Witness::new(key, &told.address)
        };
        Ok(AuditConfig {
            heartbeat: Some(Duration::from_secs(*heartbeat_seconds)),
            scrub: Some(Duration::from_secs(scrub_hours * 3_600)),
            reconcile: Some(Duration::from_secs(reconcile_minutes * 60)),
            lease: Duration::from_millis(*lease_millis),
            witnesses: witnesses.iter().map(witness).collect::<Result<_>>()?,
            witness_quorum: *witness_quorum,
            retention: retention.clone().settings()?,
            ..AuditConfig::new(key)
        })
    }
}

/// `[log_of_record.retention]`: how long bodies of records are kept before two people may prune them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RetentionConfig {
    /// Years for everything that no class names: money. Signed, so that what is no period is refused by its name.
    money_years: i64,
    /// Types of statements that are kept as long, or as short.
    classes: Vec<ClassConfig>,
}

/// One class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassConfig {
    /// Its name, as refusals say it: `MARKETING`.
    name: String,
    /// Types of statements; with a dot at its end, all that begin so.
    types: Vec<String>,
    /// A year counts 366 days.
    years: i64,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        let marketing = ClassConfig { name: "MARKETING".to_owned(), types: vec!["tier.".to_owned()], years: 2 };
        Self { money_years: 10, classes: vec![marketing] }
    }
}

impl RetentionConfig {
    /// As the audit service wants it.
    ///
    /// # Errors
    /// A period beyond 1 to 100 years, a class without a name of its own, or of types that are none or that are kept for ever.
    fn settings(self) -> Result<Retention> {
        let Self { money_years, classes } = self;
        // What is below every period is told as 0 is.
        let period = |years: i64| u32::try_from(years.max(0)).unwrap_or(u32::MAX);
        let class = |ClassConfig { name, types, years }| (name, types, period(years));
        Retention::of(period(money_years), classes.into_iter().map(class).collect())
            .context("[log_of_record.retention]")
    }
}

/// Everything that a service is told.
pub(crate) struct Told {
    /// The frame's sections.
    pub(crate) config: Config,
    /// Where key files lie.
    pub(crate) secrets: SecretsConfig,
    /// Where people's wrapped keys lie: `[keys]`, apart from the databases.
    keys: StorageConfig,
    /// Which bank this is.
    pub(crate) bank: BankConfig,
    /// Who begins a payout.
    pub(crate) settlement: SettlementConfig,
    /// How the relays are paced.
    pub(crate) relays: RelaySettings,
    /// How the audit log is kept.
    pub(crate) record: RecordConfig,
}

impl Told {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// A key nobody asks for, a value that does not fit, a section that is missing.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let mut document = Document::read(file)?;
        let told = Self {
            config: Config::take(&mut document)?,
            secrets: document.section("secrets")?,
            keys: document.section("keys")?,
            bank: document.section("bank")?,
            settlement: document.section("settlement")?,
            relays: document.section::<RelaysConfig>("relays")?.settings()?,
            record: document.section("log_of_record")?,
        };
        document.finish()?;
        anyhow::ensure!(!told.bank.id.is_empty(), "[bank]: `id` is missing");
        Ok(told)
    }

    /// A file of keys.
    pub(crate) fn secret(&self, name: &str) -> PathBuf {
        self.secrets.folder.join(name)
    }

    /// The key store: where `[keys]` says, else a folder beside that of the key files.
    ///
    /// # Errors
    /// Several places at once, or a file that cannot be read.
    pub(crate) fn key_store(&self) -> Result<Location> {
        let beside = self.secrets.folder.parent().unwrap_or(Path::new("")).join("keys");
        Ok(self.keys.location(&beside)?)
    }

    /// A service that may be missing.
    pub(crate) fn peer(&self, name: &str) -> Result<Option<Peer>> {
        let Some(config) = self.config.peers.get(name) else { return Ok(None) };
        let tokens = config.token_file.as_deref().map_or_else(TokenSource::none, TokenSource::file);
        Ok(Some(Peer::new(config, tokens)?))
    }

    /// A service that may not.
    pub(crate) fn needed_peer(&self, name: &str) -> Result<Peer> {
        self.peer(name)?.with_context(|| format!("[peers.{name}] is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_understood() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config");
        let mut read = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "toml") {
                Told::read(&file).unwrap_or_else(|error| panic!("{}: {error:#}", file.display()));
                read += 1;
            }
        }
        assert_eq!(read, 4);
    }

    #[test]
    fn the_log_is_kept_as_told() {
        let kept = |text: &str| -> Result<AuditConfig> {
            let mut document = Document::parse(text)?;
            let key = SigningKey::from_seed("handsel.example/audit", &[1; 32])?;
            document.section::<RecordConfig>("log_of_record")?.settings(key)
        };
        let untold = kept("").unwrap();
        assert_eq!((untold.scrub, untold.witnesses.len()), (Some(Duration::from_secs(86_400)), 0));
        let key = handsel_audit::tlog::CosigningKey::from_seed("witness.example/w1", &[1; 32]).unwrap();
        let witness = format!("witnesses = [{{ key = '{}', address = 'http://witness:7420' }}]", key.verifier());
        let told = kept(&format!("[log_of_record]\nwitness_quorum = 1\n{witness}")).unwrap();
        assert_eq!((told.witnesses.len(), told.witness_quorum), (1, 1));
        for wrong in [
            "witness_quorum = 1",
            "scrub_hours = 25",
            "lease_millis = 0",
            "witnesses = [{ key = 'x', address = 'http://witness' }]",
            &witness.replace("http:", "ftp:"),
        ] {
            assert!(kept(&format!("[log_of_record]\n{wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn bodies_are_kept_as_long_as_told() {
        let kept = |text: &str| -> Result<Retention> {
            let mut document = Document::parse(text)?;
            let key = SigningKey::from_seed("handsel.example/audit", &[1; 32])?;
            Ok(document.section::<RecordConfig>("log_of_record")?.settings(key)?.retention)
        };
        assert_eq!(kept("").unwrap(), Retention::default());
        let class = |name: &str, kind: &str, years: u32| (name.to_owned(), vec![kind.to_owned()], years);
        let told = "money_years = 15\nclasses = [{ name = 'CAMPAIGN', types = ['campaign.'], years = 3 }]";
        let expected = Retention::of(15, vec![class("CAMPAIGN", "campaign.", 3)]).unwrap();
        assert_eq!(kept(&format!("[log_of_record.retention]\n{told}")).unwrap(), expected);
        for (wrong, why) in [
            ("money_years = 0", "money: not from 1 to 100 years"),
            ("money_years = -1", "money: not from 1 to 100 years"),
            ("classes = [{ name = 'LOG', types = ['tier.'], years = 2 }]", "`LOG` is no name of a class"),
            ("classes = [{ name = 'A', types = ['audit.read'], years = 2 }]", "kept for ever"),
            ("classes = [{ name = 'A', types = [], years = 2 }]", "A names no types"),
            ("marketing_years = 2", "marketing_years"),
        ] {
            let error = format!("{:#}", kept(&format!("[log_of_record.retention]\n{wrong}")).unwrap_err());
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }

    #[test]
    fn relays_are_paced_as_told() {
        let paced = |text: &str| -> Result<RelaySettings> {
            let mut document = Document::parse(text)?;
            document.section::<RelaysConfig>("relays")?.settings()
        };
        let (untold, usual) = (paced("").unwrap(), RelaySettings::default());
        assert_eq!((untold.lease, untold.call, untold.period), (usual.lease, usual.call, usual.period));
        let told = paced("[relays]\nlease_millis = 2000\ncall_millis = 1500\nperiod_millis = 250").unwrap();
        assert_eq!((told.lease, told.period), (Duration::from_secs(2), Duration::from_millis(250)));
        for wrong in ["lease_millis = 10000", "call_millis = 0", "period_millis = 0", "lease_seconds = 3"] {
            assert!(paced(&format!("[relays]\n{wrong}")).is_err(), "{wrong}");
        }
    }
}
