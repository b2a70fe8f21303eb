//! Nobody's contact lies open anywhere: whole suites take introductions, pay them, export their log; then every byte of their databases,
//! dumps, copies, exports and logs is read for what the tellers typed. After an erasure not even an officer with the key store and an
//! older copy of the database opens it.
#![expect(clippy::expect_used, reason = "a test says what it needs, and fails where it is not so")]

use aho_corasick::AhoCorasick;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use handsel_access::Role;
use handsel_proto::handsel::referral::v1::{
    Channel, ConfirmErasureRequest, Consent, CreateReferralRequest, Erasure, ErasureReason, GetErasureRequest,
    GetReferralRequest, ProposeErasureRequest, Referee, Referral, RevealReason, RevealRefereeRequest, consent,
    erasure::Stage, erasure_service_client::ErasureServiceClient, referee::Contact,
    referral_service_client::ReferralServiceClient, subject_service_client::SubjectServiceClient,
};
use handsel_tests::bank::{Bank, Introduction, OWING, PROGRAM, Registered};
use handsel_tests::installation::{Caller, Installation, Lease, Service};
use handsel_tests::patience::Patience;
use handsel_tests::{Store, postgres};
use prost_types::Timestamp;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::{Code, Response};
use tonic_types::StatusExt as _;
use uuid::Uuid;

const BRANCH: &str = "0101";
/// Who is introduced, by name, and how he is reached.
const BY_MAIL: (&str, &str) = ("Bartholomäus Zwölfenstein", "b.zwoelfenstein@posteo.example.org");
const BY_PHONE: (&str, &str) = ("Květoslava Přikrylová", "+420601987654");
/// What of these, and of the bank's other introductions, lies nowhere.
const TYPED: [&str; 10] = [
    "Bartholomäus",
    "Zwölfenstein",
    "Zw\\u00f6lfenstein",
    "b.zwoelfenstein",
    "zwoelfenstein@posteo",
    "Květoslava",
    "Přikrylová",
    "601987654",
    "friend-0@example.org",
    "friend-1@example.org",
];

/// In how many ways a text is looked for.
const SPELLINGS: usize = 7;

/// What was typed, in every spelling that bytes on a disk may have.
fn spellings() -> Vec<Vec<u8>> {
    TYPED.into_iter().flat_map(spelled).collect()
}

fn spelled(text: &str) -> [Vec<u8>; SPELLINGS] {
    let bytes = text.as_bytes();
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    // In base64 it stands at one of three places of a group; what its neighbours change of it is left off.
    let [start, second, third] = [0, 1, 2].map(|before| {
        let whole = BASE64_STANDARD.encode([&vec![0; before], bytes].concat());
        let (first, last) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
        whole.as_bytes()[first..last].to_vec()
    });
    let (lower, upper) = (hex::encode(bytes).into_bytes(), hex::encode_upper(bytes).into_bytes());
    [bytes.to_vec(), wide, lower, upper, start, second, third]
}

/// Every file in which something that was typed can be read.
fn readable(folder: &Path) -> BTreeSet<String> {
    let typed = AhoCorasick::new(spellings()).expect("patterns");
    let (mut found, mut folders, mut read) = (BTreeSet::new(), vec![folder.to_path_buf()], 0);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // One that was there a moment ago is a database's own.
            let bytes = fs::read(&path).unwrap_or_default();
            read += bytes.len();
            if let Some(hit) = typed.find(&bytes) {
                let what = TYPED[hit.pattern().as_usize() / SPELLINGS];
                found.insert(format!("{what} in {}", path.strip_prefix(folder).expect("within").display()));
            }
        }
    }
    assert!(read > 100_000, "only {read} bytes were read");
    found
}

/// Tellers and officers at the referral service.
struct Counter<'a> {
    installation: &'a Installation,
    bank: &'a Bank<'a>,
}

