//! The relay: one leased loop for each destination, which gives numbers, sends, and keeps the answers.
//!
//! A step is: one transaction that numbers up to 256 messages and writes their exact bytes; the call; one transaction that keeps
//! the answers. A relay may die between any two of them, or be overtaken by another: what has a number and no answer is sent
//! again in the same bytes, and the receiver takes each number once.

mod commands;
mod gauges;
mod lease;
mod meeting;
mod numbering;
mod parking;
mod purge;
mod relation;
mod sending;
mod watch;

pub use parking::{Parked, ReleaseParked, parked};
pub use purge::PurgeSent;
pub use watch::{Finding, Notice, Watch};

use crate::{Deliver, Pending, pending, store};
use commands::{Next, Release, Step};
use gauges::Gauges;
use handsel_service::{Job, Worked};
use handsel_storage::{Db, Fault};
use lease::{Claim, Memory, claim};
use numbering::Numbering;
use sending::Ended;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use watch::Unwatched;

/// How long a meeting lasts while all goes well.
const MEET_EVERY: Duration = Duration::from_secs(30);

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
    watch: Arc<dyn Watch>,
    settings: RelaySettings,
}

struct Inner {
    db: Db,
    source: String,
    destination: &'static str,
    numbering: Numbering,
    deliver: Arc<dyn Deliver>,
    memory: Mutex<Memory>,
    /// When the receiver was last met; none, before the first time and after every failure.
    met: Mutex<Option<Instant>>,
    /// Whether it was ever met.
    acquainted: Arc<AtomicBool>,
    /// The highest number that was ever seen to come next.
    seen: AtomicI64,
    /// The message at the head that the receiver failed at, and how often.
    tries: Mutex<(i64, u32)>,
    gauges: Gauges,
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
        let inner = Inner {
            db,
            source,
            destination: to,
            numbering,
            deliver,
            memory,
            met: Mutex::default(),
            acquainted: Arc::default(),
            seen: AtomicI64::new(0),
            tries: Mutex::default(),
            gauges,
        };
        Self { inner: Arc::new(inner), wake: None, watch: Arc::new(Unwatched), settings: RelaySettings::default() }
    }

    /// The same; `watch` hears of what it finds.
    #[must_use]
    pub fn watched_by(self, watch: Arc<dyn Watch>) -> Self {
        Self { watch, ..self }
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

    /// One step. Idle: there is nothing to send, or another relay sends it. Nothing gets a number before the receiver was met.
    ///
    /// # Errors
    /// The run was not delivered. It is sent again, in the same bytes, until it is: at the head of the stream, so that nothing
    /// overtakes it. Of a message that the receiver fails at the tries are counted; see `parking`.
    pub async fn step(&self) -> anyhow::Result<Worked> {
        let worked = self.advance().await;
        if worked.is_err() {
            self.part();
        }
        worked
    }

    async fn advance(&self) -> anyhow::Result<Worked> {
        if self.must_meet().await? {
            self.meet().await?;
        }
        if !self.has_work().await? {
            return Ok(Worked::Idle);
        }
        let destination = self.inner.destination;
        let next = Next {
            destination,
            numbering: self.inner.numbering,
            memory: self.memory(),
            lease: self.settings.lease,
            seen: self.inner.seen.load(Ordering::Relaxed),
        };
        let (epoch, messages) = match self.inner.db.transact(&next).await? {
            Step::Standby => return Ok(Worked::Idle),
            Step::WentBack => {
                self.inner.seen.store(0, Ordering::Relaxed);
                anyhow::bail!("the database knows of fewer numbers than it did");
            }
            Step::Send { epoch, next_sequence, messages } => {
                self.inner.seen.fetch_max(next_sequence, Ordering::Relaxed);
                (epoch, messages)
            }
        };
        self.remember(Memory::Epoch(epoch));
        if messages.is_empty() {
            return Ok(Worked::Idle);
        }
        Ok(match self.hand_over(epoch, &messages).await? {
            Ended::Delivered | Ended::Changed => Worked::More,
            Ended::Overtaken => Worked::Idle,
        })
    }

    /// Whether the receiver was met since the process started: then it is known whether this database is the one that it was.
    #[must_use]
    pub fn acquainted(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.inner.acquainted)
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

    /// At the beginning, after a failure, now and then; and whenever the lease passes on.
    async fn must_meet(&self) -> Result<bool, Fault> {
        let met = *self.inner.met.lock().unwrap_or_else(PoisonError::into_inner);
        if met.is_none_or(|met| met.elapsed() >= MEET_EVERY) {
            return Ok(true);
        }
        let Some(row) = store::relay::glance(&self.inner.db, self.inner.destination).await? else { return Ok(false) };
        Ok(row.work && claim(self.memory(), row.epoch, row.expires_at.0, row.now.0) == Claim::Take)
    }

    fn has_met(&self) {
        *self.inner.met.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.inner.acquainted.store(true, Ordering::Release);
    }

    /// They have to meet again before anything is sent.
    fn part(&self) {
        *self.inner.met.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
