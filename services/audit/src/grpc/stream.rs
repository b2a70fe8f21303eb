//! `StreamRecords`: where a reader stands is checked, that he reads is recorded, then batches go out one by one.

use super::{messages, refused};
use crate::{
    client::{leaf, pruned::is_prune},
    commands::Notice,
    filter::RecordFilter,
    log::Log,
    queries::{
        batch::{self, Batch, Wanted},
        checkpoint::Signed,
        proof::{self, ProofError},
        record::RecordRow,
    },
    tlog::{Hash, TreeError},
};
use handsel_access::Caller;
use handsel_proto::handsel::audit::v1::{
    Checkpoint, Cursor, ReadMode, Record, StreamRecordsRequest, StreamRecordsResponse,
};
use handsel_service::{
    Draining,
    status::{Violation, fault, refusal},
};
use serde_json::json;
use std::sync::Arc;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::Instant,
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Status};

/// Records in a batch where the request does not say.
const USUAL_BATCH: u64 = 256;
/// Batches that wait for a slow reader: with [`batch`]'s limit on bytes, what a stream can hold in memory.
const BATCHES_WAITING: usize = 1;

type Sender = mpsc::Sender<Result<StreamRecordsResponse, Status>>;

/// Whether a stream stays when it has sent everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It ends at the checkpoint that was newest when it began.
    ToTheEnd,
    /// It waits for more.
    Follow,
}

/// What a stream leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Selection {
    /// Nothing.
    Full,
    /// The bodies of records that were not asked for.
    Proven(RecordFilter),
    /// Records that were not asked for.
    Fast(RecordFilter),
}

/// A stream under way.
struct Reading {
    log: Arc<Log>,
    end: End,
    selection: Selection,
    /// The next record.
    next: u64,
    /// Size of the last tree that the reader was shown.
    verified: u64,
    /// Records in a batch at most.
    most: u64,
    /// The newest checkpoint.
    covered: Arc<Signed>,
    news: watch::Receiver<Option<Arc<Signed>>>,
    frozen: watch::Receiver<bool>,
    draining: CancellationToken,
    /// Who reads, what, and when a record of it was last left.
    caller: Caller,
    said: serde_json::Value,
    recorded: Instant,
    /// Held as long as it runs.
    _permit: OwnedSemaphorePermit,
}

/// Opens a stream.
pub(super) async fn open(
    log: Arc<Log>,
    request: Request<StreamRecordsRequest>,
    newest: Signed,
) -> Result<ReceiverStream<Result<StreamRecordsResponse, Status>>, Status> {
    let (caller, draining) = (Caller::of(&request)?.clone(), Draining::of(&request));
    let message = request.into_inner();
    let selection = selection(&message)?;
    let StreamRecordsRequest { cursor, follow, batch_size, filter: _, mode: _ } = message;
    let permit = Arc::clone(&log.streams).try_acquire_owned();
    let permit = permit.map_err(|_| refused::busy())?;
    if log.is_frozen() {
        return Err(refused::frozen());
    }
    let cursor = cursor.unwrap_or_default();
    check(&log, &cursor, &newest).await?;
    let end = if follow { End::Follow } else { End::ToTheEnd };
    // Before the first record goes out: nobody reads without a trace.
    let (subject, said) = said(&cursor, end, &selection);
    record_reading(&log, &caller, (subject, said.clone())).await?;
    let most = if batch_size == 0 { USUAL_BATCH } else { u64::from(batch_size.unsigned_abs()) };
    let reading = Reading {
        end,
        selection,
        next: cursor.next_index.cast_unsigned(),
        verified: cursor.tree_size.cast_unsigned(),
        most,
        covered: Arc::new(newest),
        news: log.news.subscribe(),
        frozen: log.frozen.subscribe(),
        draining,
        caller,
        said,
        recorded: Instant::now(),
        _permit: permit,
        log,
    };
    let (sender, receiver) = mpsc::channel(BATCHES_WAITING);
    tokio::spawn(reading.run(sender));
    Ok(ReceiverStream::new(receiver))
}

