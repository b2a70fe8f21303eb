//! The relay: one leased loop for each destination, which gives numbers, sends, and keeps the answers.
//!
//! A step is: one transaction that numbers up to 256 messages and writes their exact bytes; the call; one transaction that keeps
//! the answers. A relay may die between any two of them, or be overtaken by another: what has a number and no answer is sent
//! again in the same bytes, and the receiver takes each number once.

mod commands;
mod gauges;
mod lease;
mod numbering;
mod purge;

pub use purge::PurgeSent;

use crate::{Deliver, DeliverFault, Numbered, Origin, Pending, Receipt, pending, store};
use anyhow::{Context, anyhow};
use commands::{Lost, Next, NoWayBack, Record, Release, Rewind, Step};
use gauges::Gauges;
use handsel_service::{Job, Worked, telemetry};
use handsel_storage::{Db, Fault};
use lease::{Claim, Memory, claim};
use numbering::Numbering;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// The destination of statements.
pub(crate) const AUDIT: &str = "audit";

/// How a relay paces itself.
#[derive(Clone, Copy, Debug)]
pub struct RelaySettings {
    /// How long a lease lasts after its last use, by the database's time: how long a destination waits after a crash.
    pub lease: Duration,
    /// How long one call may take; shorter than the lease.
    pub call: Duration,
    /// How often it looks for work when nobody wakes it.
    pub period: Duration,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self { lease: Duration::from_secs(15), call: Duration::from_secs(10), period: Duration::from_secs(1) }
    }
}

/// Sends one service's messages to another. Cheap to clone: clones are one relay.
#[derive(Clone)]
pub struct Relay {
    inner: Arc<Inner>,
    wake: Option<Arc<Notify>>,
    settings: RelaySettings,
}

struct Inner {
    db: Db,
    source: String,
    destination: &'static str,
    numbering: Numbering,
    deliver: Arc<dyn Deliver>,
    memory: Mutex<Memory>,
    gauges: Gauges,
}

/// How a run ended.
enum Ended {
    /// Delivered, and the answers kept.
    Delivered,
    /// Another relay sends now.
    Overtaken,
}

impl Relay {
    /// The relay from the outbox of `from`, whose database this is, to the inbox of `to`.
    #[must_use]
    pub fn new(db: Db, from: &'static str, to: &'static str, deliver: Arc<dyn Deliver>) -> Self {
        Self::numbering(db, from, to, deliver, Numbering::Messages)
    }

    fn numbering(
        db: Db,
        from: &'static str,
        to: &'static str,
        deliver: Arc<dyn Deliver>,
        numbering: Numbering,
    ) -> Self {
        let source = format!("{from}/{to}");
        let (gauges, memory) = (Gauges::of(&source), Mutex::new(Memory::at_start(db.engine())));
        let inner = Inner { db, source, destination: to, numbering, deliver, memory, gauges };
        Self { inner: Arc::new(inner), wake: None, settings: RelaySettings::default() }
    }

    /// The same, woken by `notify` as well: `lanes.after_commit()`.
    #[must_use]
    pub fn woken_by(self, notify: Arc<Notify>) -> Self {
        Self { wake: Some(notify), ..self }
    }

    /// The same, with another pace.
    #[must_use]
    pub fn paced(self, settings: RelaySettings) -> Self {
        Self { settings, ..self }
    }

    /// The loop, for [`Part::jobs`](handsel_service::Part::jobs).
    #[must_use]
    pub fn job(&self) -> Job {
        let relay = self.clone();
        // Once a relay, and a program has a handful of them.
        let name: &'static str = format!("relay {}", self.inner.source).leak();
        let job = Job::new(name, self.settings.period, move || {
            let relay = relay.clone();
            async move {
                let worked = relay.step().await;
                relay.measure().await;
                worked
            }
        });
        match &self.wake {
            Some(notify) => job.woken_by(Arc::clone(notify)),
            None => job,
        }
    }

