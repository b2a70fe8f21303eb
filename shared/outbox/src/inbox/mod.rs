//! The receiving side: takes each number of a source once, in order, and answers it the same way for ever.
//!
//! Inside the receiver's own command, in its own transaction:
//!
//! ```ignore
//! let inbox = match Inbox::begin(tx, &origin, &arrivals).await? {
//!     Ok(inbox) => inbox,
//!     Err(refused) => return Ok(Err(refused)),
//! };
//! let mut verdicts = Vec::new();
//! for message in &self.messages[inbox.taken()..] {
//!     verdicts.push(…);
//! }
//! Ok(Ok(inbox.finish(tx, verdicts).await?))
//! ```

mod greeting;
mod judge;
mod refused;

pub use greeting::{Greeted, greet};
pub use refused::{EPOCH_FENCED, InboxRefused, MESSAGE_CONFLICT, SEQUENCE_GAP};

use crate::{deliver::Origin, store};
use aws_lc_rs::digest::{SHA256, digest};
use handsel_proto::handsel::relay::v1 as wire;
use handsel_storage::{Fault, Lock, Tx};
pub(crate) use judge::Place;

/// A message as it arrived: its number, and the digest of what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub(crate) sequence: i64,
    pub(crate) digest: [u8; 32],
}

impl Arrival {
    /// Of a decoded message. The digest is that of its encoding, so the same content under the same number is the same message.
    pub fn of(sequence: i64, message: &impl prost::Message) -> Self {
        Self::of_bytes(sequence, &message.encode_to_vec())
    }

    /// Of bytes as they came.
    #[must_use]
    pub fn of_bytes(sequence: i64, bytes: &[u8]) -> Self {
        let mut fixed = [0; 32];
        fixed.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self { sequence, digest: fixed }
    }
}

/// What the receiver decided about one message. Both are answers, kept and given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It took effect.
    Applied {
        /// The resource that it made or changed; may be empty.
        resource: String,
    },
    /// A business rule refused it; content that makes no sense to the business is refused in the same way.
    Refused {
        /// Which one: `UPPER_SNAKE`, listed in `proto/README.md`.
        reason: String,
    },
}

impl<R: handsel_service::status::Refused> From<Result<String, R>> for Verdict {
    /// A resource name is an effect, a refusal its reason.
    fn from(decided: Result<String, R>) -> Self {
        match decided {
            Ok(resource) => Self::Applied { resource },
            Err(refusal) => Self::Refused { reason: refusal.reason().to_owned() },
        }
    }
}

/// A run of messages that may be taken: its source is locked, its numbers follow.
#[derive(Debug)]
#[must_use = "what was begun has to be finished in the same transaction"]
pub struct Inbox {
    origin: Origin,
    known: Option<Place>,
    /// Receipts of those taken before, in order: the head of the run.
    answered: Vec<wire::Receipt>,
    /// Those that are new: the rest of it.
    fresh: Vec<Arrival>,
}

/// The lock of a source, for [`Command::locks`](handsel_storage::Command::locks) of a receiver's command that shares its
/// transaction with others.
#[must_use]
pub fn lock(origin: &Origin) -> Lock {
    Lock::new(&store::inbox::SOURCE, origin.source.as_str())
}

impl Inbox {
    /// Locks the source, and holds the run against what is known of it. Writes nothing.
    ///
    /// # Errors
    /// The outer one is infrastructure; the inner one is an answer to the sender, see [`InboxRefused`].
    pub async fn begin(tx: &mut Tx, origin: &Origin, run: &[Arrival]) -> Result<Result<Self, InboxRefused>, Fault> {
        let known = store::inbox::lock(tx, &origin.source).await?;
        let taken = match judge::judge(known.as_ref(), origin.epoch, run) {
            Ok(taken) => taken,
            Err(refused) => return Ok(Err(refused)),
        };
        let (old, fresh) = run.split_at(taken);
        let stored = match old {
            [] => Vec::new(),
            [first, ..] => store::inbox::receipts(tx, &origin.source, first.sequence, old.len()).await?,
        };
        if let Some(refused) = judge::conflict(&stored, old) {
            return Ok(Err(refused));
        }
        let answered = stored.into_iter().map(store::inbox::ReceiptRow::into_wire).collect::<Result<_, _>>()?;
        Ok(Ok(Self { origin: origin.clone(), known, answered, fresh: fresh.to_vec() }))
    }

    /// How many at the head of the run were taken before: they have their receipts, and are not to be done again.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.answered.len()
    }

    /// Keeps the verdicts on the new messages and the source's place. Returns a receipt for each message of the run, in order.
    ///
    /// # Errors
    /// [`Fault::Invalid`] if there is not one verdict for each new message; [`Fault::Contention`] if another run of a new source
    /// came first.
    pub async fn finish(self, tx: &mut Tx, verdicts: Vec<Verdict>) -> Result<Vec<wire::Receipt>, Fault> {
        let Self { origin, known, mut answered, fresh } = self;
        if verdicts.len() != fresh.len() {
            return Err(Fault::Invalid(format!("{} verdicts for {} messages", verdicts.len(), fresh.len())));
        }
        let before = known.map_or(0, |place| place.last_sequence);
        let place = Place { epoch: origin.epoch, last_sequence: fresh.last().map_or(before, |last| last.sequence) };
        match known {
            None => store::inbox::insert(tx, &origin.source, place).await?,
            Some(known) if known == place => {}
            Some(_) => store::inbox::advance(tx, &origin.source, place).await?,
        }
        let receipts: Vec<_> =
            fresh.iter().zip(verdicts).map(|(arrival, verdict)| receipt(arrival.sequence, verdict)).collect();
        store::inbox::keep(tx, &origin.source, &fresh, &receipts).await?;
        answered.extend(receipts);
        Ok(answered)
    }
}

fn receipt(sequence: i64, verdict: Verdict) -> wire::Receipt {
    let (outcome, reason, resource) = match verdict {
        Verdict::Applied { resource } => (wire::Outcome::Applied, String::new(), resource),
        Verdict::Refused { reason } => (wire::Outcome::Refused, reason, String::new()),
    };
    wire::Receipt { sequence, outcome: outcome.into(), reason, resource }
}
