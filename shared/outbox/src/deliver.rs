//! What a relay hands over, to whom, and what it gets back: the seam between the protocol and a transport.

use futures::future::BoxFuture;
use handsel_proto::handsel::relay::v1 as wire;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Where a run of messages comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The sending outbox, `<service>/<destination>`.
    pub source: String,
    /// The sender's lease: it rises with every take-over.
    pub epoch: i64,
}

impl From<Origin> for wire::Origin {
    fn from(Origin { source, epoch }: Origin) -> Self {
        Self { source, epoch }
    }
}

impl From<wire::Origin> for Origin {
    fn from(wire::Origin { source, epoch }: wire::Origin) -> Self {
        Self { source, epoch }
    }
}

/// What a sender says of itself before it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Who, and its latest lease; 0 before its first.
    pub origin: Origin,
    /// The highest number that it has a receipt for.
    pub acknowledged: i64,
    /// The receiver knows more of it than it does itself: its database is older than it was.
    pub outdated: bool,
}

impl From<Greeting> for wire::GreetRequest {
    fn from(Greeting { origin, acknowledged, outdated }: Greeting) -> Self {
        let Origin { source, epoch } = origin;
        Self { source, epoch, acknowledged, outdated }
    }
}

impl From<wire::GreetRequest> for Greeting {
    fn from(wire::GreetRequest { source, epoch, acknowledged, outdated }: wire::GreetRequest) -> Self {
        Self { origin: Origin { source, epoch }, acknowledged, outdated }
    }
}

/// What a receiver knows of a sender; the default, where it never came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The latest lease seen.
    pub epoch: i64,
    /// The last number taken.
    pub last_sequence: i64,
    /// SHA-256 of the last statement; empty where there is none, and for messages always.
    pub last_digest: Vec<u8>,
}

impl From<Standing> for wire::GreetResponse {
    fn from(Standing { epoch, last_sequence, last_digest }: Standing) -> Self {
        Self { epoch, last_sequence, last_digest }
    }
}

impl From<wire::GreetResponse> for Standing {
    fn from(wire::GreetResponse { epoch, last_sequence, last_digest }: wire::GreetResponse) -> Self {
        Self { epoch, last_sequence, last_digest }
    }
}

/// One message with its number: committed before it is sent, and sent in exactly these bytes every time.
#[derive(Clone, PartialEq, Eq)]
pub struct Numbered {
    /// Rises by one from message to message of a source, for ever.
    pub sequence: i64,
    /// The encoded message, its number and trace context inside; or the statement, canonical JSON.
    pub bytes: Vec<u8>,
    /// A statement's body; empty otherwise.
    pub body: Vec<u8>,
    /// The salt in the body's digest; empty without a body.
    pub body_salt: Vec<u8>,
    /// W3C trace context of what caused it; may be empty.
    pub traceparent: String,
}

impl std::fmt::Debug for Numbered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // What it says may be nobody's business: a log sees its number and size.
        write!(formatter, "Numbered({}, {} bytes)", self.sequence, self.bytes.len())
    }
}

/// What came back for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// One for each message, in the order sent.
    pub receipts: Vec<Receipt>,
    /// How many records of the log are covered as of this answer: by a checkpoint that its witnesses have cosigned, where it asks for
    /// any, by a signed one otherwise. `None`: the receiver is no log.
    pub covered_size: Option<i64>,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The message's number.
    pub sequence: i64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a message. Each of them is final: the message is not sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Applied {
        /// The resource that it made or changed; may be empty.
        resource: String,
    },
    /// A business rule refused it.
    Refused {
        /// Which one.
        reason: String,
    },
    /// It lies in the log.
    Sealed {
        /// At this index.
        index: i64,
        /// As this leaf, exactly as hashed.
        leaf: Vec<u8>,
    },
}

/// Why a run of messages was not taken. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliverFault {
    /// The peer is down, busy or turns everybody away: send the same again later.
    #[error("not delivered: {0}")]
    Transient(String),
    /// The run is not what the contract allows (`INVALID_ARGUMENT`, or too large): one message of it can never be taken as it is.
    #[error("rejected: {0}")]
    Rejected(String),
    /// The peer failed inside, or did not answer: it may be one message of the run that does that to it.
    #[error("the receiver failed: {0}")]
    Failing(String),
    /// Other bytes were taken under this number before: one of the two databases is not the one that it was.
    #[error("the receiver holds other bytes: {0}")]
    Conflict(String),
    /// The receiver waits for another number.
    #[error("the receiver expects number {expected}")]
    Gap {
        /// This one.
        expected: i64,
    },
    /// The receiver has seen a later lease.
    #[error("the receiver has seen a later lease")]
    Fenced,
}

impl DeliverFault {
    /// What a receiver's status means for the relay.
    #[must_use]
    pub fn of(status: &Status) -> Self {
        let info = status.get_details_error_info();
        let reason = info.as_ref().map_or("", |info| info.reason.as_str());
        let expected = info.as_ref().and_then(|info| info.metadata.get("expected")?.parse().ok());
        let told = format!("{:?} {reason}: {}", status.code(), status.message());
        match (status.code(), reason, expected) {
            (_, crate::inbox::EPOCH_FENCED, _) => Self::Fenced,
            (_, crate::inbox::SEQUENCE_GAP, Some(expected)) => Self::Gap { expected },
            (_, crate::inbox::MESSAGE_CONFLICT | "STATEMENT_CONFLICT", _) => Self::Conflict(told),
            (Code::InvalidArgument, _, _) | (Code::ResourceExhausted, "MESSAGE_TOO_LARGE", _) => Self::Rejected(told),
            // What anybody would be told at this moment, whatever he sends.
            (
                Code::Unavailable
                | Code::ResourceExhausted
                | Code::Aborted
                | Code::Unauthenticated
                | Code::PermissionDenied
                | Code::Unimplemented,
                _,
                _,
            )
            | (_, "OUTCOME_UNKNOWN" | "EXPIRED", _) => Self::Transient(told),
            _ => Self::Failing(told),
        }
    }
}

/// Hands runs of messages to one receiver.
pub trait Deliver: Send + Sync + 'static {
    /// Says who will send, and asks what the receiver knows of him. The receiver refuses lower leases from then on.
    ///
    /// # Errors
    /// [`DeliverFault`]: it is not known what the receiver knows.
    fn greet(&self, greeting: Greeting) -> BoxFuture<'_, Result<Standing, DeliverFault>>;

    /// Hands over `messages`, 1 to 256 with rising numbers; the receipts are in the same order. Called again
    /// with the same bytes until it has.
    ///
    /// # Errors
    /// [`DeliverFault`]: nothing was taken, or nobody knows whether it was.
    fn deliver<'a>(
        &'a self,
        origin: Origin,
        messages: &'a [Numbered],
    ) -> BoxFuture<'a, Result<Delivered, DeliverFault>>;
}
