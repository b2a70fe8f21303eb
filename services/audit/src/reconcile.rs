//! Comparing what the log says was paid with what the ledger says: reads both, decides by [`crate::domain::reconciliation`], keeps
//! what comes of it.

use crate::{
    commands::{KeepReconciliation, Kept},
    domain::{
        admission::Refusal,
        reconciliation::{Difference, Payout, Tally, differences},
    },
    ledger,
    log::Log,
    queries::payouts::{self, Period, SOURCE},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_service::{Peer, status::fault};
use handsel_storage::Fault;
use std::collections::BTreeSet;
use tonic::Status;

/// Payouts of differing buckets that are held in memory at most, of each side.
const MOST_HELD: usize = 20_000;
/// Differences that the record of it names at most.
const NAMED: usize = 20;
/// How often both sides are read while something is written meanwhile.
const TRIES: usize = 3;

/// What came of a comparison.
pub(crate) struct Compared {
    pub(crate) ledger: Tally,
    pub(crate) log: Tally,
    pub(crate) differences: Vec<Difference>,
    /// The source has stated everything before this instant.
    pub(crate) stated: Timestamp,
    /// None: nothing can be said yet.
    pub(crate) kept: Option<Kept>,
}

/// Why there is no comparison.
pub(crate) enum NotCompared {
    /// The ledger could not be read.
    Ledger(Status),
    /// The log takes no record of it.
    Log(Refusal),
    /// The database.
    Fault(Fault),
}

impl From<Fault> for NotCompared {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Compares the payouts of a period. Without `asked_by` nobody asked, it was due.
pub(crate) async fn reconcile(
    log: &Log,
    reward: &Peer,
    period: Period,
    (actor, asked_by): (Actor, String),
) -> Result<Compared, NotCompared> {
    // Boxed: its tallies are large.
    let mut compared = Box::pin(compare(log, reward, period)).await?;
    // The same on both sides once more: something was written while they were read.
    for _ in 1..TRIES {
        if compared.is_sure(period) {
            break;
        }
        compared = Box::pin(compare(log, reward, period)).await?;
    }
    if compared.is_sure(period) {
        let command = KeepReconciliation {
            act: log.act(actor),
            id: log.world.ids.next(),
            source: SOURCE,
            from: period.from,
            to: period.to,
            asked_by,
            ledger: compared.ledger.told(),
            log: compared.log.told(),
            differ: compared.differences.iter().take(NAMED).map(|one| one.transfer.clone()).collect(),
            differences: compared.differences.len(),
        };
        compared.kept = Some(log.run(command).await?.map_err(NotCompared::Log)?);
    }
    Ok(compared)
}

/// The ledger is read first, so that what it has and has stated is in the log when that is read; what only the log has is looked for
/// in the ledger again, so that what was paid meanwhile is no difference.
async fn compare(log: &Log, reward: &Peer, period: Period) -> Result<Compared, NotCompared> {
    let (mut of_ledger, mut of_log) = (Tally::default(), Tally::default());
    let stated = ledger::payouts(reward, period, |payout| of_ledger.add(&payout)).await;
    let stated = stated.map_err(NotCompared::Ledger)?;
    payouts::of_log(&log.db, period, |payout| of_log.add(&payout)).await?;
    let differ = of_ledger.differs(&of_log);
    let mut compared = Compared { ledger: of_ledger, log: of_log, differences: Vec::new(), stated, kept: None };
    if differ.is_empty() || stated < period.to {
        return Ok(compared);
    }
    let (mut held_log, mut held_ledger) = (Vec::new(), Vec::new());
    payouts::of_log(&log.db, period, |payout| hold(&mut held_log, &differ, payout)).await?;
    let read = ledger::payouts(reward, period, |payout| hold(&mut held_ledger, &differ, payout)).await;
    read.map_err(NotCompared::Ledger)?;
    compared.differences = differences(held_ledger, held_log);
    Ok(compared)
}

/// Keeps a payout of the buckets that differ. Beyond what is held, both sides have their first buckets whole, or nearly so: what is
/// listed then is not all, and count and sum say by how much.
fn hold(held: &mut Vec<Payout>, differ: &BTreeSet<u8>, payout: Payout) {
    if held.len() < MOST_HELD && differ.contains(&payout.bucket()) {
        held.push(payout);
    }
}

impl Compared {
    /// Whether both sides were read whole, and what differs is known.
    fn is_sure(&self, period: Period) -> bool {
        let same = self.ledger.differs(&self.log).is_empty();
        self.stated >= period.to && (same || !self.differences.is_empty())
    }
}

impl NotCompared {
    /// As a caller, or a job's log, reads it.
    pub(crate) fn status(self, refused: impl FnOnce(&Refusal) -> Status) -> Status {
        match self {
            Self::Ledger(status) => status,
            Self::Log(refusal) => refused(&refusal),
            Self::Fault(inner) => fault(inner),
        }
    }
}
