//! What a relay writes: each step is one transaction, and each but the first is refused to a relay that has lost its lease.

use super::{
    lease::{Claim, Memory, claim},
    numbering::{Numbering, Place},
};
use crate::{
    deliver::{Delivered, Numbered},
    store::{
        outbox,
        relay::{self, RelayRow},
        sent,
    },
};
use handsel_storage::{At, Command, Fault, Tx};
use std::time::Duration;

/// The most messages of one run: the contract's limit.
const RUN: i64 = 256;
/// The most bytes of one run; half of what a gRPC receiver takes in one message by default. One message may be larger.
const RUN_BYTES: usize = 2 * 1024 * 1024;

/// Takes or renews the lease, and says what to send: what has its number and no answer yet, or else the next of what is owed.
pub(super) struct Next {
    pub(super) destination: &'static str,
    pub(super) numbering: Numbering,
    pub(super) memory: Memory,
    pub(super) lease: Duration,
    /// The highest number that this process has seen to come next. A database that knows of less is not the one that it was.
    pub(super) seen: i64,
}

/// What to do next.
pub(super) enum Step {
    /// Another relay has the lease.
    Standby,
    /// The database has gone back: nothing gets a number before the receiver has been asked.
    WentBack,
    /// Send this under this epoch; nothing, if there is nothing.
    Send { epoch: i64, next_sequence: i64, messages: Vec<Numbered> },
}

impl Command for Next {
    const NAME: &'static str = "outbox.next";
    type Output = Step;

    async fn apply(&self, tx: &mut Tx) -> Result<Step, Fault> {
        let mut row = locked(tx, self.destination).await?;
        if row.next_sequence < self.seen {
            return Ok(Step::WentBack);
        }
        match claim(self.memory, row.epoch, row.expires_at.0, row.now.0) {
            Claim::Standby => return Ok(Step::Standby),
            Claim::Keep => {}
            Claim::Take => row.epoch = row.epoch.saturating_add(1),
        }
        extend(&mut row, self.lease)?;
        let messages = match sent::after(tx, self.destination, row.delivered, RUN).await? {
            unanswered if !unanswered.is_empty() => unanswered.into_iter().map(Numbered::from).collect(),
            _ => {
                // Numbers that the receiver has from before a restore are nobody's here.
                row.delivered = row.next_sequence.saturating_sub(1);
                self.number(tx, &mut row).await?
            }
        };
        relay::save(tx, self.destination, &row).await?;
        Ok(Step::Send { epoch: row.epoch, next_sequence: row.next_sequence, messages: portion(messages) })
    }
}

impl Next {
    /// Gives the next of what is owed their numbers, for ever.
    async fn number(&self, tx: &mut Tx, row: &mut RelayRow) -> Result<Vec<Numbered>, Fault> {
        let owed = outbox::take(tx, self.destination, RUN).await?;
        let mut place = Place { epoch: row.epoch, next_sequence: row.next_sequence, prev: row.prev.clone() };
        let mut rows = Vec::with_capacity(owed.len());
        for one in owed {
            let outbox::OwedRow { ordinal: _, aggregate, content, body, body_salt, traceparent, created_at, owed_at } =
                one;
            let (sequence, bytes) = place.number(self.numbering, &content, &traceparent)?;
            let numbered = Numbered { sequence, bytes, body, body_salt, traceparent };
            rows.push(sent::NewRow { numbered, aggregate, created_at, owed_at });
        }
        sent::insert(tx, self.destination, row.epoch, &rows).await?;
        row.next_sequence = place.next_sequence;
        row.prev = place.prev;
        Ok(rows.into_iter().map(|row| row.numbered).collect())
    }
}

/// The relay has lost its lease; nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost;

/// Keeps the answers to a run: it is delivered.
pub(super) struct Record {
    pub(super) destination: &'static str,
    pub(super) epoch: i64,
    pub(super) lease: Duration,
    pub(super) delivered: Delivered,
}

impl Command for Record {
    const NAME: &'static str = "outbox.record";
    type Output = Result<(), Lost>;

    async fn apply(&self, tx: &mut Tx) -> Result<Result<(), Lost>, Fault> {
        let mut row = locked(tx, self.destination).await?;
        if row.epoch != self.epoch {
            return Ok(Err(Lost));
        }
        let Delivered { receipts, covered_size } = &self.delivered;
        sent::answer(tx, self.destination, receipts).await?;
        let last = receipts.last().map_or(0, |receipt| receipt.sequence);
        row.delivered = row.delivered.max(last);
        row.acknowledged = row.acknowledged.max(last);
        row.covered_size = covered_size.unwrap_or(row.covered_size);
        extend(&mut row, self.lease)?;
        relay::save(tx, self.destination, &row).await?;
        Ok(Ok(()))
    }
}

/// Gives the lease back before its time, so that the next relay need not wait for it.
pub(super) struct Release {
    pub(super) destination: &'static str,
    pub(super) epoch: i64,
}

impl Command for Release {
    const NAME: &'static str = "outbox.release";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        relay::release(tx, self.destination, self.epoch).await
    }
}

/// As many of the first messages as fit into one call, at least one, without a gap between their numbers. The others have their
/// numbers, and come next.
fn portion(mut messages: Vec<Numbered>) -> Vec<Numbered> {
    let follows = |pair: &[Numbered]| match pair {
        [one, next] => one.sequence.checked_add(1) == Some(next.sequence),
        _ => true,
    };
    let whole = messages.windows(2).take_while(|pair| follows(pair)).count();
    messages.truncate(whole.saturating_add(1));
    let mut bytes = 0_usize;
    let fits = |message: &Numbered| {
        bytes = bytes.saturating_add(message.bytes.len()).saturating_add(message.body.len());
        bytes <= RUN_BYTES
    };
    let count = messages.iter().map(fits).take_while(|fits| *fits).count();
    messages.truncate(count.max(1));
    messages
}

/// The relay's row, locked; made where this is the first time.
pub(super) async fn locked(tx: &mut Tx, destination: &'static str) -> Result<RelayRow, Fault> {
    if let Some(row) = relay::lock(tx, destination).await? {
        return Ok(row);
    }
    relay::insert(tx, destination).await?;
    relay::lock(tx, destination).await?.ok_or(Fault::Contention)
}

fn extend(row: &mut RelayRow, lease: Duration) -> Result<(), Fault> {
    let until = row.now.0.checked_add(lease).ok_or_else(|| Fault::Invalid("the lease has no end".into()))?;
    row.expires_at = At(until);
    Ok(())
}
