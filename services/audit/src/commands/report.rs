//! Keeping what was found: each finding once, with a record where the log may still be written.

use super::{Notice, sequence::Writer};
use crate::{
    domain::violation::{Consequence, Violation},
    store::{
        self,
        lease::{SEQUENCER, SEQUENCER_ID},
    },
};
use handsel_money::Timestamp;
use handsel_storage::{Command, Fault, Lock, TextEnum as _, Tx};
use std::sync::Arc;

/// Keeps what was found.
pub(crate) struct Report {
    /// Who writes.
    pub(crate) writer: Arc<Writer>,
    /// What was found.
    pub(crate) found: Vec<Violation>,
    /// When.
    pub(crate) now: Timestamp,
}

/// What became of it: the number of each finding, in order.
pub(crate) struct Reported {
    /// Of each violation.
    pub(crate) numbers: Vec<i64>,
    /// Whether the log is frozen now.
    pub(crate) frozen: bool,
}

impl Command for Report {
    const NAME: &'static str = "audit.report";
    type Output = Reported;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&SEQUENCER, SEQUENCER_ID)]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Reported, Fault> {
        let numbers = keep(tx, &self.writer, &self.found, self.now).await?;
        Ok(Reported { numbers, frozen: store::finding::frozen(tx).await? })
    }
}

/// Keeps what was found, each finding once; their numbers. The sequencer's lock is held.
pub(super) async fn keep(tx: &mut Tx, writer: &Writer, found: &[Violation], now: Timestamp) -> Result<Vec<i64>, Fault> {
    let (mut numbers, mut notices) = (Vec::with_capacity(found.len()), Vec::new());
    for violation in found {
        if let Some(number) = store::finding::known(tx, violation).await? {
            numbers.push(number);
            continue;
        }
        let number = store::finding::add(tx, violation, now).await?;
        numbers.push(number);
        alarm(number, violation);
        // What freezes the log is recorded when two people let it go on.
        if violation.kind.consequence() != Consequence::Freeze {
            notices.push(Notice::found(number, violation));
        }
    }
    if !store::finding::frozen(tx).await? {
        writer.say(notices, now, tx).await?;
    }
    Ok(numbers)
}

/// Logged where it is found, once: this is what an operator is woken by.
fn alarm(number: i64, violation: &Violation) {
    let Violation { kind, index, expected, actual, checkpoints: _, place } = violation;
    tracing::error!(
        finding = number,
        kind = kind.text(),
        index,
        place,
        expected,
        actual,
        consequence = ?kind.consequence(),
        "the audit log is not what it should be"
    );
}