impl Counter<'_> {
    fn caller(&self, role: Role, person: &str) -> Caller {
        let branch = if role == Role::BranchStaff { BRANCH } else { "*" };
        self.installation.caller(Service::Referral, role, branch, Some(person))
    }

    async fn introduce(&self, request: u128, name: &str, contact: Contact) -> String {
        let given = Consent {
            text_version: "referee-contact/1".to_owned(),
            give_time: Some(Timestamp { seconds: self.bank.began, nanos: 0 }),
            means: consent::Means::Signed.into(),
        };
        let referral = Referral {
            program: PROGRAM.to_owned(),
            branch: BRANCH.to_owned(),
            channel: Channel::BranchForm.into(),
            referrer: "customers/R-1".to_owned(),
            referee: Some(Referee { display_name: name.to_owned(), contact: Some(contact) }),
            consent: Some(given),
            ..Referral::default()
        };
        let asked = CreateReferralRequest { request_id: id(request), referral: Some(referral) };
        let teller = self.caller(Role::BranchStaff, "anna");
        let call = async || ReferralServiceClient::new(teller.clone()).create_referral(asked.clone()).await;
        self.bank.patience.answer("an introduction", call).await.name
    }

    /// Asked for in plain, as whoever calls him would; the name, or why not.
    async fn reveal(&self, request: u128, referral: &str) -> Result<String, String> {
        let (request_id, referral) = (id(request), referral.to_owned());
        let asked = RevealRefereeRequest { request_id, referral, reason: RevealReason::Contact.into() };
        let teller = self.caller(Role::BranchStaff, "anna");
        let call = async || match SubjectServiceClient::new(teller.clone()).reveal_referee(asked.clone()).await {
            Ok(shown) => Ok(Response::new(Ok(shown.into_inner().display_name))),
            Err(status) if status.code() == Code::FailedPrecondition => {
                let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
                Ok(Response::new(Err(reason)))
            }
            Err(status) => Err(status),
        };
        self.bank.patience.answer("a look", call).await
    }

    async fn masked(&self, referral: &str) -> Referee {
        let teller = self.caller(Role::BranchStaff, "anna");
        let asked = GetReferralRequest { name: referral.to_owned() };
        let call = async || ReferralServiceClient::new(teller.clone()).get_referral(asked.clone()).await;
        self.bank.patience.answer("a look", call).await.referee.expect("a referee")
    }

    async fn erase(&self, request: u128, referral: &str) {
        let asked = ProposeErasureRequest {
            request_id: id(request),
            referral: referral.to_owned(),
            purposes: Vec::new(),
            reason: ErasureReason::DataSubjectRequest.into(),
        };
        let at = |person| ErasureServiceClient::new(self.caller(Role::ComplianceOfficer, person));
        let call = async || at("olga").propose_erasure(asked.clone()).await;
        let Erasure { name, .. } = self.bank.patience.answer("proposing", call).await;
        let agreed = ConfirmErasureRequest { request_id: id(request + 1), name: name.clone() };
        self.bank.patience.answer("agreeing", async || at("petr").confirm_erasure(agreed.clone()).await).await;
        let erased = async || {
            let asked = GetErasureRequest { name: name.clone() };
            let shown = at("olga").get_erasure(asked).await.map_err(|status| status.to_string())?.into_inner();
            if shown.stage() == Stage::Erased { Ok(()) } else { Err(format!("{:?}", shown.stage())) }
        };
        self.bank.patience.until("he is erased", erased).await;
    }
}

fn id(number: u128) -> String {
    Uuid::from_u128(number).to_string()
}

/// An export with everything in it that an officer may open.
fn opened(installation: &Installation, name: &str) -> PathBuf {
    let folder = installation.folder().join(name);
    let shown = folder.display().to_string();
    installation.ask(Service::Audit, &["audit", "export", &shown]).expect("an export");
    open(installation, &folder);
    folder
}

fn open(installation: &Installation, folder: &Path) {
    let why = ["--reason", "data-subject-request"];
    let shown = folder.display().to_string();
    installation.ask(Service::Referral, &["audit", "open-export", &shown, why[0], why[1]]).expect("opened");
}

/// The services tell what they can in their logs.
fn talkative(installation: &Installation) {
    for service in Service::ALL {
        let file = installation.folder().join(format!("{}.toml", service.name()));
        let told = fs::read_to_string(&file).expect("its configuration");
        assert!(told.contains("filter = \"info\""), "{told}");
        fs::write(&file, told.replace("filter = \"info\"", "filter = \"info,handsel=trace\"")).expect("written");
    }
}

