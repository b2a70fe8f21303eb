//! The log's process killed (SIGKILL) at seeded moments, while sources hand in, an officer follows, and somebody keeps every receipt and
//! every signed checkpoint: nothing acknowledged is lost, no index holds two records, no two checkpoints contradict each other.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "what a test needs and does not get fails the test; what it came to is for whoever reads its output"
)]

use futures::future::join_all;
use handsel_access::Role;
use handsel_audit::client::Follower;
use handsel_proto::handsel::audit::v1::{
    AppendReceipt, AppendRequest, StreamRecordsRequest, audit_ingest_service_client::AuditIngestServiceClient,
    audit_service_client::AuditServiceClient,
};
use handsel_tests::chain::Chain;
use handsel_tests::dice::Dice;
use handsel_tests::installation::{Caller, Installation, Lease, Service};
use handsel_tests::onlooker::{Onlooker, newest_checkpoint};
use handsel_tests::patience::{Patience, may_be_made_again};
use handsel_tests::process::Process;
use handsel_tests::{Store, postgres};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// How often the process is killed at most, and how long that goes on at most.
const KILLS: u32 = 40;
const KILLING: Duration = Duration::from_secs(30);
/// Fewer would show little.
const FEWEST_KILLS: u32 = 12;
/// The writer's lease: after a kill nobody writes until it has run out.
const LEASE: Lease = Lease(300);
const SOURCES: [&str; 4] = ["referral/audit", "reward/audit", "tier/audit", "console/audit"];
/// Statements of one call at most.
const RUN: u64 = 48;
/// Runs of each source that are kept to be sent again.
const KEPT: usize = 40;
/// Varies when it is killed, and what is handed in.
const SEED: &str = "HANDSEL_TEST_SEED";
const PAUSE: Duration = Duration::from_millis(10);

/// What has happened so far: whoever kills waits for it.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    sent: u64,
    answered: u64,
    shown: u64,
}

/// When the process is killed: a few milliseconds after something that the outside sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// It was started, and may not even serve.
    Started,
    /// A call has gone out: it is read, waits, is sequenced, committed, or answered.
    Sent,
    /// A receipt has come in: the head that it is under will be signed.
    Answered,
    /// A checkpoint was shown: the next is made.
    Shown,
}

const MOMENTS: [Moment; 4] = [Moment::Started, Moment::Sent, Moment::Answered, Moment::Shown];

/// What a killed log had done, as its database says: what it owes those who have not heard of it.
#[derive(Debug, Clone, Copy, Default)]
struct Left {
    /// Committed, and nobody was told.
    unanswered: u32,
    /// Committed, and no checkpoint covers it.
    unsigned: u32,
    /// Signed, and not shown to anybody yet.
    unshown: u32,
    /// Looked at.
    looked: u32,
}

struct Scene {
    installation: Installation,
    officer: Caller,
    patience: Patience,
    onlooker: RefCell<Onlooker>,
    seen: watch::Sender<Seen>,
    over: Cell<bool>,
}

impl Scene {
    /// Hands in run after run until the killing is over, each until it is answered; now and then one that was answered long ago.
    async fn hand_in(&self, source: &str, mut dice: Dice) {
        let mut chain = Chain::new(source);
        let service = self.installation.caller(Service::Audit, Role::Service, "*", None);
        let mut kept: Vec<AppendRequest> = Vec::new();
        while !self.over.get() {
            let run = chain.next(&mut dice, RUN);
            self.answered(&service, source, &run).await;
            if dice.below(4) == 0 && !kept.is_empty() {
                let again = dice.below(kept.len() as u64);
                let again = &kept[usize::try_from(again).expect("an index")];
                self.answered(&service, source, again).await;
            }
            if kept.len() < KEPT {
                kept.push(run);
            }
            sleep(dice.millis(0, 20)).await;
        }
    }

