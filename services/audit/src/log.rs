//! What the rooms share: the database, the one lane that writes, the key, and the news of checkpoints.

use crate::{
    commands::{Act, Decide, Entry, Notice, Publish, Release, Report, Reported, Sequence, Taken, Writer, sealed},
    config::AuditConfig,
    domain::{
        admission::Call,
        decision::{Decided, Finding, NotDecided, Verdict},
        refused::Refused,
        retention::Retention,
        round::Keys,
        violation::Violation,
    },
    queries::{
        checkpoint::{self, Signed},
        finding,
        witnessed::{self, Policy},
    },
    tlog::{CheckpointError, CompactRange, SigningKey, TreeHead, VerifierKey},
    witness::Witness,
};
use anyhow::Context as _;
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Outbox, Pseudonyms};
use handsel_service::World;
use handsel_storage::{Command, Db, Fault, LaneSettings, Lanes, Once, OnceRefused, RequestKey};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Notify, Semaphore, watch},
    time::{Instant, sleep_until},
};

/// There is one lane, so every key meets it.
const LANE: &str = "log";
/// Calls that share a transaction at most, and calls that wait.
const BATCH: usize = 64;
const QUEUE: usize = 1_024;

/// The log.
pub(crate) struct Log {
    pub(crate) db: Db,
    pub(crate) world: World,
    pub(crate) key: SigningKey,
    /// The key that it replaces, while both sign.
    pub(crate) retiring: Option<SigningKey>,
    retired: Vec<VerifierKey>,
    /// The newest checkpoint that this process knows of.
    pub(crate) news: watch::Sender<Option<Arc<Signed>>>,
    /// Whether something was found that nobody may append over.
    pub(crate) frozen: watch::Sender<bool>,
    /// Records that enough witnesses have cosigned a checkpoint over.
    pub(crate) witnessed: watch::Sender<u64>,
    /// Who is asked to cosign, and whose cosignatures count.
    pub(crate) witnesses: Vec<Witness>,
    pub(crate) policy: Policy,
    /// Told when a checkpoint was published.
    pub(crate) published: Arc<Notify>,
    /// A permit for each stream.
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) lanes: Lanes,
    /// What the reward service is owed.
    pub(crate) outbox: Outbox,
    /// How long bodies are kept.
    pub(crate) retention: Retention,
    /// How often a long stream leaves another record of what was read.
    pub(crate) reading: Duration,
    writer: Arc<Writer>,
    /// The shortest time between two checkpoints, and when the last was signed here.
    interval: Duration,
    last_signed: Mutex<Option<Instant>>,
}

impl Log {
    pub(crate) fn new(
        db: Db,
        world: World,
        config: AuditConfig,
        pseudonyms: Pseudonyms,
        signed: Option<Signed>,
    ) -> Self {
        let AuditConfig {
            key,
            retiring,
            retired,
            checkpoint_interval,
            streams,
            heartbeat: _,
            witnesses,
            witness_quorum,
            lease,
            scrub: _,
            reward: _,
            relays: _,
            reconcile: _,
            retention,
            reading,
        } = config;
        let lanes =
            Lanes::start(db.clone(), LaneSettings { lanes: 1, queue: QUEUE, batch: BATCH, ..LaneSettings::default() });
        let outbox = Outbox::new(crate::Audit::NAME, world.clone(), pseudonyms.clone());
        let writer = Arc::new(Writer::new(world.ids.next().to_string(), lease, pseudonyms));
        Self {
            db,
            world,
            key,
            retiring,
            retired,
            news: watch::Sender::new(signed.map(Arc::new)),
            frozen: watch::Sender::new(false),
            witnessed: watch::Sender::new(0),
            policy: Policy {
                keys: witnesses.iter().map(|witness| witness.key().clone()).collect(),
                quorum: witness_quorum,
            },
            witnesses,
            published: Arc::default(),
            streams: Arc::new(Semaphore::new(streams)),
            lanes,
            outbox,
            retention,
            reading,
            writer,
            interval: checkpoint_interval,
            last_signed: Mutex::new(None),
        }
    }

    /// The log's origin.
    pub(crate) fn origin(&self) -> &str {
        self.key.verifier().name()
    }

    /// Takes a source's statements.
    pub(crate) async fn append(&self, call: Call) -> Result<Taken, Fault> {
        self.sequence(Entry::Statements(call)).await
    }

