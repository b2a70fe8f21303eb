//! What the rooms share: the database, the one lane that writes, the key, and the news of checkpoints.

use crate::{
    commands::{Entry, Notice, Publish, Release, Sequence, Taken, Writer, sealed},
    config::AuditConfig,
    domain::admission::Call,
    queries::checkpoint::{self, Signed},
    tlog::{CompactRange, SigningKey, TreeHead},
};
use anyhow::Context as _;
use handsel_money::Timestamp;
use handsel_outbox::Pseudonyms;
use handsel_service::World;
use handsel_storage::{Db, Fault, LaneSettings, Lanes};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Semaphore, watch},
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
    /// The newest checkpoint that this process knows of.
    pub(crate) news: watch::Sender<Option<Arc<Signed>>>,
    /// A permit for each stream.
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) lanes: Lanes,
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
        let AuditConfig { key, checkpoint_interval, streams, heartbeat: _ } = config;
        let lanes =
            Lanes::start(db.clone(), LaneSettings { lanes: 1, queue: QUEUE, batch: BATCH, ..LaneSettings::default() });
        let writer = Arc::new(Writer::new(world.ids.next().to_string(), pseudonyms));
        Self {
            db,
            world,
            key,
            news: watch::Sender::new(signed.map(Arc::new)),
            streams: Arc::new(Semaphore::new(streams)),
            lanes,
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

    async fn sequence(&self, entry: Entry) -> Result<Taken, Fault> {
        let command = Sequence { writer: Arc::clone(&self.writer), entry, now: self.now() };
        self.lanes.run(LANE, command).await
    }

    /// What a leaf is dated with: the system's time. A demonstration may move the business's; the log has only ours.
    fn now(&self) -> Timestamp {
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
            self.sign_now().await?;
            *last = Some(Instant::now());
        }
        self.tell().await
    }

    async fn sign_now(&self) -> anyhow::Result<()> {
        let Some(head) = checkpoint::unsigned_head(&self.db).await? else { return Ok(()) };
        let said = TreeHead { origin: self.origin().to_owned(), size: head.size, root: head.root };
        let note = said.sign(&self.key).context("a checkpoint cannot be signed")?;
        let signed = Signed { size: head.size, root: head.root, note, signed_at: self.now() };
        // Not through the lane: storing a checkpoint is no reason to make another.
        self.db.transact(&Publish(signed)).await?;
        Ok(())
    }

    /// Another replica may have signed: what counts is what is stored.
    async fn tell(&self) -> anyhow::Result<()> {
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
        let note = said.sign(&self.key).map_err(|error| Fault::Invalid(error.to_string()))?;
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