    async fn answered(&self, service: &Caller, source: &str, run: &AppendRequest) {
        let append = async || {
            self.seen.send_modify(|seen| seen.sent += 1);
            AuditIngestServiceClient::new(service.clone()).append(run.clone()).await
        };
        let receipts = self.patience.answer("handing in", append).await.receipts;
        let numbers = |receipt: &AppendReceipt| receipt.sequence;
        let told: Vec<i64> = receipts.iter().map(numbers).collect();
        assert_eq!(told, run.statements.iter().map(|statement| statement.sequence).collect::<Vec<_>>());
        let mut onlooker = self.onlooker.borrow_mut();
        for receipt in &receipts {
            onlooker.was_answered(source, receipt);
        }
        self.seen.send_modify(|seen| seen.answered += 1);
    }

    /// Asks for the newest checkpoint all the time: it is never an older one.
    async fn look(&self) {
        let mut newest = 0;
        while !self.over.get() {
            if let Some(shown) = newest_checkpoint(&self.officer).await {
                assert!(shown.tree_size >= newest, "a checkpoint of {newest} was shown, now {shown:?}");
                self.onlooker.borrow_mut().was_shown(&shown);
                if shown.tree_size > newest {
                    self.seen.send_modify(|seen| seen.shown += 1);
                }
                newest = shown.tree_size;
            }
            sleep(PAUSE).await;
        }
    }

