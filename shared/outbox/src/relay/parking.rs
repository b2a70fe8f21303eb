//! Putting a message aside that its receiver fails at again and again, with what follows of the same aggregate: a marker goes in
//! its place, so that the receiver's numbers have no gap, and the stream goes on.

use super::{
    Relay,
    commands::{Lost, locked},
    lease::Memory,
    numbering::Numbering,
    sending::Ended,
    watch::{Finding, Watch},
};
use crate::{
    Actor, DeliverFault, Numbered, Outbox, Owed, Statement, message,
    store::{
        parked::{self, ContentRow},
        relay,
        sent::{self, NewRow},
    },
};
use anyhow::anyhow;
use handsel_money::Timestamp;
use handsel_storage::{Command, Db, Fault, Tx};
use serde_json::json;
use std::sync::{Arc, PoisonError};

/// How often a message is tried at a receiver that answers greetings in between, before it is put aside.
const TRIES: u32 = 8;
/// Aggregates put aside of one stream at most: where there are more, it is the receiver that has a fault, not the messages.
const MOST_PARKED: i64 = 64;

/// Takes a later lease while holding one: what was sent under the old one can no longer be taken once the receiver has been
/// greeted under the new.
struct Raise {
    destination: &'static str,
    epoch: i64,
}

impl Command for Raise {
    const NAME: &'static str = "outbox.raise";
    /// The lease, and what is acknowledged.
    type Output = Result<(i64, i64), Lost>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let mut row = locked(tx, self.destination).await?;
        if row.epoch != self.epoch {
            return Ok(Err(Lost));
        }
        row.epoch = row.epoch.saturating_add(1);
        relay::save(tx, self.destination, &row).await?;
        Ok(Ok((row.epoch, row.acknowledged)))
    }
}

/// Puts a message aside that the receiver is known not to have taken.
struct Park {
    destination: &'static str,
    source: String,
    epoch: i64,
    sequence: i64,
    reason: &'static str,
    watch: Arc<dyn Watch>,
}

/// Why a message is not put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotParked {
    /// The lease is lost.
    Lost,
    /// Too many are.
    TooMany,
}

impl Command for Park {
    const NAME: &'static str = "outbox.park";
    /// How many messages wait for it to be released.
    type Output = Result<u64, NotParked>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let row = locked(tx, self.destination).await?;
        if row.epoch != self.epoch {
            return Ok(Err(NotParked::Lost));
        }
        if parked::aggregates(tx, self.destination).await? >= MOST_PARKED {
            return Ok(Err(NotParked::TooMany));
        }
        let count = parked::park(tx, self.destination, self.sequence, self.reason).await?;
        let (source, sequence, reason) = (self.source.clone(), self.sequence, self.reason);
        self.watch.found(tx, &Finding::Parked { source, sequence, reason }).await?;
        Ok(Ok(count))
    }
}

impl Relay {
    /// The receiver could not take this one message.
    pub(super) async fn failed_at(&self, epoch: i64, message: &Numbered, fault: DeliverFault) -> anyhow::Result<Ended> {
        let sequence = message.sequence;
        if self.inner.numbering == Numbering::Statements {
            // Each statement carries the digest of the one before: none can stand in for another. What can never be taken, the
            // log itself quarantines.
            return Err(self.blocked(sequence, &fault.to_string()));
        }
        let tries = self.tried(sequence);
        if tries < TRIES {
            return Err(
                anyhow!(fault).context(format!("number {sequence} cannot be delivered, try {tries} of {TRIES}"))
            );
        }
        let reason = match fault {
            DeliverFault::Rejected(_) => "RECEIVER_REJECTS",
            _ => "RECEIVER_FAILS",
        };
        self.put_aside(epoch, sequence, reason, &fault.to_string()).await
    }

    async fn put_aside(&self, epoch: i64, sequence: i64, reason: &'static str, why: &str) -> anyhow::Result<Ended> {
        let (destination, source) = (self.inner.destination, self.inner.source.clone());
        let Ok((epoch, acknowledged)) = self.inner.db.transact(&Raise { destination, epoch }).await? else {
            return Ok(self.overtaken());
        };
        self.remember(Memory::Epoch(epoch));
        let known = self.greet(epoch, acknowledged, false).await?;
        if known.last_sequence >= sequence {
            // It was taken, and only its receipt was lost: the same bytes again will fetch that.
            return Ok(Ended::Changed);
        }
        let watch = Arc::clone(&self.watch);
        let park = Park { destination, source: source.clone(), epoch, sequence, reason, watch };
        match self.inner.db.transact(&park).await? {
            Ok(count) => {
                self.inner.gauges.parked();
                tracing::error!(
                    source,
                    sequence,
                    count,
                    why,
                    "a message was put aside with what follows of its aggregate; the stream goes on"
                );
                Ok(Ended::Changed)
            }
            Err(NotParked::Lost) => Ok(self.overtaken()),
            Err(NotParked::TooMany) => Err(self.blocked(sequence, why)),
        }
    }

