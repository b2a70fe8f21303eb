//! A witness over its real protocol: what it answers, what it remembers, and that no kill makes it forget.
#![expect(clippy::expect_used, reason = "what a test needs and does not get fails the test")]

use bytes::Bytes;
use handsel_service::SystemClock;
use handsel_tlog::{
    CompactRange, CosignerKey, CosigningKey, Hash, SigningKey, Submission, TreeHead, check_consistency, with_lines,
};
use handsel_witness::{Known, Records, Witness, serve};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

const ORIGIN: &str = "handsel.example/audit";
const NAME: &str = "witness.example/w1";

fn log_key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, &[1; 32]).expect("a key")
}

fn witness_key() -> CosigningKey {
    CosigningKey::from_seed(NAME, &[2; 32]).expect("a key")
}

fn leaf(index: u64) -> Hash {
    Hash::of_leaf(&index.to_be_bytes())
}

fn range(size: u64) -> CompactRange {
    let mut range = CompactRange::new();
    (0..size).for_each(|index| range.push(leaf(index)));
    range
}

fn note(size: u64) -> String {
    TreeHead { origin: ORIGIN.to_owned(), size, root: range(size).root() }.sign(&log_key()).expect("signed")
}

/// The consistency proof from `from` to `to`, by the recursion of RFC 6962, section 2.1.2.
fn proof(from: u64, to: u64) -> Vec<Hash> {
    fn root(first: u64, end: u64) -> Hash {
        let mut range = CompactRange::new();
        (first..end).for_each(|index| range.push(leaf(index)));
        range.root()
    }
    fn subproof(from: u64, first: u64, end: u64, whole: bool) -> Vec<Hash> {
        let size = end - first;
        if from == size {
            return if whole { Vec::new() } else { vec![root(first, end)] };
        }
        let half = size.next_power_of_two() / 2;
        if from <= half {
            let mut proof = subproof(from, first, first + half, whole);
            proof.push(root(first + half, end));
            proof
        } else {
            let mut proof = subproof(from - half, first + half, end, false);
            proof.push(root(first, first + half));
            proof
        }
    }
    if from == 0 { Vec::new() } else { subproof(from, 0, to, true) }
}

fn submission(from: u64, to: u64) -> Submission {
    Submission { old_size: from, proof: proof(from, to), note: note(to) }
}

fn started(folder: &Path) -> anyhow::Result<Witness> {
    let known = Known::new(vec![log_key().verifier().clone()]);
    Witness::start(witness_key(), known, Records::open(folder)?, Arc::new(SystemClock))
}

struct Stage {
    address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    _stop: DropGuard,
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

impl Stage {
    async fn set(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (address, stop) = (listener.local_addr().expect("an address"), CancellationToken::new());
        tokio::spawn(serve(listener, Arc::new(started(folder).expect("a witness")), stop.clone()));
        Self { address, client: client(), _stop: stop.drop_guard() }
    }

    async fn post(&self, body: String) -> (StatusCode, String, String) {
        answer(post(&self.client, self.address, body).await.expect("an answer")).await
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let uri = format!("http://{}{path}", self.address).parse().expect("a URI");
        let (code, _, body) = answer(self.client.get(uri).await.expect("an answer")).await;
        (code, body)
    }
}

async fn post(
    client: &Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    body: String,
) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
    let request = Request::post(format!("http://{address}/add-checkpoint")).body(Full::from(body)).expect("a request");
    client.request(request).await
}

async fn answer(response: Response<Incoming>) -> (StatusCode, String, String) {
    let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
    let code = response.status();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (code, kind, String::from_utf8(body.into()).expect("text"))
}

#[test]
fn the_proofs_of_this_test_are_proofs() {
    for to in 1..40 {
        for from in 1..=to {
            let (old, new) = (range(from).root(), range(to).root());
            check_consistency(&proof(from, to), from, old, to, new).expect("a proof");
        }
    }
}

#[tokio::test]
async fn it_cosigns_what_continues_what_it_saw_and_says_why_it_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let stage = Stage::set(folder.path()).await;
    let monitored = format!("/{}/checkpoint", Hash::of(ORIGIN.as_bytes()));
    assert_eq!(stage.get(&monitored).await.0, StatusCode::NOT_FOUND);
    for (from, to) in [(0, 3), (3, 7), (7, 7), (7, 260)] {
        let (code, _, line) = stage.post(submission(from, to).to_text()).await;
        assert_eq!(code, StatusCode::OK, "{line}");
        let cosigned = format!("{}{line}", note(to));
        let found = witness_key().verifier().find(&cosigned).expect("a cosignature");
        assert!(found.seconds > 1_600_000_000 && line.ends_with('\n'));
        assert_eq!(stage.get(&monitored).await, (StatusCode::OK, cosigned));
    }

    let rewritten = TreeHead { origin: ORIGIN.to_owned(), size: 300, root: Hash::of(b"another") };
    let rewritten = rewritten.sign(&log_key()).expect("signed");
    let stranger = SigningKey::from_seed(ORIGIN, &[9; 32]).expect("a key");
    let elsewhere = SigningKey::from_seed("handsel.other/audit", &[1; 32]).expect("a key");
    let head = |origin: &str| TreeHead { origin: origin.to_owned(), size: 300, root: range(300).root() };
    let with = |note: String| Submission { note, ..submission(260, 300) }.to_text();
    let table = [
        ("another size", submission(7, 300).to_text(), StatusCode::CONFLICT, "260\n"),
        ("none yet, it says", submission(0, 300).to_text(), StatusCode::CONFLICT, "260\n"),
        ("back", submission(3, 7).to_text(), StatusCode::CONFLICT, "260\n"),
        ("another root", with(rewritten), StatusCode::UNPROCESSABLE_ENTITY, "not proven"),
        (
            "no proof",
            Submission { proof: vec![], ..submission(260, 300) }.to_text(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "",
        ),
        ("another key", with(head(ORIGIN).sign(&stranger).expect("signed")), StatusCode::FORBIDDEN, "no known key"),
        ("another log", with(head("handsel.other/audit").sign(&elsewhere).expect("signed")), StatusCode::NOT_FOUND, ""),
        ("beyond", Submission { old_size: 301, ..submission(260, 300) }.to_text(), StatusCode::BAD_REQUEST, "beyond"),
        ("nothing", String::new(), StatusCode::BAD_REQUEST, ""),
        ("too long", format!("{}{}", submission(260, 300).to_text(), "x".repeat(70_000)), StatusCode::BAD_REQUEST, ""),
    ];
    for (what, body, code, says) in table {
        let (answered, kind, body) = stage.post(body).await;
        assert_eq!(answered, code, "{what}: {body}");
        assert!(body.contains(says), "{what}: {body}");
        assert_eq!(kind == "text/x.tlog.size", code == StatusCode::CONFLICT, "{what}");
    }
    assert_eq!(stage.get("/").await.0, StatusCode::NOT_FOUND);
    assert_eq!(stage.post(submission(260, 300).to_text()).await.0, StatusCode::OK, "nothing of it was remembered");
}