/// A cursor must be one that this log could have given out, or its holder and the log have seen different histories.
async fn check(log: &Log, cursor: &Cursor, newest: &Signed) -> Result<(), Status> {
    let Cursor { origin, next_index, tree_size, root_hash } = cursor;
    if *cursor == Cursor::default() {
        return Ok(());
    }
    if origin != log.origin() {
        return Err(refused::cursor_mismatch(&format!("the cursor is of log {origin:?}, this is {}", log.origin())));
    }
    if next_index > tree_size {
        return Err(Violation::new("cursor.next_index", "beyond the tree that was verified").into());
    }
    if *tree_size == 0 {
        let rootless = root_hash.is_empty();
        return if rootless { Ok(()) } else { Err(Violation::new("cursor.root_hash", "a root without a tree").into()) };
    }
    let size = tree_size.cast_unsigned();
    let ours = if size > newest.size {
        Err(ProofError::Tree(TreeError::OutOfRange))
    } else {
        proof::root(&log.db, size).await
    };
    match ours {
        Ok(root) if root_hash == root.as_bytes() => Ok(()),
        Ok(_) | Err(ProofError::Tree(TreeError::OutOfRange)) => {
            tracing::error!(size, newest = newest.size, "a reader holds a tree that this log does not continue");
            Err(refused::cursor_mismatch("this log is not the continuation of the tree in the cursor"))
        }
        Err(error) => Err(refused::not_proven(error)),
    }
}

fn selection(request: &StreamRecordsRequest) -> Result<Selection, Status> {
    let filter = RecordFilter::read(request.filter.clone().unwrap_or_default())?;
    match request.mode() {
        ReadMode::ProvenFilter => Ok(Selection::Proven(filter)),
        ReadMode::Fast => Ok(Selection::Fast(filter)),
        ReadMode::Unspecified | ReadMode::Full if filter.is_open() => Ok(Selection::Full),
        ReadMode::Unspecified | ReadMode::Full => {
            Err(Violation::new("mode", "a filter asks for PROVEN_FILTER or FAST").into())
        }
    }
}

/// What is read, for the record of it.
fn said(cursor: &Cursor, end: End, selection: &Selection) -> (String, serde_json::Value) {
    let end = match end {
        End::ToTheEnd => "TO_THE_END",
        End::Follow => "FOLLOW",
    };
    let (mode, filter) = match selection {
        Selection::Full => ("FULL", &RecordFilter::default()),
        Selection::Proven(filter) => ("PROVEN_FILTER", filter),
        Selection::Fast(filter) => ("FAST", filter),
    };
    let first = cursor.next_index.to_string();
    let body = json!({ "filter": filter.described(), "first": first, "mode": mode, "end": end });
    (format!("records/{first}"), body)
}

/// Leaves a record of somebody's reading.
pub(super) async fn record_reading(
    log: &Log,
    caller: &Caller,
    (subject, body): (String, serde_json::Value),
) -> Result<(), Status> {
    let actor = messages::actor(caller);
    let notice = Notice {
        kind: "audit.read",
        action: "read",
        actor,
        subjects: vec![subject],
        outcome: "success",
        reason: None,
        correlation: "audit".to_owned(),
        body,
    };
    log.record(notice).await.map_err(fault)?.map_err(|refusal| refused::not_taken(&refusal))?;
    Ok(())
}

