//! What the bank's files say, held against what we know. What fits becomes an outcome; what does not becomes a difference, which
//! is listed and left open. Nothing is guessed.

use super::{
    channel::Channel,
    outcome::{Outcome, Status},
};
use handsel_money::{Money, Timestamp};

super::codes! {
    /// What says that a payout is settled.
    pub enum SettledBy {
        /// The booked entry of a statement alone: a status report's `ACSC` and `ACCC` count as accepted.
        Statement = "STATEMENT",
        /// A status report too, where it gives the bank's reference: that must then be the statement's.
        StatusReport = "STATUS_REPORT",
    }
}

super::codes! {
    /// Why something that the bank says is a difference, in the order in which it is looked for.
    pub enum Difference {
        /// A report on a transfer that names none.
        NoId = "NO_END_TO_END_ID",
        /// An entry for a whole file of ours, out or back, which does not say which payouts it is for.
        NotBrokenDown = "BATCH_NOT_BROKEN_DOWN",
        /// No attempt is known by this id.
        UnknownInstruction = "UNKNOWN_INSTRUCTION",
        /// The attempt did not leave in a file.
        OtherChannel = "OTHER_CHANNEL",
        /// The attempt is not in the file that the report is about.
        NotInOrder = "NOT_IN_ORDER",
        /// The status says neither yes nor no.
        StatusUnclear = "STATUS_UNCLEAR",
        /// Money came back that we do not know to have gone out.
        Returned = "RETURNED",
        /// The bank took an entry back.
        EntryReversed = "ENTRY_REVERSED",
        /// Money came in under the id of a payout, or came back twice.
        UnexpectedCredit = "UNEXPECTED_CREDIT",
        /// The entry does not say how much moved for this payout.
        AmountMissing = "AMOUNT_MISSING",
        /// Another currency than was to be paid.
        CurrencyMismatch = "CURRENCY_MISMATCH",
        /// Another amount than was to be paid.
        AmountMismatch = "AMOUNT_MISMATCH",
        /// A settlement without the bank's reference.
        ReferenceMissing = "BANK_REFERENCE_MISSING",
    }
}

/// What we know of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// What was to be paid.
    pub amount: Money,
    /// By which way it left, if it has.
    pub channel: Option<Channel>,
    /// The file that it is in.
    pub file: Option<i64>,
    /// What the bank has said of it.
    pub status: Status,
    /// The bank's reference under which a statement had it come back, where one has and gives one.
    pub returned_as: Option<String>,
}

impl Known {
    /// What is known once an outcome was read of something said: what is said next in the same breath is read beside it. What has
    /// come back stays so.
    pub fn note(&mut self, said: &Said, status: Status) {
        if self.status != Status::Returned {
            self.status = status;
        }
        if status == Status::Returned && self.returned_as.is_none() {
            self.returned_as.clone_from(&said.bank_reference);
        }
    }
}

/// What a status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The bank has it and will try.
    Accepted,
    /// Settlement is completed.
    Settled,
    /// It will never be paid under this id.
    Refused,
    /// Neither.
    Unclear,
}

/// What the bank says of one transfer or transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Where in the file, from 1.
    pub position: i64,
    /// Which attempt.
    pub end_to_end_id: Option<String>,
    /// In the bank's words: a status or a direction, and a reason.
    pub words: String,
    /// What moved, or is to move.
    pub amount: Option<Money>,
    /// What was ordered, where the bank repeats it.
    pub instructed: Option<Money>,
    /// The bank's reference.
    pub bank_reference: Option<String>,
    /// The bank's reason code.
    pub reason_code: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What it comes to.
    pub act: Act,
}

/// What the bank did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It reports a status on a transfer of this file of ours.
    Reported {
        /// Our file.
        file: i64,
        /// What the status says.
        word: Word,
    },
    /// It booked money out.
    PaidOut,
    /// It booked money for a whole file of ours at once, out or back.
    BookedWhole,
    /// It took an entry back.
    Reversed,
    /// It booked money in that had gone out: it calls the entry a return, or takes back the one by which the money had left.
    CameBack,
    /// It booked money in.
    CameIn,
    /// Nothing that is of us: not booked yet, or without an end-to-end id.
    Nothing,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// An outcome, to be taken as if the bank had reported it.
    Outcome(Outcome),
    /// A difference.
    Difference(Difference),
    /// Nothing.
    Ignored,
}

