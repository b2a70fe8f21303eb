//! Every write of the contract leaves its record: each rpc that its rule does not call a read is called in a running suite, and what it
//! did is found in the log afterwards, read and proven as an officer does. A call that was refused leaves none.
//!
//! Where an rpc needs what this suite has not (files of a bank, a rate desk, a log that was tampered with), its own service's tests
//! call it, and this table says which. An rpc that stands nowhere fails the test.
#![expect(clippy::expect_used, reason = "a test says what it needs, and fails where it is not so")]

mod acts;

use acts::Acts;
use bytes::Bytes;
use handsel_access::Role;
use handsel_audit::client::{Follower, VerifiedRecord, verify_stream};
use handsel_audit::tlog::VerifierKey;
use handsel_proto::POOL;
use handsel_proto::handsel::audit::v1::{
    GetLogRequest, StreamRecordsRequest, audit_service_client::AuditServiceClient,
};
use handsel_tests::patience::Patience;
use handsel_tests::raw::call;
use handsel_tests::{Store, Suite, postgres, token, with_token};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// `handsel.access.v1.Idempotency`: what is safe to repeat because it changes nothing.
const READ: i32 = 1;
/// Whose rpcs these are.
const PACKAGES: [&str; 4] = ["handsel.referral.v1", "handsel.reward.v1", "handsel.tier.v1", "handsel.audit.v1"];
/// The log's own records: of its life, and of those who read it.
const OWN: &str = "audit/audit";

/// Rpcs that change what a service knows of another's relay, and nothing that a bank would call an act.
const NO_ACT: [&str; 3] = [
    "/handsel.audit.v1.AuditIngestService/Greet",
    "/handsel.referral.v1.ReferralInboxService/Greet",
    "/handsel.reward.v1.RewardInboxService/Greet",
];