impl Reading {
    async fn run(mut self, to: Sender) {
        let draining = self.draining.clone();
        loop {
            let batch = tokio::select! {
                () = draining.cancelled() => Err(going_down()),
                batch = self.recorded_batch() => if self.is_frozen() { Err(refused::frozen()) } else { batch },
            };
            let failed = batch.is_err();
            if to.send(batch).await.is_err() || failed {
                return;
            }
            if self.next < self.covered.size {
                continue;
            }
            let goes_on = match self.end {
                End::ToTheEnd => false,
                End::Follow => self.wait(&to).await,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// The next batch, after another record of the reading where the last is long ago.
    async fn recorded_batch(&mut self) -> Result<StreamRecordsResponse, Status> {
        if self.recorded.elapsed() >= self.log.reading && !self.is_frozen() {
            let mut said = self.said.clone();
            if let Some(said) = said.as_object_mut() {
                said.insert("next".to_owned(), self.next.to_string().into());
            }
            record_reading(&self.log, &self.caller, (format!("records/{}", self.next), said)).await?;
            self.recorded = Instant::now();
        }
        self.batch().await
    }

    /// The next batch. Nothing of the database is held when it has been made.
    async fn batch(&mut self) -> Result<StreamRecordsResponse, Status> {
        if self.end == End::Follow {
            self.look();
        }
        let covered = Arc::clone(&self.covered);
        let wanted = Wanted { first: self.next, most: self.most, verified: self.verified, covered: covered.size };
        let Batch { records, consistency, prefix } =
            batch::read(&self.log.db, wanted).await.map_err(refused::not_proven)?;
        if records.is_empty() && self.next < covered.size {
            return Err(refused::not_proven(ProofError::Tree(TreeError::ShortTile { level: 0, number: self.next })));
        }
        self.next = records.last().map_or(self.next, |last| last.leaf_index.cast_unsigned().saturating_add(1));
        self.verified = covered.size;
        let cursor = Cursor {
            origin: self.log.origin().to_owned(),
            next_index: self.next.cast_signed(),
            tree_size: covered.size.cast_signed(),
            root_hash: if covered.size == 0 { Vec::new() } else { covered.root.to_vec() },
        };
        Ok(StreamRecordsResponse {
            records: self.selection.of(records),
            checkpoint: Some(self.checkpoint(&covered).await?),
            consistency_hashes: messages::hashes(consistency),
            cursor: Some(cursor),
            prefix_hashes: self.selection.proof(prefix),
        })
    }

    /// The checkpoint with whatever witnesses have signed beneath it by now.
    async fn checkpoint(&self, covered: &Signed) -> Result<Checkpoint, Status> {
        messages::with_cosignatures(&self.log, covered).await
    }

    /// Whether something was found that ends every stream.
    fn is_frozen(&self) -> bool {
        *self.frozen.borrow()
    }

    /// Takes a checkpoint that is newer than the one it has.
    fn look(&mut self) {
        let newest = self.news.borrow_and_update().clone();
        if let Some(newest) = newest.filter(|newest| newest.size > self.covered.size) {
            self.covered = newest;
        }
    }

    /// Waits for a newer checkpoint; false when the reader has gone.
    async fn wait(&mut self, to: &Sender) -> bool {
        while self.next >= self.covered.size {
            tokio::select! {
                () = self.draining.cancelled() => return true,
                () = to.closed() => return false,
                changed = self.frozen.changed() => return changed.is_ok(),
                changed = self.news.changed() => if changed.is_err() { return false },
            }
            self.look();
        }
        true
    }
}

impl Selection {
    fn of(&self, rows: Vec<RecordRow>) -> Vec<Record> {
        let records = rows.into_iter().map(messages::record);
        match self {
            Self::Full => records.collect(),
            Self::Proven(filter) => records.map(|record| bare_unless(filter, record)).collect(),
            Self::Fast(filter) => records.filter(|record| asked_for(filter, record)).collect(),
        }
    }

    /// Where records are left out there is no tree of those that were sent.
    fn proof(&self, prefix: Vec<Hash>) -> Vec<Vec<u8>> {
        match self {
            Self::Full | Self::Proven(_) => messages::hashes(prefix),
            Self::Fast(_) => Vec::new(),
        }
    }
}

fn bare_unless(filter: &RecordFilter, record: Record) -> Record {
    // What a record of a prune says explains which bodies are not there, so it is never left out.
    if asked_for(filter, &record) || leaf(&record.leaf).is_ok_and(|(_, statement)| is_prune(&statement)) {
        return record;
    }
    Record { body: Vec::new(), body_salt: Vec::new(), ..record }
}

/// A leaf that cannot be read is sent: its reader must see it.
fn asked_for(filter: &RecordFilter, record: &Record) -> bool {
    leaf(&record.leaf).map_or(true, |(logged_at, statement)| filter.asks_for(&logged_at, &statement))
}

fn going_down() -> Status {
    refusal(Code::Unavailable, "GOING_DOWN", "this server is going down; go on elsewhere with the last cursor")
}
