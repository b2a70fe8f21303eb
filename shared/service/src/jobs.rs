//! Named loops beside the calls: relays, due dates, deadlines. Each runs until it has nothing left, then waits to be woken, for
//! its period, or for the end.

use futures::{FutureExt, future::BoxFuture};
use opentelemetry::{KeyValue, global, metrics::Counter};
use std::{fmt, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// After an error a loop waits for its period, doubled each time, up to this.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);

/// What one run of a job came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    /// There is nothing left to do now.
    Idle,
    /// It did a limited portion; more is waiting.
    More,
}

/// One run of a job.
pub type Run = Arc<dyn Fn() -> BoxFuture<'static, anyhow::Result<Worked>> + Send + Sync>;

/// A named loop with a period. A run does a limited portion of work, and may be done twice.
#[derive(Clone)]
pub struct Job {
    /// Names it in logs and metrics.
    pub name: &'static str,
    /// The longest it stays idle.
    pub period: Duration,
    /// One run.
    pub run: Run,
    /// Ends its idleness early: typically its lanes' notice after a commit.
    pub wake: Option<Arc<Notify>>,
}

impl Job {
    /// A job that looks for work every `period`.
    pub fn new<F, R>(name: &'static str, period: Duration, run: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = anyhow::Result<Worked>> + Send + 'static,
    {
        Self { name, period, run: Arc::new(move || run().boxed()), wake: None }
    }

    /// The same, woken as well by `notify`.
    #[must_use]
    pub fn woken_by(self, notify: Arc<Notify>) -> Self {
        Self { wake: Some(notify), ..self }
    }

    /// Runs it once. A panic is this run's own, and an error.
    ///
    /// # Errors
    /// What the run says.
    pub async fn run_once(&self) -> anyhow::Result<Worked> {
        match AssertUnwindSafe(async { (self.run)().await }).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => Err(anyhow::anyhow!("it panicked")),
        }
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Job").field("name", &self.name).field("period", &self.period).finish_non_exhaustive()
    }
}

/// Running jobs.
#[derive(Debug)]
pub struct Jobs {
    stop: CancellationToken,
    loops: TaskTracker,
}

impl Jobs {
    /// Starts a loop for each job.
    #[must_use]
    pub fn start(jobs: Vec<Job>) -> Self {
        let (stop, loops) = (CancellationToken::new(), TaskTracker::new());
        for job in jobs {
            loops.spawn(repeat(job, stop.clone()));
        }
        loops.close();
        Self { stop, loops }
    }

    /// Lets each loop finish the run it is in, and waits for all of them.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.loops.wait().await;
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn repeat(job: Job, stop: CancellationToken) {
    let wake = job.wake.clone().unwrap_or_default();
    let mut troubles = Troubles::of(job.name);
    while !stop.is_cancelled() {
        // Listening begins before the run, so that what is committed while it runs wakes it again.
        let mut woken = pin!(wake.notified());
        woken.as_mut().enable();
        let pause = match job.run_once().await {
            Ok(Worked::More) => {
                troubles.are_over();
                tokio::task::yield_now().await;
                continue;
            }
            Ok(Worked::Idle) => {
                troubles.are_over();
                job.period
            }
            Err(error) => troubles.add(&error, job.period),
        };
        let failing = troubles.in_a_row > 0;
        tokio::select! {
            () = stop.cancelled() => {}
            () = woken, if !failing => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Failures in a row that are no passing trouble any more: a person should know.
const LASTING: u32 = 3;

/// How a loop is doing: what goes wrong is logged when it begins, when it lasts, and when it is over, not every time.
struct Troubles {
    job: &'static str,
    in_a_row: u32,
    counted: Counter<u64>,
}

impl Troubles {
    fn of(job: &'static str) -> Self {
        let counted = global::meter("handsel").u64_counter("handsel.job.failures").build();
        Self { job, in_a_row: 0, counted }
    }

    /// Notes an error and says how long to wait.
    fn add(&mut self, error: &anyhow::Error, period: Duration) -> Duration {
        self.counted.add(1, &[KeyValue::new("job", self.job)]);
        let factor = 1_u32.checked_shl(self.in_a_row).unwrap_or(u32::MAX);
        self.in_a_row = self.in_a_row.saturating_add(1);
        let (job, times, error) = (self.job, self.in_a_row, format!("{error:#}"));
        match times {
            1 => tracing::warn!(job, error, "a job failed; it is tried again"),
            LASTING => {
                tracing::error!(job, error, times, "a job fails again and again; it is tried less and less often");
            }
            _ => tracing::debug!(job, error, times, "a job still fails"),
        }
        // A period longer than the longest back-off is kept: failing is no reason to run oftener.
        period.saturating_mul(factor).min(LONGEST_BACK_OFF.max(period))
    }

    fn are_over(&mut self) {
        if self.in_a_row > 0 {
            tracing::info!(job = self.job, after = self.in_a_row, "a job works again");
            self.in_a_row = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::mpsc;

    const NEVER: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_job_runs_on_while_there_is_more_then_waits_to_be_woken() {
        let (say, mut said) = mpsc::unbounded_channel();
        let notify = Arc::new(Notify::new());
        let runs = Arc::new(AtomicU32::new(0));
        let job = Job::new("test", NEVER, move || {
            let (say, run) = (say.clone(), runs.fetch_add(1, Ordering::SeqCst));
            async move {
                say.send(run)?;
                Ok(if run < 2 { Worked::More } else { Worked::Idle })
            }
        });
        let jobs = Jobs::start(vec![job.woken_by(Arc::clone(&notify))]);
        for expected in 0..3 {
            assert_eq!(said.recv().await, Some(expected));
        }
        notify.notify_one();
        assert_eq!(said.recv().await, Some(3));
        jobs.stop().await;
        assert_eq!(said.recv().await, None, "a stopped job keeps nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn errors_and_panics_back_off_and_do_not_end_the_loop() {
        let (say, mut said) = mpsc::unbounded_channel();
        let job = Job::new("test", Duration::from_secs(1), move || {
            let say = say.clone();
            async move {
                say.send(tokio::time::Instant::now())?;
                anyhow::bail!("no")
            }
        });
        let jobs = Jobs::start(vec![job]);
        let mut last = said.recv().await.unwrap();
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            let next = said.recv().await.unwrap();
            assert_eq!((next - last).as_secs(), seconds);
            last = next;
        }
        jobs.stop().await;

        let panics = Job::new("panics", NEVER, || async { panic!("its own") });
        assert!(panics.run_once().await.is_err());
    }
}
