//! Reads the audit log as an officer does, and believes nothing that it has not checked.

use crate::bearer::Caller;
use crate::cli::SearchArguments;
use crate::progress::Progress;
use anstream::println;
use anyhow::{Context as _, Result};
use handsel_audit::client::{Follower, SavedCursor, VerifiedRecord, VerifyError, asked_for, export::ExportFault};
use handsel_audit::filter::RecordFilter;
use handsel_audit::tlog::{Hash, TreeHead, VerifierKey, check_inclusion, hashes_from};
use handsel_proto::handsel::audit::v1::{
    GetInclusionProofRequest, GetLogRequest, SearchRecordsRequest, StreamRecordsRequest,
    audit_service_client::AuditServiceClient,
};
use serde_json::json;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Records of one page of a search.
const SEARCH_PAGE: usize = 100;

/// What was proven.
pub(crate) struct Verification {
    /// The log's name.
    pub(crate) origin: String,
    /// The key that signed it.
    pub(crate) verifier_key: String,
    /// Records read, hashed and found under the root.
    pub(crate) tree_size: u64,
    /// The root, in hex.
    pub(crate) root: String,
    /// A record that was also proven by itself.
    pub(crate) proven_index: i64,
    /// Hashes on its way to the root.
    pub(crate) proof_length: usize,
}

/// Who is told of progress.
pub(crate) struct Watched(pub(crate) Option<Progress>);

/// A check that did not hold: the log is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("the log does not hold: {0}")]
pub(crate) struct NotProven(String);