/// Rpcs that are called elsewhere: the rpc, the file whose test calls it and reads what it leaves, the type of that record.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("/handsel.audit.v1.CaseService/OpenCase", "audit/tests/log/cases.rs", "case.opened"),
    ("/handsel.audit.v1.CaseService/AddToCase", "audit/tests/log/cases.rs", "case.added"),
    ("/handsel.audit.v1.CaseService/CloseCase", "audit/tests/log/cases.rs", "case.closed"),
    ("/handsel.audit.v1.HoldService/PlaceHold", "audit/tests/log/holds.rs", "hold.placed"),
    ("/handsel.audit.v1.HoldService/ReleaseHold", "audit/tests/log/holds.rs", "hold.released"),
    ("/handsel.audit.v1.IntegrityService/Resume", "audit/tests/log/integrity.rs", "audit.resumed"),
    ("/handsel.audit.v1.PruneService/ConfirmPrune", "audit/tests/log/prune.rs", "bodies.prune_confirmed"),
    ("/handsel.audit.v1.PruneService/ProposePrune", "audit/tests/log/prune.rs", "bodies.prune_proposed"),
    ("/handsel.referral.v1.ReferralInboxService/Deliver", "referral/tests/port/inbox.rs", "referral.converting"),
    ("/handsel.audit.v1.ClearanceService/ClearErasure", "audit/tests/log/clearance.rs", "erasure.cleared"),
    ("/handsel.referral.v1.ErasureService/ConfirmErasure", "referral/tests/port/erasure.rs", "subject.erasure_decided"),
    (
        "/handsel.referral.v1.ErasureService/ProposeErasure",
        "referral/tests/port/erasure.rs",
        "subject.erasure_proposed",
    ),
    ("/handsel.referral.v1.SubjectService/OpenPersonalData", "referral/tests/port/reveal.rs", "subject.opened"),
    ("/handsel.referral.v1.SubjectService/RevealReferee", "referral/tests/port/reveal.rs", "subject.revealed"),
    ("/handsel.reward.v1.ChoiceService/ChooseReward", "reward/tests/port/choices.rs", "reward.chosen"),
    ("/handsel.reward.v1.ClaimService/RecordRecovery", "reward/tests/port/lifecycle.rs", "claim.recovered"),
    ("/handsel.reward.v1.RateService/ActivateRateGrant", "reward/tests/port/rates.rs", "rate.activated"),
    ("/handsel.reward.v1.RateService/EndRateGrant", "reward/tests/port/rates.rs", "rate.ended"),
    ("/handsel.reward.v1.RateService/ListRateInstructions", "reward/tests/port/rates.rs", "rate.sent"),
    ("/handsel.reward.v1.RateService/ReportRateInstructions", "reward/tests/port/rates.rs", "rate.answered"),
    ("/handsel.reward.v1.RateService/RevokeRateGrant", "reward/tests/port/rates.rs", "rate.revoked"),
    ("/handsel.reward.v1.ResolutionService/ConfirmResolution", "reward/tests/port/resolutions.rs", "payout.resolved"),
    ("/handsel.reward.v1.ResolutionService/ConfirmWriteOff", "reward/tests/port/resolutions.rs", "reward.written_off"),
    (
        "/handsel.reward.v1.ResolutionService/ProposeResolution",
        "reward/tests/port/resolutions.rs",
        "resolution.proposed",
    ),
    ("/handsel.reward.v1.ResolutionService/ProposeWriteOff", "reward/tests/port/resolutions.rs", "resolution.proposed"),
    (
        "/handsel.reward.v1.SettlementFileService/ImportStatement",
        "reward/tests/port/file_answers.rs",
        "bank_file.imported",
    ),
    (
        "/handsel.reward.v1.SettlementFileService/ImportStatusReport",
        "reward/tests/port/file_answers.rs",
        "bank_file.imported",
    ),
    ("/handsel.reward.v1.SettlementFileService/WritePaymentFile", "reward/tests/port/files.rs", "payment_file.written"),
    (
        "/handsel.reward.v1.SettlementFileService/ConfirmDifferenceResolution",
        "reward/tests/port/differences.rs",
        "difference.resolved",
    ),
    (
        "/handsel.reward.v1.SettlementFileService/ProposeDifferenceResolution",
        "reward/tests/port/differences.rs",
        "difference.resolution_proposed",
    ),
    (
        "/handsel.reward.v1.SettlementFileService/ConfirmFileWithdrawal",
        "reward/tests/port/file_withdrawn.rs",
        "payment_file.withdrawn",
    ),
    (
        "/handsel.reward.v1.SettlementFileService/ProposeFileWithdrawal",
        "reward/tests/port/file_withdrawn.rs",
        "payment_file.withdrawal_proposed",
    ),
    ("/handsel.reward.v1.TaxService/ProposeTaxRemittance", "reward/tests/port/taxes.rs", "tax.remittance_proposed"),
    ("/handsel.reward.v1.TaxService/ConfirmTaxRemittance", "reward/tests/port/taxes.rs", "tax.remittance_confirmed"),
];

/// An rpc that changes something, and who may call it.
struct Write {
    path: String,
    role: Role,
}

fn writes() -> Vec<Write> {
    let extension = POOL.get_extension_by_name("handsel.access.v1.rule").expect("the option");
    let services = POOL.services().filter(|service| PACKAGES.contains(&service.package_name()));
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let mut found = Vec::new();
    for method in methods {
        let options = method.options();
        let rule = options.get_extension(&extension).into_owned();
        let rule = rule.as_message().expect("a rule");
        let field = |name: &str| rule.get_field_by_name(name).expect("a field").into_owned();
        if field("idempotency").as_enum_number() == Some(READ) {
            continue;
        }
        let roles = field("roles");
        let first = roles.as_list().expect("a list").first().expect("a role").as_enum_number().expect("an enum");
        let role = Role::try_from(first).expect("a role of the contract");
        let service = method.parent_service();
        found.push(Write { path: format!("/{}/{}", service.full_name(), method.name()), role });
    }
    found
}

