//! What the bank reports of an attempt, and what that means beside what it reported before.

use super::{
    qualification::{CLOCK_TOLERANCE, not_in_the_future},
    refusal::Refusal,
    reward::{Moved, Reward},
    state::Standing,
};
use handsel_money::{Money, Timestamp};
use uuid::Uuid;

super::codes! {
    /// What is known of an attempt.
    pub enum Status {
        /// Nothing yet.
        Unknown = "UNKNOWN",
        /// The bank has it and will try.
        Accepted = "ACCEPTED",
        /// The beneficiary has the money. Final.
        Settled = "SETTLED",
        /// The bank will never pay it. Final, as long as it is true.
        Rejected = "REJECTED",
        /// The beneficiary had the money, and it came back. Final.
        Returned = "RETURNED",
    }
}

/// One attempt to pay one reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The reward paid.
    pub reward: Uuid,
    /// Counts from 1.
    pub number: i64,
    /// What the bank knows it by.
    pub end_to_end_id: String,
    /// What the bank was told to pay.
    pub amount: Money,
    /// What is known of it.
    pub status: Status,
    /// The bank's own code where it refused.
    pub reason_code: String,
    /// The bank's reference once settled.
    pub bank_reference: String,
    /// When it was decided.
    pub instructed_at: Timestamp,
    /// When it was first handed out.
    pub first_sent_at: Option<Timestamp>,
    /// When its last outcome happened at the bank.
    pub outcome_at: Option<Timestamp>,
}

impl Attempt {
    /// Takes down what the bank says.
    pub fn note(&mut self, said: &Outcome) {
        self.status = said.status;
        self.reason_code.clone_from(&said.reason_code);
        // A return need not name the payment that came back.
        if !said.bank_reference.is_empty() || said.status != Status::Returned {
            self.bank_reference.clone_from(&said.bank_reference);
        }
        self.outcome_at = Some(said.occurred_at);
    }
}

/// What the bank says became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The attempt.
    pub end_to_end_id: String,
    /// What became of it; never [`Status::Unknown`].
    pub status: Status,
    /// The bank's own code where it refused.
    pub reason_code: String,
    /// The bank's reference once settled.
    pub bank_reference: String,
    /// When it happened at the bank.
    pub occurred_at: Timestamp,
}

/// What an outcome means for its attempt and reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It says nothing new.
    Duplicate,
    /// The bank has it: the attempt is marked, the reward goes on waiting.
    Accepted,
    /// The money has moved.
    Settled,
    /// It never will under this attempt.
    Refused,
    /// It had moved, and came back.
    Returned,
}

impl Meaning {
    /// What it does to the reward of the attempt of this number, at the bank's instant; nothing where the bank merely has the attempt, or says nothing new.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] where the reward stands where this cannot be.
    pub fn apply(self, reward: Reward, attempt: i64, at: Timestamp, now: Timestamp) -> Result<Option<Moved>, Refusal> {
        match self {
            Self::Settled => reward.settle(attempt, at, now).map(Some),
            Self::Refused => reward.refuse(now).map(Some),
            Self::Returned => reward.come_back(attempt, now).map(Some),
            Self::Accepted | Self::Duplicate => Ok(None),
        }
    }
}

/// Reads an outcome of an attempt whose reward stands at `standing` with `newest` as its newest attempt.
///
/// The ladder, in order: the future; what was said before, said again; the contrary of a settlement; a settlement after a refusal,
/// which is true where nothing was tried since, and else would pay twice; a return, which is true of the attempt that has paid.
///
/// # Errors
/// [`Refusal::FutureTime`], [`Refusal::OutcomeConflict`].
pub fn read(
    outcome: &Outcome,
    attempt: &Attempt,
    standing: Standing,
    newest: i64,
    now: Timestamp,
) -> Result<Meaning, Refusal> {
    not_in_the_future(outcome.occurred_at, now, CLOCK_TOLERANCE, "occur_time")?;
    let conflict = || Err(Refusal::OutcomeConflict(attempt.end_to_end_id.clone()));
    let is_newest = attempt.number == newest;
    let same_payment = attempt.bank_reference == outcome.bank_reference;
    match (attempt.status, outcome.status) {
        (_, Status::Unknown)
        | (Status::Accepted | Status::Settled | Status::Rejected | Status::Returned, Status::Accepted)
        | (Status::Rejected | Status::Returned, Status::Rejected | Status::Returned) => Ok(Meaning::Duplicate),
        (Status::Unknown, Status::Accepted) => Ok(Meaning::Accepted),
        (Status::Settled | Status::Returned, Status::Settled) if same_payment => Ok(Meaning::Duplicate),
        // Another reference for a settled attempt is a second payment.
        (Status::Settled, Status::Settled | Status::Rejected) | (Status::Returned, Status::Settled) => conflict(),
        // One attempt at most is known as settled: it is the one that paid, be it the newest or not.
        (Status::Settled, Status::Returned) if standing == Standing::Paid => Ok(Meaning::Returned),
        (Status::Settled, Status::Returned) => conflict(),
        (Status::Rejected, Status::Settled) if is_newest && !standing.is_final() => Ok(Meaning::Settled),
        (Status::Rejected, Status::Settled) => conflict(),
        (Status::Unknown | Status::Accepted, Status::Settled) => Ok(Meaning::Settled),
        (Status::Unknown | Status::Accepted, Status::Rejected) => Ok(Meaning::Refused),
        (Status::Unknown | Status::Accepted, Status::Returned) => Ok(Meaning::Returned),
    }
}
