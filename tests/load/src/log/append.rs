//! Sources that hand in at once, one call of each under way, and how soon a signed checkpoint covers what they were given receipts
//! for.

use super::producer::Producer;
use crate::{
    latency::Waits,
    service::{Service, Token, authorized},
};
use anyhow::{Context as _, Result, bail, ensure};
use handsel_access::Role;
use handsel_proto::handsel::audit::v1::{
    AppendReceipt, AppendRequest, GetCheckpointRequest, audit_ingest_service_client::AuditIngestServiceClient,
    audit_service_client::AuditServiceClient,
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;
use tonic::{Code, transport::Channel};

/// How long a call is tried again before the run gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause before it is.
const PAUSE: Duration = Duration::from_millis(5);
/// How often the newest checkpoint is asked for.
const LOOK: Duration = Duration::from_millis(4);
/// How long the last checkpoint may take.
const LAST: Duration = Duration::from_secs(10);

/// Records of each source that are kept, to be proven.
const SAMPLES: usize = 256;

/// When they end.
#[derive(Debug, Clone, Copy)]
pub(super) enum End {
    /// At an instant; what is answered from another on counts.
    At {
        /// From when on answers count.
        from: Instant,
        /// When nobody sends any more.
        until: Instant,
    },
    /// When so many records have been handed in.
    Records(u64),
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Appended {
    /// All that were acknowledged.
    pub(super) records: u64,
    /// Those that count.
    pub(super) counted: u64,
    /// Each call that counts.
    pub(super) waits: Waits,
    /// From a call's answer to the moment at which a checkpoint over it was seen.
    pub(super) lag: Waits,
    /// The last record of each call: its index and its leaf.
    pub(super) samples: Vec<(i64, Vec<u8>)>,
}

/// An answer that counts: when, and the index of its last record.
type Answer = (Instant, i64);
/// A checkpoint that was seen: when, and how many records it covers.
type Shown = Arc<Mutex<Vec<(Instant, i64)>>>;

/// Hands in runs of so many records from every source until the end. The sources come back, to go on later.
pub(super) async fn append(
    service: &Service,
    producers: Vec<Producer>,
    length: usize,
    end: End,
) -> Result<(Appended, Vec<Producer>)> {
    let token = service.token(Role::Service, None)?;
    let (handed_in, shown) = (Arc::new(AtomicU64::new(0)), Shown::default());
    let officer = service.token(Role::ComplianceOfficer, Some("karel"))?;
    let watching = tokio::spawn(watch(service.connect().await?, officer, Arc::clone(&shown)));
    let mut sources = JoinSet::new();
    for producer in producers {
        let client = AuditIngestServiceClient::new(service.connect().await?);
        let source = Source { client, token: token.clone(), handed_in: Arc::clone(&handed_in) };
        sources.spawn(source.run(producer, length, end));
    }
    let (mut all, mut answers, mut producers) = (Appended::default(), Vec::new(), Vec::new());
    while let Some(one) = sources.join_next().await {
        let (part, answered, producer) = one??;
        all.records += part.records;
        all.counted += part.counted;
        all.waits.join(part.waits);
        all.samples.extend(part.samples);
        answers.extend(answered);
        producers.push(producer);
    }
    let proven = all.samples.iter().map(|(index, _)| *index);
    let last = answers.iter().map(|(_, index)| *index).chain(proven).max().unwrap_or(-1);
    let shown = until_covered(&shown, last).await;
    watching.abort();
    let shown = shown?;
    for (at, index) in answers {
        let covered = shown.iter().find(|(_, size)| *size > index).context("a record that no checkpoint covers")?;
        all.lag.note(covered.0.saturating_duration_since(at));
    }
    Ok((all, producers))
}

/// One of those who hand in.
struct Source {
    client: AuditIngestServiceClient<Channel>,
    token: Token,
    handed_in: Arc<AtomicU64>,
}

impl Source {
    async fn run(
        mut self,
        mut producer: Producer,
        length: usize,
        end: End,
    ) -> Result<(Appended, Vec<Answer>, Producer)> {
        let (mut appended, mut answers) = (Appended::default(), Vec::new());
        let records = u64::try_from(length)?;
        while self.goes_on(end, records) {
            let run = producer.run(length)?;
            let sent = Instant::now();
            let receipts = self.answered(run, sent).await?;
            let answered = Instant::now();
            ensure!(receipts.len() == length, "{} receipts for {length} records", receipts.len());
            let last = receipts.into_iter().next_back().context("no receipt")?;
            appended.records += records;
            if matches!(end, End::At { from, until } if from <= answered && answered < until) {
                appended.counted += records;
                appended.waits.note(answered - sent);
                answers.push((answered, last.index));
            }
            if appended.samples.len() < SAMPLES {
                appended.samples.push((last.index, last.leaf));
            }
        }
        Ok((appended, answers, producer))
    }

    fn goes_on(&self, end: End, records: u64) -> bool {
        match end {
            End::At { until, .. } => Instant::now() < until,
            End::Records(wanted) => self.handed_in.fetch_add(records, Ordering::Relaxed) < wanted,
        }
    }

    /// Hands in one run, however often it has to: the same bytes, so that it is taken once.
    async fn answered(&mut self, run: AppendRequest, sent: Instant) -> Result<Vec<AppendReceipt>> {
        loop {
            match self.client.append(authorized(run.clone(), &self.token)).await {
                Ok(answer) => return Ok(answer.into_inner().receipts),
                Err(status) if may_pass(status.code()) && sent.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(status) => bail!("records are not taken: {status}"),
            }
        }
    }
}

fn may_pass(code: Code) -> bool {
    matches!(code, Code::ResourceExhausted | Code::Aborted | Code::Unavailable | Code::DeadlineExceeded | Code::Unknown)
}

/// Asks for the newest checkpoint all the time, and takes down when each was first seen.
async fn watch(channel: Channel, token: Token, shown: Shown) {
    let mut client = AuditServiceClient::new(channel);
    let mut newest = -1;
    loop {
        let request = authorized(GetCheckpointRequest { witnessed: false }, &token);
        if let Ok(checkpoint) = client.get_checkpoint(request).await {
            let size = checkpoint.into_inner().tree_size;
            if size > newest {
                newest = size;
                shown.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), size));
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn until_covered(shown: &Shown, last: i64) -> Result<Vec<(Instant, i64)>> {
    let began = Instant::now();
    loop {
        let seen = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if seen.last().is_some_and(|(_, size)| *size > last) {
            return Ok(seen);
        }
        ensure!(began.elapsed() < LAST, "no checkpoint covers record {last}");
        tokio::time::sleep(PAUSE).await;
    }
}
