//! Takes a file of the bank's: notes that it is being applied, applies it run by run, notes that it was. A file is known by its
//! digest and by its kind and id; one that was cut short goes on, one that was applied is refused.

use super::{
    latch,
    means::Means,
    report_outcomes::{ReportOutcomes, Taken},
    statements, withdraw_file,
};
use crate::{
    domain::{
        file_refusal::FileRefusal,
        outcome::{Meaning, Outcome, Status},
        payment_file::{FileState, PaymentFile},
        reconciliation::{self, Act, Difference, Known, Reading, Said, SettledBy},
    },
    store::{
        self,
        bank_file::{Counts, Found, Kind, New},
    },
};
use handsel_money::{Money, Timestamp};
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// What a status report says of the file of ours that it is about.
#[derive(Clone, Debug)]
pub(crate) struct OrderSaid {
    pub(crate) message_id: String,
    pub(crate) count: Option<i64>,
    /// What the bank found it to come to, as a decimal, and ours would print the same.
    pub(crate) sum: Option<String>,
}

/// A file that was read to its end and is without fault.
pub(crate) struct BeginBankFile {
    pub(crate) means: Means,
    pub(crate) kind: Kind,
    pub(crate) message_id: String,
    pub(crate) sha256: String,
    /// What it is about, where it is a status report.
    pub(crate) order: Option<OrderSaid>,
    pub(crate) by: String,
    pub(crate) now: Timestamp,
}

/// A file about to be applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    pub(crate) id: Uuid,
    /// The file of ours that it is about.
    pub(crate) order: Option<i64>,
}

impl Command for BeginBankFile {
    const NAME: &'static str = "bank_file.begin";
    type Output = Result<Begun, FileRefusal>;

