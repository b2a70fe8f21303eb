//! How the log is run.

use crate::tlog::SigningKey;
use std::time::Duration;

/// How the log is run. Its origin is its key's name.
#[derive(Debug)]
pub struct AuditConfig {
    /// Signs checkpoints; its name is the log's origin, `handsel.<bank>/audit`.
    pub key: SigningKey,
    /// The shortest time between two checkpoints of a busy log. An idle one signs what is new at once.
    pub checkpoint_interval: Duration,
    /// How often the log says that it lives, so that silence is evidence too; absent: never.
    pub heartbeat: Option<Duration>,
    /// Streams at the same moment at most.
    pub streams: usize,
}

impl AuditConfig {
    /// The defaults: a checkpoint a second while busy, no heartbeat, 64 streams.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        Self { key, checkpoint_interval: Duration::from_secs(1), heartbeat: None, streams: 64 }
    }
}
