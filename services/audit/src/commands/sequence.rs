//! Sequencing: whatever waits becomes leaves, in one transaction, by one writer.

use super::{
    Notice,
    fold::{Fold, Known, Placed, Taken},
};
use crate::{
    domain::{
        admission::{Call, OWN_SOURCE, Refusal, Source},
        extension::Extension,
        frontier::Frontier,
        lease::{Lease, Peers, Step, step},
    },
    store::{
        self,
        lease::{SEQUENCER, SEQUENCER_ID},
        source::Conflict,
    },
};
use handsel_money::Timestamp;
use handsel_outbox::{Pseudonyms, statement};
use handsel_storage::{Command, Engine, Fault, Lock, Tx};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Statements in one transaction at most: a tile's worth, and as many as one call may bring. It is what is lost when a transaction must
/// be run again, and what all who share it wait for.
const MOST_STATEMENTS: usize = 256;

/// Who writes: what outlives one transaction.
pub(crate) struct Writer {
    /// This process, among those that share the database.
    pub(crate) holder: String,
    /// For statements of our own.
    pub(crate) pseudonyms: Pseudonyms,
    /// How long its lease lasts, in milliseconds.
    term_millis: i64,
    /// The log's edge after the last transaction that was tried. It is used only if the head in the database has its size and
    /// root, so a transaction that was rolled back leaves no trace.
    frontier: Mutex<Option<Frontier>>,
}

/// What waits to be sequenced.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A source's statements.
    Statements(Call),
    /// One of our own, which only lacks its place.
    Notice(statement::Sealed),
}

/// Takes an entry into the log.
pub(crate) struct Sequence {
    /// The same for all that share a lane.
    pub(crate) writer: Arc<Writer>,
    /// What to take.
    pub(crate) entry: Entry,
    /// The instant to date it with, by the system's clock.
    pub(crate) now: Timestamp,
}

impl Writer {
    pub(crate) fn new(holder: String, lease: Duration, pseudonyms: Pseudonyms) -> Self {
        let term_millis = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        Self { holder, pseudonyms, term_millis, frontier: Mutex::new(None) }
    }

    fn remembered(&self) -> Option<Frontier> {
        self.frontier.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, frontier: Frontier) {
        *self.frontier.lock().unwrap_or_else(PoisonError::into_inner) = Some(frontier);
    }

    /// The epoch to write under, with the lease renewed or taken over where it must be; none if another writes.
    async fn hold(&self, tx: &mut Tx) -> Result<Option<i64>, Fault> {
        let (lease, now_millis) = store::lease::read(tx).await?;
        let peers = match tx.engine() {
            Engine::Postgres => Peers::Possible,
            Engine::Sqlite => Peers::Excluded,
        };
        match step(&lease, &self.holder, now_millis, self.term_millis, peers) {
            Step::Write { epoch } => Ok(Some(epoch)),
            Step::Yield => Ok(None),
            Step::Record { epoch, expires_millis } => {
                let holder = self.holder.clone();
                store::lease::record(tx, &Lease { holder, epoch, expires_millis }).await?;
                Ok(Some(epoch))
            }
        }
    }

    /// Whether this process writes the log at the moment, with the lease renewed or taken over where it must be.
    pub(super) async fn may_write(&self, tx: &mut Tx) -> Result<bool, Fault> {
        Ok(self.hold(tx).await?.is_some())
    }

    /// Adds records of our own that have no body, in a transaction that holds the sequencer's lock. Where another process writes,
    /// it says nothing.
    pub(super) async fn say(&self, notices: Vec<Notice>, now: Timestamp, tx: &mut Tx) -> Result<(), Fault> {
        if notices.is_empty() {
            return Ok(());
        }
        let Some(epoch) = self.hold(tx).await? else { return Ok(()) };
        let sealed =
            notices.into_iter().map(|notice| notice.seal_bare(now, &self.pseudonyms)).collect::<Result<Vec<_>, _>>()?;
        self.append(&sealed, epoch, now, tx).await.map(|_| ())
    }

    /// Adds records of our own, in a transaction that holds the sequencer's lock and has written nothing yet; where each lies. What
    /// comes with them is only then to be written.
    pub(super) async fn record(
        &self,
        sealed: &[statement::Sealed],
        now: Timestamp,
        tx: &mut Tx,
    ) -> Result<Result<Vec<i64>, Refusal>, Fault> {
        let Some(epoch) = self.hold(tx).await? else { return Ok(Err(Refusal::SequencerElsewhere)) };
        if store::finding::frozen(tx).await? {
            return Ok(Err(Refusal::Frozen));
        }
        self.append(sealed, epoch, now, tx).await.map(Ok)
    }

    /// Whether [`Writer::record`] would take anything.
    pub(super) async fn may_record(&self, tx: &mut Tx) -> Result<bool, Fault> {
        Ok(self.may_write(tx).await? && !store::finding::frozen(tx).await?)
    }

    async fn append(
        &self,
        sealed: &[statement::Sealed],
        epoch: i64,
        now: Timestamp,
        tx: &mut Tx,
    ) -> Result<Vec<i64>, Fault> {
        let extension = self.extension(tx).await?;
        let mut fold = Fold::begin(known(&[], tx).await?, extension, epoch, &self.pseudonyms);
        let indexes = sealed.iter().map(|one| Ok(fold.notice(one, now)?.index)).collect::<Result<_, Fault>>()?;
        let frontier = save(fold, epoch, tx).await?;
        self.remember(frontier);
        Ok(indexes)
    }

