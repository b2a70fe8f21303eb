//! Exports the audit log into a folder that strangers can check, and checks such a folder without network or database.

use crate::{audit::NotProven, bearer::Caller, paint::good, progress::Progress};
use anstream::println;
use anyhow::{Context as _, Result};
use handsel_audit::{
    client::export::{ExportError, ExportFault, Exported, Exporter, verify},
    tlog::VerifierKey,
};
use handsel_proto::handsel::audit::v1::{
    GetLogRequest, StreamRecordsRequest, audit_service_client::AuditServiceClient,
};
use serde_json::json;
use std::{ops::Range, path::Path};

/// Exports every record that is signed by now; an export that was cut off is gone on with.
///
/// # Errors
/// [`NotProven`] if what the server sends does not hold; anything else if it could not be read or written.
pub(crate) async fn export(
    caller: &Caller,
    key: Option<String>,
    folder: &Path,
    openings: Range<u64>,
    progress: &Progress,
) -> Result<Exported> {
    let mut client = AuditServiceClient::new(caller.clone());
    let key = match key {
        Some(key) => key,
        None => client.get_log(GetLogRequest {}).await?.into_inner().verifier_key,
    };
    let key = VerifierKey::parse(&key).context("the log's key")?;
    let mut exporter = Exporter::open(folder, key, openings).map_err(told)?;
    let request = StreamRecordsRequest {
        cursor: Some(exporter.cursor()),
        follow: false,
        batch_size: 1_000,
        ..StreamRecordsRequest::default()
    };
    let mut stream = client.stream_records(request).await?.into_inner();
    while let Some(batch) = stream.message().await? {
        exporter.accept(batch).map_err(told)?;
        let (written, covered) = exporter.progress();
        progress.at(written, covered);
    }
    exporter.finish().map_err(told)
}

/// Says what was exported, and how it is checked.
pub(crate) fn print_exported(exported: &Exported, folder: &Path, as_json: bool) {
    let Exported { tree_size, root_hash, files } = exported;
    if as_json {
        println!("{}", json!({ "tree_size": tree_size, "root": root_hash.to_string(), "files": files }));
        return;
    }
    println!("{} {tree_size} records in {files} files under {}", good("exported:"), folder.display());
    println!("root   {root_hash}");
    println!("check  python3 {}   (needs the package cryptography)", folder.join("verify.py").display());
}

/// Checks a folder and says what it was found to be.
///
/// # Errors
/// [`NotProven`] if anything is not as it should be.
pub(crate) fn check(folder: &Path, key: Option<&str>, as_json: bool) -> Result<()> {
    let key = key.map(VerifierKey::parse).transpose().context("the log's key")?;
    let progress = Progress::bar("records", 0, as_json);
    let found = verify(folder, key.as_ref(), |read, all| progress.at(read, all));
    progress.finish();
    let report = found.map_err(|fault| match fault {
        ExportFault::Unreadable { .. } => anyhow::Error::from(fault),
        fault => NotProven::from(fault).into(),
    })?;
    if as_json {
        let found = json!({
            "origin": report.origin, "tree_size": report.tree_size, "root": report.root_hash.to_string(),
            "verifier_key": report.verifier_key, "bodies": report.bodies, "opened": report.opened, "verified": true,
        });
        println!("{found}");
        return Ok(());
    }
    println!("{} {} records of {}, {} bodies", good("verified:"), report.tree_size, report.origin, report.bodies);
    println!("root   {}", report.root_hash);
    println!("key    {}", report.verifier_key);
    Ok(())
}

fn told(error: ExportError) -> anyhow::Error {
    match error {
        ExportError::Log(error) => NotProven::from(error).into(),
        error => error.into(),
    }
}