/// Reads what the bank says beside what we know. The ladder goes as [`Difference`] is ordered.
#[must_use]
pub fn read(said: &Said, known: Option<&Known>, settled_by: SettledBy) -> Reading {
    let Some(end_to_end_id) = &said.end_to_end_id else {
        return match said.act {
            Act::Reported { word: Word::Unclear, .. } => Reading::Difference(Difference::StatusUnclear),
            Act::Reported { .. } => Reading::Difference(Difference::NoId),
            Act::BookedWhole => Reading::Difference(Difference::NotBrokenDown),
            Act::PaidOut | Act::Reversed | Act::CameBack | Act::CameIn | Act::Nothing => Reading::Ignored,
        };
    };
    if said.act == Act::Nothing {
        return Reading::Ignored;
    }
    let Some(known) = known else { return Reading::Difference(Difference::UnknownInstruction) };
    if known.channel != Some(Channel::File) {
        return Reading::Difference(Difference::OtherChannel);
    }
    match status(said, known, settled_by) {
        Err(difference) => Reading::Difference(difference),
        Ok(status) => Reading::Outcome(Outcome {
            end_to_end_id: end_to_end_id.clone(),
            status,
            reason_code: match status {
                Status::Rejected | Status::Returned => said.reason_code.clone().unwrap_or_default(),
                Status::Unknown | Status::Accepted | Status::Settled => String::new(),
            },
            bank_reference: match status {
                Status::Settled => said.bank_reference.clone().unwrap_or_default(),
                Status::Unknown | Status::Accepted | Status::Rejected | Status::Returned => String::new(),
            },
            occurred_at: said.occurred_at,
        }),
    }
}

fn status(said: &Said, known: &Known, settled_by: SettledBy) -> Result<Status, Difference> {
    match said.act {
        Act::Reported { file, .. } if known.file != Some(file) => Err(Difference::NotInOrder),
        Act::Reported { word: Word::Unclear, .. } | Act::Nothing => Err(Difference::StatusUnclear),
        Act::Reported { word, .. } => {
            repeats(said, known)?;
            match word {
                Word::Settled if settled_by == SettledBy::StatusReport => settled(said),
                Word::Settled | Word::Accepted => Ok(Status::Accepted),
                Word::Refused => Ok(Status::Rejected),
                Word::Unclear => Err(Difference::StatusUnclear),
            }
        }
        Act::CameBack => came_back(said, known),
        Act::Reversed => Err(Difference::EntryReversed),
        Act::CameIn => Err(Difference::UnexpectedCredit),
        Act::BookedWhole => Err(Difference::NotBrokenDown),
        Act::PaidOut => {
            moved(said, known)?;
            settled(said)
        }
    }
}

fn settled(said: &Said) -> Result<Status, Difference> {
    match &said.bank_reference {
        Some(reference) if !reference.is_empty() => Ok(Status::Settled),
        _ => Err(Difference::ReferenceMissing),
    }
}

/// A return is one of a payout that we know to be settled, whole, and once. What comes back of one that nothing has settled yet, or
/// less or more of it, is for people: it may be another payment's.
fn came_back(said: &Said, known: &Known) -> Result<Status, Difference> {
    match known.status {
        Status::Settled | Status::Returned => {}
        Status::Unknown | Status::Accepted | Status::Rejected => return Err(Difference::Returned),
    }
    same(said.amount.ok_or(Difference::AmountMissing)?, known.amount)?;
    match (&known.returned_as, &said.bank_reference) {
        (Some(known), Some(other)) if known != other => Err(Difference::UnexpectedCredit),
        _ => Ok(Status::Returned),
    }
}

/// A report need not repeat the amount; where it does, it is ours.
fn repeats(said: &Said, known: &Known) -> Result<(), Difference> {
    said.amount.map_or(Ok(()), |amount| same(amount, known.amount))
}

/// What moved is what was to be paid; in another currency, what was ordered is.
fn moved(said: &Said, known: &Known) -> Result<(), Difference> {
    let moved = said.amount.ok_or(Difference::AmountMissing)?;
    match said.instructed {
        Some(instructed) if moved.currency() != known.amount.currency() => same(instructed, known.amount),
        _ => same(moved, known.amount),
    }
}

fn same(said: Money, known: Money) -> Result<(), Difference> {
    if said.currency() != known.currency() {
        return Err(Difference::CurrencyMismatch);
    }
    if said == known { Ok(()) } else { Err(Difference::AmountMismatch) }
}