async fn nothing_typed_lies_open(store: Store) {
    let installation = Installation::over(store, Lease(1_500));
    talkative(&installation);
    let mut processes = Service::ALL.map(|service| installation.process(service));
    processes.iter_mut().for_each(handsel_tests::process::Process::start);
    let mut core_bank = installation.core_bank("");
    core_bank.start();
    let bank = Bank::new(&installation, Patience::within(Duration::from_secs(240)));
    let counter = Counter { installation: &installation, bank: &bank };
    bank.make_tiers().await;
    bank.wait_until_delivered(&[Service::Tier]).await;
    bank.make_plan().await;
    bank.make_program().await;
    let paid = [bank.register(Introduction(0)).await, bank.register(Introduction(1)).await];
    bank.report(&paid.iter().flat_map(Registered::facts).collect::<Vec<_>>()).await;
    let by_mail = counter.introduce(1, BY_MAIL.0, Contact::Email(BY_MAIL.1.to_owned())).await;
    let by_phone = counter.introduce(2, BY_PHONE.0, Contact::Phone(BY_PHONE.1.to_owned())).await;
    assert_eq!(counter.reveal(3, &by_mail).await.as_deref(), Ok(BY_MAIL.0));
    assert_eq!(counter.reveal(4, &by_phone).await.as_deref(), Ok(BY_PHONE.0));
    bank.wait_until_paid(&paid).await;
    bank.wait_until_delivered(&OWING).await;

    // Where it was sealed, and nowhere else. What an officer has opened for himself is read too, so the search finds what is there.
    let before = opened(&installation, "export-before");
    let found = readable(&before);
    assert!(found.iter().all(|one| one.contains("openings/")) && !found.is_empty(), "{found:?}");
    fs::remove_dir_all(&before).expect("the officer's own");
    let kept = installation.folder().join("export-kept").display().to_string();
    installation.ask(Service::Audit, &["audit", "export", &kept]).expect("an export");
    installation.dump();
    assert_eq!(readable(installation.folder()), BTreeSet::new());

    // A copy of the database from before, and then both are erased.
    let [mut referral, rest @ ..] = processes;
    assert!(referral.stop().await.success(), "{}", referral.log());
    installation.back_up(Service::Referral);
    referral.start();
    for (request, introduced) in [(10, &by_mail), (20, &by_phone)] {
        counter.erase(request, introduced).await;
        assert_eq!(counter.reveal(request + 2, introduced).await, Err("ERASED".to_owned()));
        assert_eq!(counter.masked(introduced).await.display_name, "***");
    }
    bank.wait_until_delivered(&OWING).await;
    let after = opened(&installation, "export-after");
    let others: Vec<String> = readable(&after).into_iter().filter(|one| !one.contains("friend-")).collect();
    assert_eq!(others, Vec::<String>::new(), "what is erased opens no more");
    fs::remove_dir_all(&after).expect("the officer's own");

    // The copy comes back; the keys do not.
    assert!(referral.stop().await.success(), "{}", referral.log());
    installation.put_back(Service::Referral);
    referral.start();
    for (request, introduced) in [(30, &by_mail), (40, &by_phone)] {
        assert_eq!(counter.reveal(request, introduced).await, Err("ERASED".to_owned()));
    }
    let kept = PathBuf::from(kept);
    open(&installation, &kept);
    let others: Vec<String> = readable(&kept).into_iter().filter(|one| !one.contains("friend-")).collect();
    assert_eq!(others, Vec::<String>::new(), "an export of before opens no more either");
    fs::remove_dir_all(&kept).expect("the officer's own");
    for mut process in rest.into_iter().chain([referral, core_bank]) {
        assert!(process.stop().await.success(), "{}", process.log());
    }
    installation.dump();
    assert_eq!(readable(installation.folder()), BTreeSet::new());
}

#[tokio::test]
async fn nothing_typed_lies_open_on_postgres() {
    nothing_typed_lies_open(postgres("unreadable")).await;
}

#[tokio::test]
async fn nothing_typed_lies_open_on_sqlite() {
    nothing_typed_lies_open(Store::Sqlite).await;
}

#[test]
fn what_is_searched_is_found_however_it_is_spelled() {
    let typed = AhoCorasick::new(spellings()).expect("patterns");
    let text = BY_MAIL.1;
    let json = format!("{{\"contact\":\"{text}\"}}");
    for (spelling, bytes) in [
        ("as it was typed", json.clone().into_bytes()),
        ("as a dump has bytes", hex::encode(&json).into_bytes()),
        ("as UTF-16", json.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("as an export has bodies", BASE64_STANDARD.encode(&json).into_bytes()),
        ("one further on", BASE64_STANDARD.encode(format!(" {json}")).into_bytes()),
        ("two further on", BASE64_STANDARD.encode(format!("  {json}")).into_bytes()),
    ] {
        assert!(typed.is_match(&bytes), "{spelling}");
    }
    assert!(!typed.is_match("b***@posteo.example.org, ***, Z***"));
}