#[test]
fn it_remembers_and_believes_only_its_own_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = started(folder.path()).expect("a witness");
    first.add_checkpoint(&submission(0, 5).to_text()).expect("kept");
    let refused = started(folder.path()).err().expect("one process a folder");
    assert!(format!("{refused:#}").contains("another process has"), "{refused:#}");
    drop(first);
    let again = started(folder.path()).expect("a witness");
    assert!(again.checkpoint(Hash::of(ORIGIN.as_bytes())).expect("remembered").starts_with(&note(5)));
    drop(again);

    let record = folder.path().join(format!("{}.checkpoint", Hash::of(ORIGIN.as_bytes())));
    let forged = SigningKey::from_seed(ORIGIN, &[9; 32]).expect("a key");
    let forged = TreeHead { origin: ORIGIN.to_owned(), size: 9, root: range(9).root() }.sign(&forged).expect("signed");
    let line = witness_key().cosign(&forged, 1_700_000_000).expect("signed");
    for changed in [note(5), with_lines(&forged, &[line]), "half".to_owned()] {
        std::fs::write(&record, changed).expect("written");
        let refused = started(folder.path()).err().expect("no memory of its own");
        assert!(format!("{refused:#}").contains("is not what this witness wrote"), "{refused:#}");
    }
}

/// The real program over a folder.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(config: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_handsel-witness"))
            .args(["serve", "--config"])
            .arg(config)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut line = String::new();
        let mut log = BufReader::new(child.stderr.take().expect("its log"));
        let address = loop {
            line.clear();
            assert!(log.read_line(&mut line).expect("a line") > 0, "it ended");
            if let Some((_, rest)) = line.split_once("\"address\":\"") {
                break rest.split('"').next().expect("an address").parse().expect("an address");
            }
        };
        std::thread::spawn(move || log.lines().for_each(drop));
        Self { child, address }
    }

    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

#[tokio::test]
async fn whatever_kills_it_it_never_goes_back() {
    const KILLS: u64 = 12;
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("witness.toml");
    let text = format!(
        "[witness]\nname = '{NAME}'\nlisten = '127.0.0.1:0'\nfolder = '{}'\nlogs = ['{}']\n[log]\nformat = 'json'\nfilter = 'info'\n",
        folder.path().join("data").display(),
        log_key().verifier(),
    );
    std::fs::write(&config, text).expect("written");
    let key = Command::new(env!("CARGO_BIN_EXE_handsel-witness")).args(["key", "--config"]).arg(&config).output();
    let key = String::from_utf8(key.expect("a key").stdout).expect("text");
    let key = CosignerKey::parse(key.trim()).expect("a key");

    // What was cosigned is remembered, or what was asked for last and not answered.
    let (mut told, mut asked) = (0, 0);
    for kill in 0..KILLS {
        let process = Process::start(&config);
        let client = client();
        let from =
            match answer(post(&client, process.address, submission(0, 0).to_text()).await.expect("an answer")).await {
                (StatusCode::CONFLICT, _, size) => size.trim().parse().expect("a size"),
                (code, _, body) => {
                    assert_eq!((code, told), (StatusCode::OK, 0), "{body}");
                    0
                }
            };
        assert!(from == told || from == asked, "it has {from}, it told {told}, it was asked for {asked}");
        told = from;
        let address = process.address;
        let killer = std::thread::spawn(move || {
            std::thread::yield_now();
            (0..kill * 2_000).for_each(|_| std::hint::spin_loop());
            process.kill();
        });
        for to in from + 1..from + 40 {
            asked = to;
            let Ok(response) = post(&client, address, submission(told, to).to_text()).await else { break };
            let Ok(body) = response.into_body().collect().await else { break };
            let cosigned = format!("{}{}", note(to), String::from_utf8(body.to_bytes().into()).expect("text"));
            key.find(&cosigned).expect("a cosignature");
            told = to;
        }
        killer.join().expect("killed");
    }
}