    /// Follows the log through all of its lives with one cursor, which never takes anything unproven. Returns all leaves, once a
    /// checkpoint covers whatever was acknowledged.
    async fn read(&self) -> Vec<Vec<u8>> {
        let mut follower = Follower::new(self.onlooker.borrow().key().clone(), None).expect("from the beginning");
        let mut leaves: Vec<Vec<u8>> = Vec::new();
        loop {
            let request = StreamRecordsRequest {
                cursor: Some(follower.cursor()),
                follow: true,
                batch_size: 256,
                ..StreamRecordsRequest::default()
            };
            let mut stream = match AuditServiceClient::new(self.officer.clone()).stream_records(request).await {
                Ok(stream) => stream.into_inner(),
                Err(status) => {
                    assert!(may_be_made_again(&status), "the reader is refused: {status:?}");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            loop {
                let read = i64::try_from(leaves.len()).expect("a size");
                if self.over.get() && follower.is_at_the_end() && read >= self.onlooker.borrow().acknowledged() {
                    return leaves;
                }
                match timeout(Duration::from_millis(200), stream.message()).await {
                    Ok(Ok(Some(batch))) => {
                        if let Some(checkpoint) = &batch.checkpoint {
                            self.onlooker.borrow_mut().was_shown(checkpoint);
                        }
                        leaves.extend(follower.accept(batch).expect("proven").into_iter().map(|record| record.leaf));
                    }
                    Ok(Ok(None)) => break,
                    Ok(Err(status)) => {
                        assert!(may_be_made_again(&status), "the stream ends: {status:?}");
                        break;
                    }
                    Err(_) => {}
                }
            }
        }
    }

    /// Kills the process and starts it again, at moments of every kind.
    async fn kill(&self, process: &mut Process, mut dice: Dice) -> (BTreeMap<Moment, u32>, Left) {
        let (mut kills, mut left, began) = (BTreeMap::new(), Left::default(), Instant::now());
        let mut moments = MOMENTS;
        for kill in 0..KILLS {
            if began.elapsed() > KILLING && kill >= FEWEST_KILLS {
                break;
            }
            if kill % 4 == 0 {
                dice.shuffle(&mut moments);
            }
            let moment = moments[(kill % 4) as usize];
            self.wait_for(moment).await;
            let most = if moment == Moment::Started { 250 } else { 12 };
            sleep(dice.millis(0, most)).await;
            process.kill().await;
            *kills.entry(moment).or_default() += 1;
            // Whoever opens SQLite's files repairs them: two of three times the log has to do that by itself.
            if kill % 3 == 0 {
                self.note(&mut left);
            }
            sleep(dice.millis(0, 40)).await;
            process.start();
        }
        self.over.set(true);
        (kills, left)
    }

    /// Until a run was answered in this life of the process, and then the moment has come.
    async fn wait_for(&self, moment: Moment) {
        if moment == Moment::Started {
            return;
        }
        let mut seen = self.seen.subscribe();
        for moment in [Moment::Answered, moment] {
            let before = *seen.borrow_and_update();
            let come = |seen: &Seen| match moment {
                Moment::Started => true,
                Moment::Sent => seen.sent > before.sent,
                Moment::Answered => seen.answered > before.answered,
                Moment::Shown => seen.shown > before.shown,
            };
            let waited = timeout(Duration::from_secs(10), seen.wait_for(come)).await;
            assert!(waited.is_ok(), "the log does not answer any more: {before:?}");
        }
    }

    fn note(&self, left: &mut Left) {
        let size = |table: &str| -> i64 {
            let rows = self.installation.query(&format!("SELECT coalesce(max(size), 0) FROM audit.{table}"));
            rows[0][0].parse().expect("a size")
        };
        let (head, signed) = (size("head"), size("checkpoint"));
        let onlooker = self.onlooker.borrow();
        assert!(head >= onlooker.acknowledged(), "{} were acknowledged, {head} are there", onlooker.acknowledged());
        assert!(signed >= onlooker.covered(), "{} were shown, {signed} are signed", onlooker.covered());
        left.looked += 1;
        left.unanswered += u32::from(head > onlooker.acknowledged());
        left.unsigned += u32::from(head > signed);
        left.unshown += u32::from(signed > onlooker.covered());
    }
}

async fn killed_at_any_moment(store: Store) {
    let began = Instant::now();
    let installation = Installation::over(store, LEASE);
    let mut process = installation.process(Service::Audit);
    process.start();
    let patience = Patience::within(Duration::from_secs(100));
    let officer = installation.caller(Service::Audit, Role::ComplianceOfficer, "*", Some("karel"));
    let onlooker = RefCell::new(Onlooker::of(officer.clone(), &patience).await);
    let (seen, _) = watch::channel(Seen::default());
    let scene = Scene { installation, officer, patience, onlooker, seen, over: Cell::new(false) };

    let seed = std::env::var(SEED).map_or(1913, |seed| seed.parse().expect("a number"));
    let sources =
        join_all((0_u64..).zip(SOURCES).map(|(number, source)| scene.hand_in(source, Dice::new(seed + number))));
    let killing = scene.kill(&mut process, Dice::new(!seed));
    let ((kills, left), _, (), leaves) = tokio::join!(killing, sources, scene.look(), scene.read());

    let Scene { patience, onlooker, .. } = scene;
    let held = onlooker.into_inner().hold(&leaves, &patience).await;
    let again = patience.repeated();
    println!("seed {seed}: {kills:?}, {left:?}, {held:?}, {again} calls made again, {:?}", began.elapsed());
    assert!(kills.values().sum::<u32>() >= FEWEST_KILLS && kills.len() == MOMENTS.len(), "too few kills: {kills:?}");
    assert!(held.checkpoints > 4 && again > 0, "nobody met a log that was away");
    assert!(left.unsigned + left.unanswered > 0, "no kill came between a commit and those who wait for it: {left:?}");
    for wrong in ["panicked", "a call failed inside", "the audit log is not what it should be"] {
        assert!(!process.log().contains(wrong), "{}", process.log());
    }
    assert!(process.stop().await.success());
}

#[tokio::test]
async fn a_log_killed_at_any_moment_keeps_its_word_on_postgres() {
    killed_at_any_moment(postgres("log_killed")).await;
}

#[tokio::test]
async fn a_log_killed_at_any_moment_keeps_its_word_on_sqlite() {
    killed_at_any_moment(Store::Sqlite).await;
}