    /// Counts the tries at the message at the head.
    fn tried(&self, sequence: i64) -> u32 {
        let mut tries = self.inner.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let before = if tries.0 == sequence { tries.1 } else { 0 };
        *tries = (sequence, before.saturating_add(1));
        tries.1
    }
}

/// A message put aside, for whoever releases it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The number under which a marker went in its place.
    pub sequence: i64,
    /// What it is about.
    pub aggregate: String,
    /// `RECEIVER_FAILS` or `RECEIVER_REJECTS`.
    pub reason: String,
    /// When it was put aside, by the database's time.
    pub parked_at: Timestamp,
}

/// What is put aside for a destination, in the order in which it was sent, the first `limit`.
///
/// # Errors
/// As the database says.
pub async fn parked(db: &Db, destination: &str, limit: i64) -> Result<Vec<Parked>, Fault> {
    let rows = parked::waiting(db, destination, limit).await?;
    let one = |row: parked::ParkedRow| {
        let parked::ParkedRow { sequence, aggregate, reason, parked_at } = row;
        Parked { sequence, aggregate, reason, parked_at: parked_at.0 }
    };
    Ok(rows.into_iter().map(one).collect())
}

/// Releases what is put aside of one aggregate: it goes under new numbers, in the old order, and what was owed since follows it.
/// How many messages; 0 if none is put aside. Whoever releases it has seen to the receiver; what still fails is put aside again.
#[derive(Clone, Debug)]
pub struct ReleaseParked {
    /// Whose messages: `reward`, ….
    pub destination: &'static str,
    /// As [`Parked::aggregate`] names it.
    pub aggregate: String,
    /// Of the service whose messages they are: what is done is said to the log.
    pub outbox: Outbox,
    /// Who does it.
    pub actor: Actor,
    /// When, by the business clock.
    pub now: Timestamp,
}

impl Command for ReleaseParked {
    const NAME: &'static str = "outbox.release_parked";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        let mut row = locked(tx, self.destination).await?;
        let waiting = parked::contents(tx, self.destination, &self.aggregate).await?;
        let (mut numbers, mut rows) = (Vec::with_capacity(waiting.len()), Vec::with_capacity(waiting.len()));
        for ContentRow { sequence: old, bytes, traceparent, created_at, owed_at } in waiting {
            let sequence = row.next_sequence;
            row.next_sequence = sequence.checked_add(1).ok_or_else(|| Fault::Invalid("no number is left".into()))?;
            numbers.push((old, sequence));
            let bytes = message::numbered(&bytes, sequence, &traceparent);
            let numbered = Numbered { sequence, bytes, body: Vec::new(), body_salt: Vec::new(), traceparent };
            rows.push(NewRow { numbered, aggregate: self.aggregate.clone(), created_at, owed_at });
        }
        if rows.is_empty() {
            return Ok(0);
        }
        sent::insert(tx, self.destination, row.epoch.max(1), &rows).await?;
        parked::release(tx, self.destination, &numbers).await?;
        relay::save(tx, self.destination, &row).await?;
        self.outbox.owe(tx, self.now, vec![Owed::Audit(self.said(&numbers))]).await?;
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

impl ReleaseParked {
    /// Under which number each of them comes now.
    fn said(&self, numbers: &[(i64, i64)]) -> Statement {
        let stream = format!("destinations/{}", self.destination);
        let numbers =
            numbers.iter().map(|(old, new)| json!({ "parked": old.to_string(), "released": new.to_string() }));
        Statement {
            kind: "relay.released",
            time: self.now,
            actor: self.actor.clone(),
            subjects: vec![stream, self.aggregate.clone()],
            action: "release",
            outcome: "success",
            reason: None,
            correlation: self.aggregate.clone(),
            amount: None,
            policy: None,
            body: numbers.collect(),
        }
    }
}