    /// One step. Idle: there is nothing to send, or another relay sends it.
    ///
    /// # Errors
    /// The run was not delivered. It is sent again, in the same bytes, until it is: at the head of the stream, so that nothing
    /// overtakes it.
    pub async fn step(&self) -> anyhow::Result<Worked> {
        if !self.has_work().await? {
            return Ok(Worked::Idle);
        }
        let destination = self.inner.destination;
        let next =
            Next { destination, numbering: self.inner.numbering, memory: self.memory(), lease: self.settings.lease };
        let (epoch, messages) = match self.inner.db.transact(&next).await? {
            Step::Standby => return Ok(Worked::Idle),
            Step::Send { epoch, messages } => (epoch, messages),
        };
        self.remember(Memory::Epoch(epoch));
        if messages.is_empty() {
            return Ok(Worked::Idle);
        }
        Ok(match self.hand_over(epoch, &messages).await? {
            Ended::Delivered => Worked::More,
            Ended::Overtaken => Worked::Idle,
        })
    }

    /// How much waits, and for how long.
    ///
    /// # Errors
    /// As the database says.
    pub async fn pending(&self) -> Result<Pending, Fault> {
        pending(&self.inner.db, self.inner.destination).await
    }

    /// Gives the lease back, so that the next relay need not wait until it runs out. For an orderly end.
    ///
    /// # Errors
    /// As the database says; the lease then runs out by itself.
    pub async fn release(&self) -> Result<(), Fault> {
        let Memory::Epoch(epoch) = self.memory() else { return Ok(()) };
        self.remember(Memory::Nothing);
        self.inner.db.transact(&Release { destination: self.inner.destination, epoch }).await
    }

    /// A look without a lock: an idle relay writes nothing, and one on standby disturbs nobody.
    async fn has_work(&self) -> Result<bool, Fault> {
        let Some(row) = store::relay::glance(&self.inner.db, self.inner.destination).await? else { return Ok(true) };
        let standby = claim(self.memory(), row.epoch, row.expires_at.0, row.now.0) == Claim::Standby;
        Ok(row.work && !standby)
    }

    /// Sends a run. One message that the receiver cannot even read spoils the call for all: they are then sent one by one, so
    /// that those before it get through and it is known which one it is.
    async fn hand_over(&self, epoch: i64, messages: &[Numbered]) -> anyhow::Result<Ended> {
        match self.send(epoch, messages).await {
            Err(DeliverFault::Rejected(_)) if messages.len() > 1 => {
                for message in messages.chunks(1) {
                    let answer = self.send(epoch, message).await;
                    if let Ended::Overtaken = self.settle(epoch, message, answer).await? {
                        return Ok(Ended::Overtaken);
                    }
                }
                Ok(Ended::Delivered)
            }
            answer => self.settle(epoch, messages, answer).await,
        }
    }

    async fn send(&self, epoch: i64, messages: &[Numbered]) -> Result<Vec<Receipt>, DeliverFault> {
        let origin = Origin { source: self.inner.source.clone(), epoch };
        // One call for many causes: it goes on in the trace of the first. Each message carries its own.
        let trace = messages.first().map(|message| message.traceparent.as_str());
        let call = telemetry::under(trace, "outbox.deliver", self.inner.deliver.deliver(origin, messages));
        let receipts = tokio::time::timeout(self.settings.call, call)
            .await
            .map_err(|_| DeliverFault::Transient("no answer in time".to_owned()))??;
        let asked = messages.iter().map(|message| message.sequence);
        if asked.eq(receipts.iter().map(|receipt| receipt.sequence)) {
            return Ok(receipts);
        }
        Err(DeliverFault::Transient("the receipts are not those of the messages".to_owned()))
    }