impl NotProven {
    /// Of what did not hold.
    pub(crate) fn because(what: impl std::fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl From<VerifyError> for NotProven {
    fn from(error: VerifyError) -> Self {
        Self(error.to_string())
    }
}

impl From<ExportFault> for NotProven {
    fn from(fault: ExportFault) -> Self {
        Self(fault.to_string())
    }
}

/// Reads the whole log under its newest checkpoint, recomputes its root and checks the signature; then proves the last record
/// by itself. Without a key from elsewhere the server is asked for it.
///
/// # Errors
/// [`NotProven`] if anything is not as it should be; anything else if it could not be looked at.
pub(crate) async fn verify(caller: &Caller, key: Option<&str>, watched: &Watched) -> Result<Verification> {
    let mut client = AuditServiceClient::new(caller.clone());
    let verifier_key = match key {
        Some(key) => key.to_owned(),
        None => client.get_log(GetLogRequest {}).await?.into_inner().verifier_key,
    };
    let key: VerifierKey = VerifierKey::parse(&verifier_key).context("the log's key")?;
    let mut follower = Follower::new(key.clone(), None).map_err(NotProven::from)?;
    let request =
        StreamRecordsRequest { cursor: None, follow: false, batch_size: 1_000, ..StreamRecordsRequest::default() };
    let mut stream = client.stream_records(request).await?.into_inner();
    let mut last = None;
    while let Some(batch) = stream.message().await? {
        let records = follower.accept(batch).map_err(NotProven::from)?;
        if let Some(record) = records.into_iter().next_back() {
            last = Some(record);
        }
        if let Watched(Some(progress)) = watched {
            progress.at(follower.saved().read.size(), follower.saved().tree_size);
        }
    }
    follower.finish().map_err(NotProven::from)?;
    let last = last.context("the log is empty")?;
    let proof_length = prove_one(&mut client, &key, &last).await?;
    let SavedCursor { origin, tree_size, root_hash, .. } = follower.saved().clone();
    Ok(Verification {
        origin,
        verifier_key,
        tree_size,
        root: root_hash.to_string(),
        proven_index: last.index,
        proof_length,
    })
}

/// Proves one record by itself, under a checkpoint of its own. Returns the length of the proof.
async fn prove_one(
    client: &mut AuditServiceClient<Caller>,
    key: &VerifierKey,
    record: &VerifiedRecord,
) -> Result<usize> {
    let request = GetInclusionProofRequest { index: record.index, tree_size: 0 };
    let proof = client.get_inclusion_proof(request).await?.into_inner();
    let checkpoint = proof.checkpoint.context("an inclusion proof without its checkpoint")?;
    let head = TreeHead::open(&checkpoint.note, key).map_err(|error| NotProven(error.to_string()))?;
    let hashes = hashes_from(&proof.hashes).map_err(|error| NotProven(error.to_string()))?;
    let index = u64::try_from(record.index).context("a record before the first")?;
    check_inclusion(&hashes, head.size, head.root, index, Hash::of_leaf(&record.leaf))
        .map_err(|error| NotProven(error.to_string()))?;
    Ok(hashes.len())
}

/// How to follow.
pub(crate) struct Following {
    /// The log's key from elsewhere.
    pub(crate) key: Option<String>,
    /// Where the cursor is kept.
    pub(crate) cursor: Option<PathBuf>,
    /// Stay for what comes.
    pub(crate) stay: bool,
    /// One JSON object a record.
    pub(crate) json: bool,
}

/// Prints each record once it is proven, from the saved cursor on, and saves the cursor after each batch.
///
/// # Errors
/// As [`verify`].
pub(crate) async fn follow(caller: &Caller, following: &Following) -> Result<()> {
    let mut client = AuditServiceClient::new(caller.clone());
    let key = match &following.key {
        Some(key) => key.clone(),
        None => client.get_log(GetLogRequest {}).await?.into_inner().verifier_key,
    };
    let key = VerifierKey::parse(&key).context("the log's key")?;
    let saved = following.cursor.as_deref().map(load).transpose()?.flatten();
    let mut follower = Follower::new(key, saved).map_err(NotProven::from)?;
    let request = StreamRecordsRequest {
        cursor: Some(follower.cursor()),
        follow: following.stay,
        batch_size: 256,
        ..StreamRecordsRequest::default()
    };
    let mut stream = client.stream_records(request).await?.into_inner();
    while let Some(batch) = stream.message().await? {
        for record in follower.accept(batch).map_err(NotProven::from)? {
            print(&record, following.json);
        }
        if let Some(file) = &following.cursor {
            save(file, follower.saved())?;
        }
    }
    if following.stay { Ok(()) } else { follower.finish().map_err(|error| NotProven::from(error).into()) }
}

/// Prints what a search finds, newest first, each proven by itself under its own checkpoint.
///
/// # Errors
/// [`NotProven`] for a record that is not in the log, was not asked for, or is not whole; anything else if it could not be looked
/// at.
pub(crate) async fn search(caller: &Caller, wanted: SearchArguments) -> Result<()> {
    let SearchArguments { audit, types, subject, source, staff, outcome, from, to, most } = wanted;
    let mut client = AuditServiceClient::new(caller.clone());
    let key = match audit.key {
        Some(key) => key,
        None => client.get_log(GetLogRequest {}).await?.into_inner().verifier_key,
    };
    let key = VerifierKey::parse(&key).context("the log's key")?;
    let filter = RecordFilter { types, sources: source, subjects: subject, staff, outcomes: outcome, from, to };
    let (mut left, mut page_token) = (most, String::new());
    while left > 0 {
        let page_size = i32::try_from(left.min(SEARCH_PAGE)).unwrap_or_default();
        let request = SearchRecordsRequest { filter: Some(filter.message()), page_size, page_token };
        let page = client.search_records(request).await?.into_inner();
        for record in page.records {
            let record = asked_for(&filter, record).map_err(NotProven::from)?;
            prove_one(&mut client, &key, &record).await?;
            print(&record, audit.json);
            left = left.saturating_sub(1);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(())
}

fn print(record: &VerifiedRecord, as_json: bool) {
    let statement = &record.statement;
    if as_json {
        println!("{}", json!({ "index": record.index, "logged_at": record.logged_at, "statement": statement }));
        return;
    }
    let text = |field: &str| statement.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let subject = statement.pointer("/subjects/0").and_then(|value| value.as_str()).unwrap_or_default();
    println!("{:>8}  {}  {:<28} {:<8} {}", record.index, text("time"), text("type"), text("outcome"), subject);
}

fn load(file: &Path) -> Result<Option<SavedCursor>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(|| file.display().to_string())?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

/// Written beside its place and moved there whole.
fn save(file: &Path, cursor: &SavedCursor) -> Result<()> {
    let draft = file.with_extension("new");
    let mut out = fs::File::create(&draft).with_context(|| draft.display().to_string())?;
    out.write_all(&serde_json::to_vec_pretty(cursor)?)?;
    out.sync_all()?;
    fs::rename(&draft, file).with_context(|| file.display().to_string())
}
