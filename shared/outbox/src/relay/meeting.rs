//! Meeting the receiver: before anything gets a number, each side says what it knows of the other. Whoever has lost something is
//! found out, told, and helped on; what that means for money is for the services to decide.

use super::{
    Relay,
    commands::locked,
    numbering::Numbering,
    relation::{Own, Relation, relation},
    watch::{Finding, Watch},
};
use crate::{
    DeliverFault, Greeting, Origin, Standing,
    store::{
        relay::{self, RelayRow},
        sent,
    },
};
use anyhow::anyhow;
use handsel_storage::{Command, Fault, Tx};
use std::sync::Arc;

/// Compares what the receiver knows with the sender's row, which is read later than the answer; and acts on it.
struct Meet {
    destination: &'static str,
    source: String,
    numbering: Numbering,
    known: Standing,
    /// What the greeting said was acknowledged: the receiver judged itself by that.
    said: i64,
    /// The receiver has been told that the sender is outdated.
    told: bool,
    watch: Arc<dyn Watch>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    /// Nothing was to be done.
    Level,
    /// The sender is outdated, and the receiver has yet to be told.
    Outdated,
    /// The sender goes on behind what the receiver knows.
    Resumed,
    /// The receiver gets again what it has lost.
    SendsAgain,
    /// The log has lost statements that it had receipted: a finding, never filled up.
    LogIsShort,
    /// What the receiver has lost is not here any more.
    Gone,
}

impl Command for Meet {
    const NAME: &'static str = "outbox.meet";
    type Output = Met;

    async fn apply(&self, tx: &mut Tx) -> Result<Met, Fault> {
        let mut row = locked(tx, self.destination).await?;
        let acknowledged = row.acknowledged.min(self.said);
        let own = Own { epoch: row.epoch, next_sequence: row.next_sequence, acknowledged };
        let (met, finding) = match relation(own, &self.known) {
            Relation::Level => return Ok(Met::Level),
            Relation::SenderOutdated if !self.told => return Ok(Met::Outdated),
            Relation::SenderOutdated => {
                let finding = Finding::SenderOutdated {
                    source: self.source.clone(),
                    own: Some(row.next_sequence.saturating_sub(1)),
                    known: self.known.last_sequence,
                };
                self.resume(tx, &mut row).await?;
                (Met::Resumed, finding)
            }
            Relation::ReceiverOutdated if self.numbering == Numbering::Statements => return Ok(Met::LogIsShort),
            Relation::ReceiverOutdated => {
                let known = self.known.last_sequence;
                if !sent::is_kept(tx, self.destination, known.saturating_add(1)).await? {
                    return Ok(Met::Gone);
                }
                row.delivered = row.delivered.min(known);
                // It knows now: its own comparison is behind it.
                row.acknowledged = known;
                (Met::SendsAgain, Finding::ReceiverOutdated { source: self.source.clone(), known, acknowledged })
            }
        };
        relay::save(tx, self.destination, &row).await?;
        self.watch.found(tx, &finding).await?;
        Ok(met)
    }
}

impl Meet {
    /// Goes on behind the receiver's last number, under a lease later than any it has seen; so nothing new comes under a number
    /// that was taken. What has its number and no answer is the same here and there, and is sent once more.
    async fn resume(&self, tx: &mut Tx, row: &mut RelayRow) -> Result<(), Fault> {
        let known = &self.known;
        row.epoch = row.epoch.max(known.epoch).saturating_add(1);
        row.expires_at = row.now;
        if known.last_sequence < row.next_sequence {
            return Ok(());
        }
        if sent::after(tx, self.destination, row.delivered, 1).await?.is_empty() {
            row.delivered = known.last_sequence;
        }
        row.next_sequence = known
            .last_sequence
            .checked_add(1)
            .ok_or_else(|| Fault::Invalid("the receiver has used the last number that there is".into()))?;
        row.acknowledged = known.last_sequence;
        if self.numbering == Numbering::Statements {
            row.prev.clone_from(&known.last_digest);
        }
        Ok(())
    }
}

impl Relay {
    /// Greets the receiver, and puts right what can be. True if something was.
    pub(super) async fn meet(&self) -> anyhow::Result<bool> {
        let changed = self.compare().await?;
        self.has_met();
        Ok(changed)
    }

    async fn compare(&self) -> anyhow::Result<bool> {
        let source = &self.inner.source;
        let (known, said) = self.ask(false).await?;
        let (sequence, known_epoch) = (known.last_sequence, known.epoch);
        let met = match self.put_right(known, said, false).await? {
            Met::Outdated => {
                tracing::error!(
                    source,
                    sequence,
                    known_epoch,
                    "the receiver knows more of this database than it does itself: it is older than it was"
                );
                let (known, said) = self.ask(true).await?;
                self.put_right(known, said, true).await?
            }
            met => met,
        };
        match met {
            Met::Level | Met::Outdated => Ok(false),
            Met::Resumed => {
                tracing::warn!(source, sequence, "numbers go on behind the receiver's last");
                Ok(true)
            }
            Met::SendsAgain => {
                tracing::error!(
                    source,
                    sequence,
                    "the receiver has lost messages that it had taken; they are sent again"
                );
                Ok(true)
            }
            Met::LogIsShort => {
                Err(self.blocked(sequence.saturating_add(1), "the log has lost statements that it had receipted"))
            }
            Met::Gone => Err(self.blocked(
                sequence.saturating_add(1),
                "the receiver expects a number that is not here to be sent any more",
            )),
        }
    }

    async fn put_right(&self, known: Standing, said: i64, told: bool) -> Result<Met, Fault> {
        let meet = Meet {
            destination: self.inner.destination,
            source: self.inner.source.clone(),
            numbering: self.inner.numbering,
            known,
            said,
            told,
            watch: Arc::clone(&self.watch),
        };
        self.inner.db.transact(&meet).await
    }

    /// What the receiver knows of this sender, and what it was told was acknowledged.
    async fn ask(&self, outdated: bool) -> anyhow::Result<(Standing, i64)> {
        let row = relay::glance(&self.inner.db, self.inner.destination).await?;
        let (epoch, acknowledged) = row.map_or((0, 0), |row| (row.epoch, row.acknowledged));
        let standing = self.greet(epoch, acknowledged, outdated).await;
        standing.map(|known| (known, acknowledged)).map_err(|fault| anyhow!(fault).context("the receiver was not met"))
    }

    /// One greeting under a lease.
    pub(super) async fn greet(&self, epoch: i64, acknowledged: i64, outdated: bool) -> Result<Standing, DeliverFault> {
        let origin = Origin { source: self.inner.source.clone(), epoch };
        let answer = self.inner.deliver.greet(Greeting { origin, acknowledged, outdated });
        tokio::time::timeout(self.settings.call, answer)
            .await
            .map_err(|_| DeliverFault::Transient("no answer in time".to_owned()))?
    }
}