    /// In this order: applied before; its id used for other content; about a file of ours; what the bank found in that.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let known = store::bank_file::known(tx, self.kind, &self.message_id, &self.sha256).await?;
        let same = known.iter().find(|file| file.sha256 == self.sha256);
        if same.is_some_and(store::bank_file::BankFileRow::is_applied) {
            return Ok(Err(FileRefusal::AlreadyImported(self.message_id.clone())));
        }
        if same.is_none() && !known.is_empty() {
            return Ok(Err(FileRefusal::MessageIdReused(self.message_id.clone())));
        }
        let order = match &self.order {
            None => None,
            Some(order) => match about(tx, order).await? {
                Ok(file) => Some(file),
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        if let Some(file) = order.as_ref().filter(|file| file.state == FileState::Withdrawn)
            && store::withdrawal::is_released(tx, file.number).await?
        {
            withdraw_file::contradicted(tx, &self.means, &file.name(), self.now).await?;
        }
        let order = order.map(|file| file.number);
        if let Some(file) = same {
            return Ok(Ok(Begun { id: file.id, order }));
        }
        let id = self.means.next_id();
        let (kind, message_id, sha256, by) = (self.kind, &self.message_id, &self.sha256, &self.by);
        store::bank_file::insert(tx, New { id, kind, message_id, sha256, order, by }, self.now).await?;
        Ok(Ok(Begun { id, order }))
    }
}

/// The file of ours that a report is about, locked: nobody withdraws it until the report is on record.
async fn about(tx: &mut Tx, order: &OrderSaid) -> Result<Result<PaymentFile, FileRefusal>, Fault> {
    let found = store::payment_file::by_message(tx, &order.message_id).await?;
    let file = match found {
        Some(found) => store::payment_file::lock(tx, found.number).await?,
        None => None,
    };
    let is_sealed =
        |file: &PaymentFile| matches!(file.state, FileState::Sealed | FileState::Written | FileState::Withdrawn);
    let Some(file) = file.filter(is_sealed) else {
        return Ok(Err(FileRefusal::OrderUnknown(order.message_id.clone())));
    };
    let sum = handsel_iso20022::ControlSum::of(file.sum).to_string();
    let other_count = order.count.is_some_and(|count| count != file.payouts);
    let other_sum = order.sum.as_ref().is_some_and(|said| *said != sum);
    if other_count || other_sum {
        let found = format!("{} of {}", order.count.unwrap_or(file.payouts), order.sum.as_ref().unwrap_or(&sum));
        let ours = format!("{} of {sum}", file.payouts);
        return Ok(Err(FileRefusal::OrderMismatch { message_id: order.message_id.clone(), found, ours }));
    }
    Ok(Ok(file))
}

/// A run of what a file says.
pub(crate) struct ApplyBankFile {
    pub(crate) means: Means,
    pub(crate) file: Uuid,
    pub(crate) said: Vec<Said>,
    pub(crate) settled_by: SettledBy,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ApplyBankFile {
    const NAME: &'static str = "bank_file.apply";
    type Output = Counts;

    async fn apply(&self, tx: &mut Tx) -> Result<Counts, Fault> {
        let ids: BTreeSet<String> = self.said.iter().filter_map(|said| said.end_to_end_id.clone()).collect();
        let mut known = store::bank_file::attempts(tx, ids.into_iter().collect()).await?;
        let mut counts = Counts { said: i64::try_from(self.said.len()).unwrap_or(i64::MAX), ..Counts::default() };
        let (mut outcomes, mut behind, mut found, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut not_left: Vec<String> = Vec::new();
        for said in &self.said {
            let ours = said.end_to_end_id.as_ref().and_then(|id| known.get(id));
            match reconciliation::read(said, ours, self.settled_by) {
                Reading::Outcome(outcome) => {
                    if let Some(ours) = known.get_mut(&outcome.end_to_end_id) {
                        ours.note(said, outcome.status);
                    }
                    outcomes.push(outcome);
                    behind.push(said);
                }
                Reading::Difference(Difference::UnknownInstruction) => {
                    unknown.extend(outcome_of_unknown(said));
                    found.push(difference_of(said, Difference::UnknownInstruction.code(), None));
                }
                Reading::Difference(difference) => {
                    if ours.is_some_and(|ours| ours.channel.is_none()) {
                        not_left.extend(said.end_to_end_id.clone());
                    }
                    found.push(difference_of(said, difference.code(), ours));
                }
                Reading::Ignored => counts.ignored = counts.ignored.saturating_add(1),
            }
        }
        let mut returned = Vec::new();
        for (taken, said) in self.report(tx, outcomes).await?.into_iter().zip(behind) {
            if taken.result.is_ok() && said.act == Act::CameBack {
                returned.push(said);
            }
            match taken.result {
                Ok(Meaning::Duplicate) => counts.duplicates = counts.duplicates.saturating_add(1),
                Ok(_) => counts.applied = counts.applied.saturating_add(1),
                Err(refusal) => found.push(difference_of(said, refusal.reason(), known_of(&known, said))),
            }
        }
        if let Some(id) = store::withdrawal::released(tx, not_left).await? {
            withdraw_file::contradicted(tx, &self.means, &id, self.now).await?;
        }
        // A payout of ours that nobody here has made: this database may be older than the bank's.
        let unknown: Vec<&Outcome> = unknown.iter().collect();
        latch::note_unknown(tx, &self.means, &unknown, &self.actor, self.now).await?;
        store::bank_file::keep_returns(tx, self.file, &returned).await?;
        store::bank_file::keep_differences(tx, self.file, &found, self.now).await?;
        Ok(counts)
    }
}

impl ApplyBankFile {
    /// As if the bank had reported it by itself: the same ladder, the same ledger, the same statements.
    async fn report(&self, tx: &mut Tx, outcomes: Vec<Outcome>) -> Result<Vec<Taken>, Fault> {
        let (means, actor, now) = (self.means.clone(), self.actor.clone(), self.now);
        ReportOutcomes { means, outcomes, actor, now }.apply(tx).await
    }
}

/// What the bank says of an attempt that we do not know, as if it had reported it by itself.
fn outcome_of_unknown(said: &Said) -> Option<Outcome> {
    let status = match said.act {
        Act::PaidOut | Act::BookedWhole | Act::Reversed | Act::CameBack | Act::CameIn => Status::Settled,
        Act::Reported { .. } => Status::Accepted,
        Act::Nothing => return None,
    };
    Some(Outcome {
        end_to_end_id: said.end_to_end_id.clone()?,
        status,
        reason_code: said.reason_code.clone().unwrap_or_default(),
        bank_reference: said.bank_reference.clone().unwrap_or_default(),
        occurred_at: said.occurred_at,
    })
}

fn known_of<'a>(known: &'a HashMap<String, Known>, said: &Said) -> Option<&'a Known> {
    known.get(said.end_to_end_id.as_ref()?)
}

fn difference_of(said: &Said, reason: &'static str, known: Option<&Known>) -> Found {
    let expected: Option<Money> = known.map(|known| known.amount);
    Found { said: said.clone(), reason, expected }
}

/// All of a file was applied.
pub(crate) struct EndBankFile {
    pub(crate) means: Means,
    pub(crate) file: Uuid,
    pub(crate) kind: Kind,
    pub(crate) message_id: String,
    pub(crate) sha256: String,
    pub(crate) counts: Counts,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for EndBankFile {
    const NAME: &'static str = "bank_file.end";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        if !store::bank_file::applied(tx, self.file, self.counts).await? {
            return Ok(());
        }
        let owed = statements::of_bank_file(self);
        self.means.outbox.owe(tx, self.now, vec![owed]).await
    }
}
