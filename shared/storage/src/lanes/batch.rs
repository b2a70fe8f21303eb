//! A batch in one transaction; divided when it fails, until the command at fault stands alone.
use super::job::{Job, Output};
use crate::{
    Db, Fault, Tx,
    transact::{ATTEMPTS, back_off},
};
use futures::FutureExt;
use std::{panic::AssertUnwindSafe, time::Duration};
use tokio::time::Instant;
use tracing::{Instrument, debug_span, field};

/// How often a batch of several is tried when it meets contention, before it is divided.
const BATCH_ATTEMPTS: u32 = 3;

/// Runs the batches of one lane.
pub(super) struct Batches {
    db: Db,
    work: Duration,
}

impl Batches {
    pub(super) fn new(db: Db, work: Duration) -> Self {
        Self { db, work }
    }

    /// Answers every job, in as many transactions as it takes. Whether anything was committed.
    pub(super) async fn settle(&self, jobs: Vec<Job>) -> bool {
        let mut committed = false;
        // What is next is on top: the order of arrival is kept.
        let mut waiting = vec![jobs];
        while let Some(batch) = waiting.pop() {
            let mut batch = without_expired(batch);
            if batch.is_empty() {
                continue;
            }
            match self.try_batch(&batch).await {
                Ok(outputs) => {
                    committed = true;
                    waiting.push(batch.split_off(outputs.len().min(batch.len())));
                    for (job, output) in batch.into_iter().zip(outputs) {
                        job.answer(Ok(output));
                    }
                }
                Err(fault) if batch.len() == 1 || is_of_all(&fault) => {
                    for job in batch {
                        job.answer(Err(fault.clone()));
                    }
                }
                Err(_) => {
                    waiting.push(batch.split_off(batch.len().div_ceil(2)));
                    waiting.push(batch);
                }
            }
        }
        committed
    }

    /// Tries a batch, again while it may pass. The outputs are those of its first commands; there is one at least.
    async fn try_batch(&self, batch: &[Job]) -> Result<Vec<Output>, Fault> {
        let most = if batch.len() == 1 { ATTEMPTS } else { BATCH_ATTEMPTS };
        let span = span_of(batch, self.db.schema());
        let mut attempt = 1;
        loop {
            match self.attempt(batch).instrument(span.clone()).await {
                Err(fault) if fault.may_pass() && attempt < most => back_off(attempt).await,
                outcome => {
                    span.record("attempts", attempt);
                    return outcome;
                }
            }
            attempt += 1;
        }
    }

    async fn attempt(&self, batch: &[Job]) -> Result<Vec<Output>, Fault> {
        let mut tx = self.db.begin().await?;
        tx.work_until(Instant::now() + self.work);
        // A panic leaves nothing behind but this transaction, which is rolled back.
        let applied = AssertUnwindSafe(apply(batch, &mut tx)).catch_unwind().await;
        match applied.unwrap_or(Err(Fault::Panicked)) {
            Ok(outputs) => tx.commit().await.map(|()| outputs),
            Err(fault) => {
                tx.rollback().await;
                Err(fault)
            }
        }
    }
}

/// Takes all locks, then applies runs of one kind until the time for one transaction is used up.
async fn apply(batch: &[Job], tx: &mut Tx) -> Result<Vec<Output>, Fault> {
    let locks = batch.iter().map(Job::locks).collect::<Result<Vec<_>, _>>()?;
    tx.lock(locks.concat()).await?;
    let mut outputs = Vec::with_capacity(batch.len());
    for run in batch.chunk_by(Job::is_of_kind) {
        let Some(first) = run.first() else { continue };
        if !outputs.is_empty() && tx.is_spent() {
            break;
        }
        let answered = first.apply_with(run, tx).await?;
        let reached = answered.len();
        if reached == 0 || reached > run.len() {
            let (name, waiting) = (first.name, run.len());
            return Err(Fault::Invalid(format!("{name} gave {reached} answers to {waiting} commands")));
        }
        outputs.extend(answered);
        if reached < run.len() {
            break;
        }
    }
    Ok(outputs)
}

/// Tells those whose deadline has passed, and keeps the others.
fn without_expired(batch: Vec<Job>) -> Vec<Job> {
    let now = Instant::now();
    let (expired, alive): (Vec<_>, Vec<_>) = batch.into_iter().partition(|job| job.is_expired(now));
    for job in expired {
        job.answer(Err(Fault::Expired));
    }
    alive
}

/// Faults that no command of the batch has caused: a division would only repeat them, and after an unknown outcome
/// nothing may be done again.
fn is_of_all(fault: &Fault) -> bool {
    matches!(fault, Fault::Unknown | Fault::Busy) || fault.lost_connection()
}

/// The transaction stands in the trace of its first caller; the others' traces point to it.
fn span_of(batch: &[Job], schema: &'static str) -> tracing::Span {
    let Some((first, others)) = batch.split_first() else { return tracing::Span::none() };
    let (command, commands) = (first.name, batch.len());
    let span = debug_span!(parent: &first.span, "transaction", command, commands, schema, attempts = field::Empty);
    for job in others {
        span.follows_from(job.span.id());
    }
    span
}
