//! What a relay or an inbox finds that somebody has to hear of, beside the log of the process: told in the transaction that acts
//! on it.

use crate::{Actor, Outbox, Owed, Statement};
use futures::future::BoxFuture;
use handsel_money::Timestamp;
use handsel_service::World;
use handsel_storage::{Fault, Tx};
use serde_json::json;

/// What was found about a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The sender's database is older than it was: the receiver holds more of it than it does itself.
    SenderOutdated {
        /// The stream, `<service>/<destination>`.
        source: String,
        /// The sender's last number; unknown to the receiver, who is only told that it is lower.
        own: Option<i64>,
        /// The receiver's.
        known: i64,
    },
    /// The receiver's database is older than it was: the sender has receipts that it does not remember.
    ReceiverOutdated {
        /// The stream.
        source: String,
        /// The receiver's last number.
        known: i64,
        /// The last that it had receipted.
        acknowledged: i64,
    },
    /// The receiver failed at a message again and again: its aggregate was put aside.
    Parked {
        /// The stream.
        source: String,
        /// The message's number.
        sequence: i64,
        /// Why.
        reason: &'static str,
    },
}

impl Finding {
    /// The stream that it is about.
    #[must_use]
    pub fn source(&self) -> &str {
        match self {
            Self::SenderOutdated { source, .. }
            | Self::ReceiverOutdated { source, .. }
            | Self::Parked { source, .. } => source,
        }
    }

    /// As the audit log has it.
    #[must_use]
    pub fn statement(&self, now: Timestamp) -> Statement {
        let stream = format!("sources/{}", self.source());
        let (kind, action, reason, body) = match self {
            Self::SenderOutdated { own, known, .. } => {
                let own = own.map_or_else(String::new, |own| own.to_string());
                (
                    "relay.sender_outdated",
                    "resume",
                    "SENDER_OUTDATED",
                    json!({ "own": own, "known": known.to_string() }),
                )
            }
            Self::ReceiverOutdated { known, acknowledged, .. } => (
                "relay.receiver_outdated",
                "send-again",
                "RECEIVER_OUTDATED",
                json!({ "known": known.to_string(), "acknowledged": acknowledged.to_string() }),
            ),
            Self::Parked { sequence, reason, .. } => {
                ("relay.parked", "park", *reason, json!({ "sequence": sequence.to_string() }))
            }
        };
        Statement {
            kind,
            time: now,
            actor: Actor::system("relay"),
            subjects: vec![stream.clone()],
            action,
            outcome: "success",
            reason: Some(reason.to_owned()),
            correlation: stream,
            amount: None,
            policy: None,
            body,
        }
    }
}

/// Hears of findings.
pub trait Watch: Send + Sync + 'static {
    /// In the transaction that acts on the finding: either both happen or neither.
    ///
    /// # Errors
    /// As the database says; the relay comes again.
    fn found<'a>(&'a self, tx: &'a mut Tx, finding: &'a Finding) -> BoxFuture<'a, Result<(), Fault>>;
}

/// Leaves a statement of each finding.
#[derive(Clone, Debug)]
pub struct Notice {
    outbox: Outbox,
    world: World,
}

impl Notice {
    /// In the outbox of the service whose relay it watches.
    #[must_use]
    pub fn new(outbox: Outbox, world: World) -> Self {
        Self { outbox, world }
    }
}

impl Watch for Notice {
    fn found<'a>(&'a self, tx: &'a mut Tx, finding: &'a Finding) -> BoxFuture<'a, Result<(), Fault>> {
        let now = self.world.business.now();
        Box::pin(async move { self.outbox.owe(tx, now, vec![Owed::Audit(finding.statement(now))]).await })
    }
}

/// Nobody listens.
pub(super) struct Unwatched;

impl Watch for Unwatched {
    fn found<'a>(&'a self, _: &'a mut Tx, _: &'a Finding) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
