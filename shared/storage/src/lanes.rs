//! Lanes: commands that wait at the same moment share a transaction.
//!
//! Each lane is one task with a bounded queue. It takes what waits (it never sleeps to gather more), applies it in order
//! of arrival, commits once, and answers all. A key always meets the same lane, so that a hot row has one writer a process.
mod batch;
mod job;

use crate::{Command, Db, Engine, Fault};
use batch::Batches;
use job::Job;
use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    iter,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The limits of a set of lanes.
#[derive(Clone, Copy, Debug)]
pub struct LaneSettings {
    /// How many lanes; on SQLite, which has one writer, it is one.
    pub lanes: usize,
    /// How many commands may wait in one lane; the next is [`Fault::Busy`].
    pub queue: usize,
    /// How many commands share a transaction at most.
    pub batch: usize,
    /// How long a transaction takes further commands in.
    pub work: Duration,
}

impl Default for LaneSettings {
    fn default() -> Self {
        Self { lanes: 8, queue: 1024, batch: 256, work: Duration::from_millis(20) }
    }
}

/// The writers of one service. Cheap to clone.
#[derive(Clone)]
pub struct Lanes {
    inner: Arc<Inner>,
}

struct Inner {
    queues: Vec<mpsc::Sender<Job>>,
    tasks: TaskTracker,
    closing: CancellationToken,
    listeners: Arc<Listeners>,
}

/// Those who wait for commits: each its own `Notify`, whose permit is not lost while the listener is at work.
#[derive(Default)]
struct Listeners(Mutex<Vec<Arc<Notify>>>);

struct Lane {
    queue: mpsc::Receiver<Job>,
    most: usize,
    closing: CancellationToken,
    batches: Batches,
    listeners: Arc<Listeners>,
}

impl Lanes {
    /// Starts the lanes' tasks. They end when they are drained, or when every clone is gone and nothing waits.
    #[must_use]
    pub fn start(db: Db, settings: LaneSettings) -> Self {
        let lanes = if db.engine() == Engine::Sqlite { 1 } else { settings.lanes.max(1) };
        let (tasks, closing, listeners) = (TaskTracker::new(), CancellationToken::new(), Arc::default());
        let mut queues = Vec::with_capacity(lanes);
        for db in iter::repeat_n(db, lanes) {
            let (sender, queue) = mpsc::channel(settings.queue.max(1));
            queues.push(sender);
            let lane = Lane {
                queue,
                most: settings.batch.max(1),
                closing: closing.clone(),
                batches: Batches::new(db, settings.work),
                listeners: Arc::clone(&listeners),
            };
            tasks.spawn(lane.run());
        }
        Self { inner: Arc::new(Inner { queues, tasks, closing, listeners }) }
    }

    /// Runs a command in the lane of its key: the aggregate, or the hot row, that it writes. A caller that goes away
    /// cuts nothing: what was taken is applied and committed.
    ///
    /// # Errors
    /// [`Fault::Busy`] if the lane's queue is full or the lanes are drained; else as the command says.
    pub async fn run<C: Command>(&self, key: &str, command: C) -> Result<C::Output, Fault> {
        self.put(key, command, None).await
    }

    /// As [`run`](Lanes::run), for a caller who will not wait longer than that.
    ///
    /// # Errors
    /// [`Fault::Expired`] if its turn came too late; else as [`run`](Lanes::run).
    pub async fn run_until<C: Command>(&self, key: &str, deadline: Instant, command: C) -> Result<C::Output, Fault> {
        self.put(key, command, Some(deadline)).await
    }

    /// Notified after each commit. Each call makes another `Notify`, for one listener: a relay that has more to send.
    #[must_use]
    pub fn after_commit(&self) -> Arc<Notify> {
        self.inner.listeners.add()
    }

    /// Takes no more, and returns when everything taken has been answered.
    pub async fn drain(&self) {
        self.inner.closing.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    async fn put<C: Command>(&self, key: &str, command: C, deadline: Option<Instant>) -> Result<C::Output, Fault> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue_of(key).ok_or(Fault::Busy)?;
        queue.try_send(Job::new(command, deadline, answer)).map_err(|_| Fault::Busy)?;
        // A lane answers whatever it took; that it is gone means that the runtime goes down.
        let output = answered.await.map_err(|_| Fault::Unknown)??;
        job::output_of::<C>(output)
    }

    fn queue_of(&self, key: &str) -> Option<&mpsc::Sender<Job>> {
        let lanes = u64::try_from(self.inner.queues.len()).ok()?;
        let lane = BuildHasherDefault::<DefaultHasher>::default().hash_one(key).checked_rem(lanes)?;
        self.inner.queues.get(usize::try_from(lane).ok()?)
    }
}

impl Lane {
    async fn run(mut self) {
        let mut jobs = Vec::with_capacity(self.most);
        while self.next(&mut jobs).await {
            let committed = self.batches.settle(std::mem::take(&mut jobs)).await;
            if committed {
                self.listeners.notify();
            }
        }
    }

    /// Waits for one command, and takes those that wait with it. False when there will be no more.
    async fn next(&mut self, jobs: &mut Vec<Job>) -> bool {
        let closing = self.closing.clone();
        let taken = tokio::select! {
            biased;
            () = closing.cancelled(), if !self.queue.is_closed() => {
                self.queue.close();
                self.queue.recv_many(jobs, self.most).await
            }
            taken = self.queue.recv_many(jobs, self.most) => taken,
        };
        taken > 0
    }
}

impl Listeners {
    fn add(&self) -> Arc<Notify> {
        let listener = Arc::new(Notify::new());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&listener));
        listener
    }

    fn notify(&self) {
        for listener in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            listener.notify_one();
        }
    }
}
