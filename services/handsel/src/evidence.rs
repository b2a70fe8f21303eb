//! Evidence of one record in a file (C2SP tlog-proof): fetched from a server, checked without one.

use crate::audit::NotProven;
use crate::bearer::Caller;
use crate::cli::{EvidenceArguments, VerifyProofArguments};
use crate::paint::good;
use anstream::println;
use anyhow::{Context as _, Result};
use handsel_audit::tlog::{CosignerKey, LogProof, TreeHead, VerifierKey};
use handsel_proto::handsel::audit::v1::{GetEvidenceRequest, GetLogRequest, audit_service_client::AuditServiceClient};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// Checks a file, and prints what it proves.
///
/// # Errors
/// [`NotProven`] if it proves nothing; anything else if it cannot be read, or a key is none.
pub(crate) fn verify_file(arguments: &VerifyProofArguments) -> Result<()> {
    let VerifyProofArguments { file, key, witness, quorum, json } = arguments;
    let key = VerifierKey::parse(key).context("the log's key")?;
    let witnesses = witness.iter().map(|key| CosignerKey::parse(key).with_context(|| format!("the witness key {key}")));
    let witnesses = witnesses.collect::<Result<Vec<_>>>()?;
    let wanted = quorum.unwrap_or(witnesses.len());
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let (proof, head) = check(&text, &key, &witnesses, wanted)?;
    print(&proof, &head, wanted, *json)
}

/// Fetches evidence, checks it as a stranger would, and writes it.
///
/// # Errors
/// [`NotProven`] if the server's evidence proves nothing.
pub(crate) async fn fetch(caller: &Caller, arguments: &EvidenceArguments) -> Result<()> {
    let EvidenceArguments { audit, index, to } = arguments;
    let mut client = AuditServiceClient::new(caller.clone());
    let key = match &audit.key {
        Some(key) => key.clone(),
        None => client.get_log(GetLogRequest {}).await?.into_inner().verifier_key,
    };
    let key = VerifierKey::parse(&key).context("the log's key")?;
    let evidence = client.get_evidence(GetEvidenceRequest { index: *index }).await?.into_inner();
    let text = String::from_utf8(evidence.proof).map_err(|_| NotProven::because("the proof is no text"))?;
    let (proof, head) = check(&text, &key, &[], 0)?;
    let file = to.clone().unwrap_or_else(|| PathBuf::from(format!("record-{index}.tlog-proof")));
    fs::write(&file, &text).with_context(|| file.display().to_string())?;
    print(&proof, &head, 0, audit.json)
}

/// The leaf lies in the file, where nobody needs to believe it: only the one that leads to the signed root passes.
fn check(text: &str, key: &VerifierKey, witnesses: &[CosignerKey], wanted: usize) -> Result<(LogProof, TreeHead)> {
    let proof = LogProof::parse(text).map_err(NotProven::because)?;
    let leaf = proof.extra.as_deref().ok_or_else(|| NotProven::because("the file does not hold the record"))?;
    let head = proof.check(leaf, key, witnesses, wanted).map_err(NotProven::because)?;
    Ok((proof, head))
}

fn print(proof: &LogProof, head: &TreeHead, witnesses: usize, as_json: bool) -> Result<()> {
    let leaf: Value = serde_json::from_slice(proof.extra.as_deref().unwrap_or_default()).context("the record")?;
    let LogProof { index, .. } = proof;
    let TreeHead { origin, size, root } = head;
    if as_json {
        let found = json!({
            "origin": origin, "index": index, "tree_size": size, "root": root.to_string(), "witnesses": witnesses,
            "record": leaf, "verified": true,
        });
        println!("{found}");
        return Ok(());
    }
    println!(
        "{} record {index} of {origin}, in a tree of {size} that {witnesses} trusted witnesses have seen",
        good("verified:")
    );
    println!("{}", serde_json::to_string_pretty(&leaf)?);
    Ok(())
}