    /// Takes a statement of our own, and says where it lies.
    pub(crate) async fn record(&self, notice: Notice) -> Result<Taken, Fault> {
        let mut salt = [0; 32];
        self.world.entropy.fill(&mut salt);
        let (id, now) = (self.world.ids.next(), self.now());
        self.sequence(Entry::Notice(sealed(notice, id, salt, now, &self.writer.pseudonyms)?)).await
    }

    /// Keeps what was found. Where it freezes the log, every stream ends.
    pub(crate) async fn report(&self, found: Vec<Violation>) -> Result<Vec<i64>, Fault> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let report = Report { writer: Arc::clone(&self.writer), found, now: self.now() };
        let Reported { numbers, frozen } = self.lanes.run(LANE, report).await?;
        self.is_frozen_now(frozen);
        Ok(numbers)
    }

    /// Takes what a person decides about a finding.
    pub(crate) async fn decide(
        &self,
        finding: i64,
        verdict: Verdict,
        (person, comment): (String, String),
        actor: Actor,
    ) -> Result<Result<Finding, NotDecided>, Fault> {
        let decided = Decided { person, comment, at: self.now() };
        let decide = Decide { writer: Arc::clone(&self.writer), finding, verdict, decided, actor };
        let decided = self.lanes.run(LANE, decide).await?;
        self.is_frozen_now(finding::frozen(&self.db).await?);
        Ok(decided)
    }

    /// What an act of somebody's needs besides what is done.
    pub(crate) fn act(&self, actor: Actor) -> Act {
        let mut salt = [0; 32];
        self.world.entropy.fill(&mut salt);
        let by = actor.person.clone().unwrap_or_else(|| actor.subject.clone());
        let (writer, statement_id) = (Arc::clone(&self.writer), self.world.ids.next());
        Act { writer, actor, by, statement_id, salt, now: self.now() }
    }

    /// Does something in the lane that writes.
    pub(crate) async fn run<C: Command>(&self, command: C) -> Result<C::Output, Fault> {
        self.lanes.run(LANE, command).await
    }

    /// Does something once for its request id: the name of what it led to, now or before.
    pub(crate) async fn once<C>(
        &self,
        key: RequestKey,
        digest: [u8; 32],
        command: C,
    ) -> Result<Result<String, OnceRefused<Refused>>, Fault>
    where
        C: Command<Output = Result<String, Refused>>,
    {
        let once = Once { key, digest, now: self.now(), command };
        Ok(self.run(once).await?.map(|done| done.resource))
    }

    /// Whether something was found that nobody may append over, as far as this process knows.
    pub(crate) fn is_frozen(&self) -> bool {
        *self.frozen.borrow()
    }

    fn is_frozen_now(&self, frozen: bool) {
        self.frozen.send_if_modified(|known| std::mem::replace(known, frozen) != frozen);
    }

    /// Whose signatures the scrubber checks.
    pub(crate) fn keys(&self) -> Keys {
        let log = self.signers().into_iter().chain(self.retired.iter().cloned()).collect();
        Keys { log, witnesses: self.policy.keys.clone() }
    }

    /// What people are called in records.
    pub(crate) fn pseudonyms(&self) -> &Pseudonyms {
        &self.writer.pseudonyms
    }

    /// The keys that sign now: the log's own, and the one that it replaces.
    pub(crate) fn signers(&self) -> Vec<VerifierKey> {
        [Some(&self.key), self.retiring.as_ref()].into_iter().flatten().map(|key| key.verifier().clone()).collect()
    }

    /// Signs a tree head, with the retiring key beneath the new one.
    fn sign(&self, head: &TreeHead) -> Result<String, CheckpointError> {
        let note = head.sign(&self.key)?;
        match &self.retiring {
            Some(retiring) => Ok(retiring.sign_also(&note)?),
            None => Ok(note),
        }
    }

    /// Leaves the record that names the new key, before the first checkpoint that it signs. True: it stands there.
    async fn announced(&self) -> anyhow::Result<bool> {
        let Some(retiring) = &self.retiring else { return Ok(true) };
        let newest = checkpoint::newest(&self.db).await?;
        if newest.is_none_or(|newest| self.key.verifier().open(&newest.note).is_ok()) {
            return Ok(true);
        }
        let taken = self.record(Notice::rotated(retiring.verifier(), self.key.verifier())).await?;
        Ok(taken.is_ok())
    }

    /// Records that are covered: by a checkpoint that enough witnesses have cosigned, where any are asked for; by a signed one
    /// otherwise.
    pub(crate) fn covered(&self) -> u64 {
        if self.policy.quorum > 0 {
            *self.witnessed.borrow()
        } else {
            self.news.borrow().as_ref().map_or(0, |signed| signed.size)
        }
    }

    /// The newest checkpoint that is stored.
    pub(crate) async fn newest_checkpoint(&self) -> Result<Option<Signed>, Fault> {
        checkpoint::newest(&self.db).await
    }

    /// The size of the newest head.
    pub(crate) async fn newest_head(&self) -> Result<u64, Fault> {
        checkpoint::newest_head(&self.db).await
    }

    async fn sequence(&self, entry: Entry) -> Result<Taken, Fault> {
        let command = Sequence { writer: Arc::clone(&self.writer), entry, now: self.now() };
        self.lanes.run(LANE, command).await
    }

    /// What a leaf is dated with: the system's time. A demonstration may move the business's; the log has only ours.
    pub(crate) fn now(&self) -> Timestamp {
        self.world.system.now()
    }

    /// Signs the newest head, if no checkpoint covers it, and tells the streams. While the log is busy it waits until the
    /// interval since the last checkpoint is over, so that each covers what came meanwhile; an idle log signs at once.
    ///
    /// The head was committed before: a root that was signed and then rolled back would be a second history.
    pub(crate) async fn sign_head(&self) -> anyhow::Result<()> {
        let mut last = self.last_signed.lock().await;
        if checkpoint::unsigned_head(&self.db).await?.is_some() {
            if let Some(next) = last.and_then(|last| last.checked_add(self.interval)) {
                sleep_until(next).await;
            }
            // Counted from its beginning: what it takes is no reason to wait longer for the next.
            *last = Some(Instant::now());
            self.sign_now().await?;
        }
        self.tell().await
    }

    async fn sign_now(&self) -> anyhow::Result<()> {
        let Some(head) = checkpoint::unsigned_head(&self.db).await? else { return Ok(()) };
        if finding::frozen(&self.db).await? || !self.announced().await? {
            return Ok(());
        }
        let head = checkpoint::unsigned_head(&self.db).await?.unwrap_or(head);
        let said = TreeHead { origin: self.origin().to_owned(), size: head.size, root: head.root };
        let note = self.sign(&said).context("a checkpoint cannot be signed")?;
        let signed = Signed { size: head.size, root: head.root, note, signed_at: self.now() };
        // Not through the lane: storing a checkpoint is no reason to make another.
        self.db.transact(&Publish(signed)).await?;
        self.published.notify_one();
        Ok(())
    }

    /// Another replica may have signed: what counts is what is stored.
    pub(crate) async fn tell(&self) -> anyhow::Result<()> {
        self.is_frozen_now(finding::frozen(&self.db).await?);
        let witnessed = witnessed::size(&self.db, &self.policy).await?;
        self.witnessed.send_if_modified(|known| std::mem::replace(known, witnessed) != witnessed);
        let newest = checkpoint::newest(&self.db).await?;
        self.news.send_if_modified(|known| {
            let later =
                newest.as_ref().map_or(0, |signed| signed.size) > known.as_ref().map_or(0, |signed| signed.size);
            if later {
                *known = newest.map(Arc::new);
            }
            later
        });
        Ok(())
    }

    /// The checkpoint of the log without leaves, signed when it is asked for: it can only be one.
    pub(crate) fn empty_checkpoint(&self) -> Result<Signed, Fault> {
        let empty = CompactRange::new();
        let (size, root) = (empty.size(), empty.root());
        let said = TreeHead { origin: self.origin().to_owned(), size, root };
        let note = self.sign(&said).map_err(|error| Fault::Invalid(error.to_string()))?;
        Ok(Signed { size, root, note, signed_at: self.now() })
    }

    /// Finishes what was taken, signs it, and lets the lease go.
    pub(crate) async fn drain(&self) -> anyhow::Result<()> {
        self.lanes.drain().await;
        self.sign_now().await?;
        self.db.transact(&Release { holder: self.writer.holder.clone() }).await?;
        Ok(())
    }
}