/// The log, whole and proven.
async fn read(suite: &Suite) -> Vec<VerifiedRecord> {
    let officer = token(&suite.issuer(), Role::ComplianceOfficer, "*", Some("karel"));
    let mut client = AuditServiceClient::new(suite.channel().await);
    let log = client.get_log(with_token(GetLogRequest {}, &officer)).await.expect("a log").into_inner();
    let key = VerifierKey::parse(&log.verifier_key).expect("a key");
    let mut follower = Follower::new(key, None).expect("from the beginning");
    let request = StreamRecordsRequest { cursor: Some(follower.cursor()), ..StreamRecordsRequest::default() };
    let stream = client.stream_records(with_token(request, &officer)).await.expect("a stream").into_inner();
    let mut records = Vec::new();
    verify_stream(&mut follower, stream, |batch| records.extend(batch)).await.expect("proven");
    records
}

/// How many records of this type tell of this.
fn telling(records: &[VerifiedRecord], kind: &str, about: &str) -> usize {
    let tells = |statement: &Value| statement["type"] == kind && statement.to_string().contains(about);
    records.iter().filter(|record| tells(&record.statement)).count()
}

async fn every_write_leaves_its_record(store: Store) {
    let data = tempfile::tempdir().expect("a folder");
    let suite = Suite::up(data.path(), &store, &[]);
    let writes = writes();
    assert!(writes.len() > 50, "only {} rpcs that write", writes.len());

    // Nothing in them is right but who sends them.
    let (channel, issuer) = (suite.channel().await, suite.issuer());
    for write in &writes {
        let token = token(&issuer, write.role, "*", Some("somebody"));
        drop(call(&channel, &write.path, Some(&token), Bytes::new()).await);
    }
    let from_others = |record: &&VerifiedRecord| record.statement["source"] != OWN;
    let left = read(&suite).await;
    assert_eq!(left.iter().find(from_others), None, "a call that was refused left a record");

    let patience = Patience::within(Duration::from_secs(100));
    let acts = Acts::done(&suite, &patience).await;
    let mut wanted: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for act in &acts {
        wanted.entry((act.kind, act.about.as_str())).or_default().insert(act.path);
    }
    let found = async || {
        let records = read(&suite).await;
        let missing = wanted.iter().filter(|((kind, about), paths)| telling(&records, kind, about) < paths.len());
        let missing: Vec<_> = missing.collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("{missing:?}")) }
    };
    patience.until("every write has its record in the log", found).await;

    let called: BTreeSet<&str> = acts.iter().map(|act| act.path).collect();
    let known: BTreeSet<&str> =
        called.into_iter().chain(NO_ACT).chain(ELSEWHERE.iter().map(|(path, ..)| *path)).collect();
    let contract: BTreeSet<&str> = writes.iter().map(|write| write.path.as_str()).collect();
    let without: Vec<_> = contract.difference(&known).collect();
    assert!(
        without.is_empty(),
        "nobody shows that these leave a record: call them in acts.rs, or say who does: {without:#?}"
    );
    let gone: Vec<_> = known.difference(&contract).collect();
    assert!(gone.is_empty(), "the contract has no such writes: {gone:#?}");
}

#[tokio::test]
async fn every_write_leaves_its_record_on_sqlite() {
    every_write_leaves_its_record(Store::Sqlite).await;
}

#[tokio::test]
async fn every_write_leaves_its_record_on_postgres() {
    every_write_leaves_its_record(postgres("recorded")).await;
}

/// Whoever is said to call an rpc does call it, and its service does leave records of that type.
#[test]
fn what_is_called_elsewhere_is_called_there() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("services");
    for &(path, file, kind) in ELSEWHERE {
        let method = path.rsplit('/').next().expect("a method");
        let folder = services.join(file);
        let tests = folder.parent().expect("a folder");
        let sources = |folder: &Path| -> String {
            let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            files.map(|file| fs::read_to_string(file.expect("a file").path()).unwrap_or_default()).collect()
        };
        assert!(folder.exists(), "{file} is not there");
        assert!(sources(tests).contains(&format!(".{}(", snake(method))), "nobody in {} calls {path}", tests.display());
        let service = file.split('/').next().expect("a service");
        let rooms = ["commands", "domain", "grpc"].map(|room| services.join(service).join("src").join(room));
        assert!(rooms.iter().any(|room| sources(room).contains(&format!("\"{kind}\""))), "{service} leaves no {kind}");
    }
}

fn snake(camel: &str) -> String {
    let mut text = String::new();
    for letter in camel.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