    /// The log as the newest head has it.
    async fn extension(&self, tx: &mut Tx) -> Result<Extension, Fault> {
        let Some(head) = store::head::newest(tx).await? else {
            return Ok(Extension::of(Frontier::new(), Timestamp::MIN));
        };
        let remembered = self.remembered().filter(|edge| edge.size() == head.size && edge.root() == head.root);
        let frontier = match remembered {
            Some(frontier) => frontier,
            None => restored(tx, &head).await?,
        };
        Ok(Extension::of(frontier, head.logged_at))
    }
}

/// The frontier from storage; it must give the head's root, or nothing is appended any more.
async fn restored(tx: &mut Tx, head: &store::head::Head) -> Result<Frontier, Fault> {
    let broken = |why: String| Fault::Invalid(format!("the log of {} leaves is damaged: {why}", head.size));
    let levels = store::tile::frontier(tx, head.size).await?;
    let frontier = Frontier::restore(head.size, levels).map_err(|error| broken(error.to_string()))?;
    if frontier.root() == head.root { Ok(frontier) } else { Err(broken("its hashes give another root".to_owned())) }
}

impl Command for Sequence {
    const NAME: &'static str = "audit.sequence";
    type Output = Taken;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&SEQUENCER, SEQUENCER_ID)]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Taken, Fault> {
        let taken = Self::apply_all(&[self], tx).await?;
        taken.into_iter().next().ok_or_else(|| Fault::Invalid("an entry without an outcome".to_owned()))
    }

    async fn apply_all(batch: &[&Self], tx: &mut Tx) -> Result<Vec<Taken>, Fault> {
        let batch = portion(batch);
        let Some(first) = batch.first() else { return Ok(Vec::new()) };
        let writer = &first.writer;
        let Some(epoch) = writer.hold(tx).await? else {
            return Ok(batch.iter().map(|_| Err(Refusal::SequencerElsewhere)).collect());
        };
        if store::finding::frozen(tx).await? {
            return Ok(batch.iter().map(|_| Err(Refusal::Frozen)).collect());
        }
        let extension = writer.extension(tx).await?;
        let known = known(batch, tx).await?;
        let mut fold = Fold::begin(known, extension, epoch, &writer.pseudonyms);
        let taken = batch.iter().map(|one| fold.take(&one.entry, one.now)).collect::<Result<_, _>>()?;
        let frontier = save(fold, epoch, tx).await?;
        writer.remember(frontier);
        Ok(taken)
    }
}

/// As many of the first entries as one transaction takes; one at least.
fn portion<'a, 'b>(batch: &'a [&'b Sequence]) -> &'a [&'b Sequence] {
    let mut statements = 0_usize;
    let over = batch.iter().position(|one| {
        statements = statements.saturating_add(one.entry.statements());
        statements > MOST_STATEMENTS
    });
    batch.get(..over.unwrap_or(batch.len()).max(1)).unwrap_or(batch)
}

impl Entry {
    fn statements(&self) -> usize {
        match self {
            Self::Statements(call) => call.statements.len(),
            Self::Notice(_) => 1,
        }
    }

    fn call(&self) -> Option<&Call> {
        match self {
            Self::Statements(call) => Some(call),
            Self::Notice(_) => None,
        }
    }
}

/// What the entries are measured by: their sources, and what of them was taken before.
async fn known(batch: &[&Sequence], tx: &mut Tx) -> Result<Known, Fault> {
    let calls: Vec<&Call> = batch.iter().filter_map(|one| one.entry.call()).collect();
    let mut names: Vec<String> = calls.iter().map(|call| call.source.clone()).collect();
    names.push(OWN_SOURCE.to_owned());
    names.sort_unstable();
    names.dedup();
    let sources: HashMap<String, Source> = store::source::known(tx, names).await?.into_iter().collect();
    let mut known = Known { sources, placed: HashMap::new(), conflicts: HashSet::new() };
    for call in calls {
        add_taken_before(call, &mut known, tx).await?;
    }
    Ok(known)
}

async fn add_taken_before(call: &Call, known: &mut Known, tx: &mut Tx) -> Result<(), Fault> {
    let last = known.sources.get(&call.source).map_or(0, |source| source.last_sequence);
    let taken: Vec<_> = call.statements.iter().filter(|given| given.sequence <= last).collect();
    let (Some(from), Some(to)) = (taken.first(), taken.last()) else { return Ok(()) };
    for located in store::source::located(tx, &call.source, from.sequence, to.sequence).await? {
        let placed = Placed::read(&call.source, located)?;
        known.placed.insert((call.source.clone(), placed.sequence), placed);
    }
    for given in taken {
        let same = |placed: &Placed| placed.digest == given.digest;
        if known.placed.get(&(call.source.clone(), given.sequence)).is_some_and(|placed| !same(placed)) {
            let conflict = Conflict { source: call.source.clone(), sequence: given.sequence, digest: given.digest };
            if store::source::is_recorded(tx, &conflict).await? {
                known.conflicts.insert(conflict);
            }
        }
    }
    Ok(())
}

/// Writes what the fold has come to; the log's edge after it.
async fn save(fold: Fold<'_>, epoch: i64, tx: &mut Tx) -> Result<Frontier, Fault> {
    let Fold { mut extension, epochs, conflicts, .. } = fold;
    let leaves = std::mem::take(&mut extension.leaves);
    let grown = !leaves.is_empty();
    store::leaf::add(tx, leaves).await?;
    store::tile::add(tx, &extension.tiles).await?;
    store::source::add_places(tx, std::mem::take(&mut extension.places)).await?;
    store::source::add_epochs(tx, epochs).await?;
    store::source::add_conflicts(tx, conflicts).await?;
    if grown {
        store::head::add(tx, &extension, epoch).await?;
    }
    Ok(extension.frontier().clone())
}
