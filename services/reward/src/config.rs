//! What a bank sets about its rewards.

pub use crate::domain::gate::Patience;

use crate::domain::{channel::Channel, reconciliation::SettledBy};
use handsel_iso20022::{CharacterSet, Debtor, Limits};
use handsel_money::Zone;
use handsel_outbox::RelaySettings;
use handsel_service::Peer;
use handsel_storage::LaneSettings;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// Where a bank says nothing else.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Longer than a weekend with a holiday.
const CLEARING_LIMIT: Duration = Duration::from_secs(4 * 24 * 60 * 60);

/// How the reward service runs.
#[derive(Clone, Debug)]
pub struct RewardConfig {
    /// The bank's id, e.g. its BIC. It is part of every end-to-end id, so it never changes.
    pub bank_id: String,
    /// Who begins a payout.
    pub settlement: Settlement,
    /// Whom to ask before a reward is paid, where its plan says so.
    pub gate: PayoutGate,
    /// The writers.
    pub lanes: LaneSettings,
    /// How the loops pace themselves.
    pub pace: Pace,
    /// How long a payout may be in clearing before an alarm goes up.
    pub clearing_limit: Duration,
    /// How the relay to the log paces itself.
    pub relay: RelaySettings,
    /// How long a statement may have waited for the log before no payout leaves any more; it goes on by itself.
    pub longest_wait: Duration,
}

/// Who begins a payout.
#[derive(Clone, Debug)]
pub enum Settlement {
    /// Core banking lists instructions and reports outcomes.
    Pull,
    /// Instructions are sent to the bank's `CoreBankingService`.
    Push(Peer),
    /// Files are put into a folder, and what the bank answers is read from files.
    File(Arc<FileSettlement>),
}

/// How payouts leave in files.
#[derive(Debug)]
pub struct FileSettlement {
    /// Says where beneficiaries are paid, while a file is written.
    pub bank: Peer,
    /// Where the bank finds files.
    pub folder: PathBuf,
    /// Where the bank's files lie while they are read.
    pub spool: PathBuf,
    /// Who pays, from which account.
    pub debtor: Debtor,
    /// Which characters names and addresses may have.
    pub characters: CharacterSet,
    /// Whose days are execution dates, and whose clock an instant without an offset is by.
    pub zone: Zone,
    /// What says that a payout is settled.
    pub settled_by: SettledBy,
    /// How much of a file is read, and how many payouts one has.
    pub limits: Limits,
}

impl Settlement {
    /// The way by which attempts leave.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Pull => Channel::Pull,
            Self::Push(_) => Channel::Push,
            Self::File(_) => Channel::File,
        }
    }
}

/// Whom to ask whether a beneficiary may be paid.
#[derive(Clone, Debug)]
pub enum PayoutGate {
    /// Nobody. A reward whose plan asks for it waits, with that as its reason: what cannot be asked is never paid.
    None,
    /// The bank's `CoreBankingService`.
    Bank(Peer),
}

/// How the loops pace themselves.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often somebody looks for what is due or approved, when nobody wakes him.
    pub period: Duration,
    /// How often instructions whose outcome is unknown are sent, the same ones again.
    pub push_period: Duration,
    /// How often somebody looks for what was due for too long.
    pub expiry_period: Duration,
    /// How long the bank's word lets a reward be paid, and how long after any other word it is asked again.
    pub gate: Patience,
    /// Rewards moved in one transaction, at most.
    pub batch: i64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(5),
            push_period: Duration::from_secs(30),
            expiry_period: Duration::from_secs(60 * 60),
            gate: Patience { pass_holds: Duration::from_secs(24 * 60 * 60), ask_again: Duration::from_secs(60 * 60) },
            batch: 500,
        }
    }
}

impl RewardConfig {
    /// For a bank that pulls.
    pub fn pull(bank_id: impl Into<String>) -> Self {
        Self {
            bank_id: bank_id.into(),
            settlement: Settlement::Pull,
            gate: PayoutGate::None,
            lanes: LaneSettings::default(),
            pace: Pace::default(),
            clearing_limit: CLEARING_LIMIT,
            relay: RelaySettings::default(),
            longest_wait: LONGEST_WAIT,
        }
    }
}

/// The other services that it calls.
#[derive(Clone, Debug, Default)]
pub struct RewardPeers {
    /// The audit log; without it statements wait in the outbox.
    pub audit: Option<Peer>,
}
