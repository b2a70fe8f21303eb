//! How the log is run.

use crate::{
    Witness,
    domain::retention::Retention,
    tlog::{SigningKey, VerifierKey},
};
use handsel_outbox::RelaySettings;
use handsel_service::Peer;
use std::time::Duration;

/// A record waits for as long at most, and for the signature: so 99 of 100 are signed for within a second.
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(900);

/// How the log is run. Its origin is its key's name.
#[derive(Debug)]
pub struct AuditConfig {
    /// Signs checkpoints; its name is the log's origin, `handsel.<bank>/audit`.
    pub key: SigningKey,
    /// The key that `key` replaces: as long as it is here, both sign, and whoever trusts the one learns the other.
    pub retiring: Option<SigningKey>,
    /// Keys that signed before. What they signed stays; nothing new is believed of them.
    pub retired: Vec<VerifierKey>,
    /// The shortest time between two checkpoints of a busy log. An idle one signs what is new at once.
    pub checkpoint_interval: Duration,
    /// How often the log says that it lives, so that silence is evidence too; absent: never.
    pub heartbeat: Option<Duration>,
    /// Streams at the same moment at most.
    pub streams: usize,
    /// Who is asked to cosign each published checkpoint.
    pub witnesses: Vec<Witness>,
    /// As many of them must have cosigned before a record counts as covered; 0: none must. At most as many as there are.
    pub witness_quorum: usize,
    /// How long the sequencer's lease lasts after its last renewal: how long a log waits for another replica after a crash.
    pub lease: Duration,
    /// How often the scrubber begins a round; absent: never. A day is what a bank promises.
    pub scrub: Option<Duration>,
    /// The reward service, which is told what compliance keeps from being paid; absent: that waits.
    pub reward: Option<Peer>,
    /// How the relay to it paces itself.
    pub relays: RelaySettings,
    /// How often it is looked whether a day is over whose payouts were not compared with the reward service's ledger; absent: never.
    pub reconcile: Option<Duration>,
    /// How long bodies are kept before two people may prune them.
    pub retention: Retention,
    /// How often a long stream leaves another record of what was read.
    pub reading: Duration,
}

impl AuditConfig {
    /// The defaults: a checkpoint every 900 ms while busy, no heartbeat, 64 streams, no witness, a lease of 5 seconds, no scrubber, no reward
    /// service, no daily reconciliation, a record of a long reading each hour.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        Self {
            key,
            retiring: None,
            retired: Vec::new(),
            checkpoint_interval: CHECKPOINT_INTERVAL,
            heartbeat: None,
            streams: 64,
            witnesses: Vec::new(),
            witness_quorum: 0,
            lease: Duration::from_secs(5),
            scrub: None,
            reward: None,
            relays: RelaySettings::default(),
            reconcile: None,
            retention: Retention::default(),
            reading: Duration::from_secs(3_600),
        }
    }
}