    /// What an answer means for the stream.
    async fn settle(
        &self,
        epoch: i64,
        messages: &[Numbered],
        answer: Result<Vec<Receipt>, DeliverFault>,
    ) -> anyhow::Result<Ended> {
        let first = messages.first().map_or(0, |message| message.sequence);
        match answer {
            Ok(receipts) => self.record(epoch, receipts).await,
            Err(DeliverFault::Fenced) => Ok(self.overtaken()),
            Err(DeliverFault::Gap { expected }) => self.rewind(epoch, expected).await,
            Err(fault @ DeliverFault::Transient(_)) => Err(anyhow!(fault).context(format!("from number {first} on"))),
            Err(fault @ (DeliverFault::Rejected(_) | DeliverFault::Conflict(_))) => {
                Err(self.blocked(first, &fault.to_string()))
            }
        }
    }

    async fn record(&self, epoch: i64, receipts: Vec<Receipt>) -> anyhow::Result<Ended> {
        self.inner.gauges.delivered(&receipts);
        let record = Record { destination: self.inner.destination, epoch, lease: self.settings.lease, receipts };
        match self.inner.db.transact(&record).await.context("delivered, but the receipts could not be kept")? {
            Ok(()) => Ok(Ended::Delivered),
            Err(Lost) => Ok(self.overtaken()),
        }
    }

    /// The receiver expects an earlier number: its database was restored, and gets again what it has lost. The log is never
    /// filled up like that: a log that has lost its end is a finding, not a gap.
    async fn rewind(&self, epoch: i64, expected: i64) -> anyhow::Result<Ended> {
        if self.inner.numbering == Numbering::Statements {
            return Err(self.blocked(expected, "the log has lost statements that it had receipted"));
        }
        let rewind = Rewind { destination: self.inner.destination, epoch, expected };
        match self.inner.db.transact(&rewind).await? {
            Ok(()) => {
                let source = &self.inner.source;
                tracing::warn!(
                    source,
                    expected,
                    "the receiver has lost messages that it had taken; they are sent again"
                );
                Ok(Ended::Delivered)
            }
            Err(NoWayBack::Lost) => Ok(self.overtaken()),
            Err(NoWayBack::Gone) => {
                Err(self.blocked(expected, "the receiver expects a number that is not here to be sent"))
            }
        }
    }

    /// The stream stands at this number until somebody has looked: an error for the log, a count for the alarm.
    fn blocked(&self, sequence: i64, why: &str) -> anyhow::Error {
        self.inner.gauges.blocked();
        tracing::error!(
            source = self.inner.source,
            sequence,
            why,
            "a message cannot be delivered; the stream waits behind it"
        );
        anyhow!("number {sequence} cannot be delivered: {why}")
    }

    fn overtaken(&self) -> Ended {
        tracing::info!(source = self.inner.source, "another relay has taken over");
        self.remember(Memory::Nothing);
        Ended::Overtaken
    }

    async fn measure(&self) {
        if !self.inner.gauges.are_due() {
            return;
        }
        match self.pending().await {
            Ok(waiting) => self.inner.gauges.waiting(waiting),
            Err(fault) => tracing::debug!(source = self.inner.source, %fault, "what waits could not be counted"),
        }
    }

    fn memory(&self) -> Memory {
        *self.inner.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, memory: Memory) {
        *self.inner.memory.lock().unwrap_or_else(PoisonError::into_inner) = memory;
    }
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Relay")
            .field("source", &self.inner.source)
            .field("memory", &self.memory())
            .finish_non_exhaustive()
    }
}

/// Sends one service's statements to the log: a [`Relay`] that chains them.
#[derive(Debug)]
pub struct AuditRelay;

impl AuditRelay {
    /// The relay from the outbox of `from`, whose database this is, to the log.
    #[expect(clippy::new_ret_no_self, reason = "an audit relay is a relay; only what it writes differs")]
    #[must_use]
    pub fn new(db: Db, from: &'static str, deliver: Arc<dyn Deliver>) -> Relay {
        Relay::numbering(db, from, AUDIT, deliver, Numbering::Statements)
    }
}
