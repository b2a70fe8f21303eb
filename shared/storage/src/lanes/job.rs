//! A command in a queue: its type is forgotten, and found again by the function that applies its kind.
use crate::{Command, Fault, Lock, Tx};
use futures::future::BoxFuture;
use std::any::{Any, TypeId};
use tokio::{sync::oneshot, time::Instant};
use tracing::Span;

/// An output whose type is forgotten, too.
pub(super) type Output = Box<dyn Any + Send>;

/// What a caller waits for.
pub(super) type Answer = Result<Output, Fault>;

/// Applies jobs of one kind: the one that the function was made for.
type Apply = for<'a> fn(&'a [Job], &'a mut Tx) -> BoxFuture<'a, Result<Vec<Output>, Fault>>;

/// A command that waits, and who waits for it.
pub(super) struct Job {
    /// The command's name.
    pub(super) name: &'static str,
    /// The caller's span: where the transaction belongs in a trace.
    pub(super) span: Span,
    kind: TypeId,
    command: Box<dyn Any + Send + Sync>,
    locks: fn(&Job) -> Result<Vec<Lock>, Fault>,
    apply: Apply,
    deadline: Option<Instant>,
    answer: oneshot::Sender<Answer>,
}

impl Job {
    pub(super) fn new<C: Command>(command: C, deadline: Option<Instant>, answer: oneshot::Sender<Answer>) -> Self {
        Self {
            name: C::NAME,
            span: Span::current(),
            kind: TypeId::of::<C>(),
            command: Box::new(command),
            locks: |job| Ok(job.command::<C>()?.locks()),
            apply: |jobs, tx| Box::pin(apply_kind::<C>(jobs, tx)),
            deadline,
            answer,
        }
    }

    pub(super) fn is_of_kind(&self, other: &Self) -> bool {
        self.kind == other.kind
    }

    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    pub(super) fn locks(&self) -> Result<Vec<Lock>, Fault> {
        (self.locks)(self)
    }

    /// Applies this job and its peers, which are all of its kind.
    pub(super) fn apply_with<'a>(
        &self,
        peers: &'a [Self],
        tx: &'a mut Tx,
    ) -> BoxFuture<'a, Result<Vec<Output>, Fault>> {
        (self.apply)(peers, tx)
    }

    /// Answers the caller, who may have gone.
    pub(super) fn answer(self, answer: Answer) {
        let _gone = self.answer.send(answer);
    }

    fn command<C: Command>(&self) -> Result<&C, Fault> {
        self.command.downcast_ref().ok_or_else(|| mistaken(C::NAME))
    }
}

async fn apply_kind<C: Command>(jobs: &[Job], tx: &mut Tx) -> Result<Vec<Output>, Fault> {
    let commands = jobs.iter().map(Job::command::<C>).collect::<Result<Vec<_>, _>>()?;
    let outputs = C::apply_all(&commands, tx).await?;
    Ok(outputs.into_iter().map(|output| Box::new(output) as Output).collect())
}

/// The output of a command of this type.
pub(super) fn output_of<C: Command>(output: Output) -> Result<C::Output, Fault> {
    output.downcast().map(|output| *output).map_err(|_| mistaken(C::NAME))
}

fn mistaken(name: &str) -> Fault {
    Fault::Invalid(format!("a lane took {name} for another command"))
}
