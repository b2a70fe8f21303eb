//! What two people decide by hand: what became of an attempt where the bank says nothing or contradicts itself, or that a reward is
//! given up. One proposes, another confirms, and a proposal rests on what was known when it was made.

use super::{
    codes,
    outcome::{self, Attempt, Meaning, Outcome, Status},
    refusal::Refusal,
    reward::{Moved, Reward},
    state::Standing as RewardStanding,
};
use handsel_money::Timestamp;
use uuid::Uuid;

codes! {
    /// What two people say.
    pub enum Verdict {
        /// The beneficiary has the money of the attempt.
        Settled = "SETTLED",
        /// He has not, and never will by this attempt.
        Rejected = "REJECTED",
        /// The reward is given up.
        WrittenOff = "WRITTEN_OFF",
    }
}

codes! {
    /// Where a resolution stands.
    pub enum Standing {
        /// One person has proposed it.
        Proposed = "PROPOSED",
        /// Another has confirmed it, and it is done.
        Confirmed = "CONFIRMED",
        /// Another proposal has taken its place.
        Void = "VOID",
    }
}

/// What is said to be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// This became of the attempt.
    Attempt(Found),
    /// The reward is given up.
    WriteOff,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The attempt.
    pub end_to_end_id: String,
    /// Whether the beneficiary has the money.
    pub settled: bool,
    /// The bank's reference of the payment; empty: none was made.
    pub bank_reference: String,
    /// When it happened at the bank.
    pub occurred_at: Timestamp,
}

impl Finding {
    /// Its verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Attempt(Found { settled: true, .. }) => Verdict::Settled,
            Self::Attempt(Found { settled: false, .. }) => Verdict::Rejected,
            Self::WriteOff => Verdict::WrittenOff,
        }
    }

    /// The attempt, if it is about one.
    pub fn attempt(&self) -> Option<&Found> {
        match self {
            Self::Attempt(found) => Some(found),
            Self::WriteOff => None,
        }
    }
}

/// What was known when a proposal was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The reward's revision.
    pub revision: i64,
    /// What was known of the attempt; none where the reward is given up.
    pub status: Option<Status>,
    /// How many contradictions the bank had reported of the reward, ever.
    pub conflicts: i64,
}

/// Where a resolution stands, and who brought it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// One person has proposed it.
    Proposed,
    /// Another has confirmed it.
    Confirmed {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Another proposal has taken its place.
    Void {
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// The name of where it stands.
    pub fn standing(&self) -> Standing {
        match self {
            Self::Proposed => Standing::Proposed,
            Self::Confirmed { .. } => Standing::Confirmed,
            Self::Void { .. } => Standing::Void,
        }
    }

    /// Who confirmed it; empty: nobody.
    pub fn confirmed_by(&self) -> &str {
        match self {
            Self::Confirmed { by, .. } => by,
            Self::Proposed | Self::Void { .. } => "",
        }
    }

    /// When it was confirmed, or another took its place.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Confirmed { at, .. } | Self::Void { at } => Some(*at),
            Self::Proposed => None,
        }
    }
}

/// One resolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Its name.
    pub id: Uuid,
    /// The reward.
    pub reward: Uuid,
    /// What is said to be true.
    pub finding: Finding,
    /// Why: a code of the bank's own.
    pub reason: String,
    /// What it was found by, in words.
    pub evidence: String,
    /// What was known when it was proposed.
    pub basis: Basis,
    /// Who proposed it.
    pub proposer: String,
    /// His account.
    pub proposer_account: String,
    /// When.
    pub proposed_at: Timestamp,
    /// Where it stands.
    pub state: State,
}

impl Resolution {
    /// Its resource name.
    pub fn name(&self) -> String {
        format!("resolutions/{}", self.id)
    }

    /// Another person confirms it, while `known` is what is known. `account` is the name that who acts has on record where a token
    /// named no human.
    ///
    /// # Errors
    /// In this order: [`Refusal::StateConflict`] once it is confirmed or another took its place; [`Refusal::MakerIsChecker`] to who
    /// proposed it; [`Refusal::ResolutionVoid`] where something else is known since.
    pub fn confirm(self, by: &str, account: &str, known: Basis, now: Timestamp) -> Result<Self, Refusal> {
        if self.state != State::Proposed {
            let state = self.state.standing().code();
            return Err(Refusal::StateConflict { name: self.name(), state, act: "be confirmed" });
        }
        if [by, account].iter().any(|one| *one == self.proposer || *one == self.proposer_account) {
            return Err(Refusal::MakerIsChecker(self.name()));
        }
        if self.basis != known {
            return Err(Refusal::ResolutionVoid(self.name()));
        }
        Ok(Self { state: State::Confirmed { by: by.to_owned(), at: now }, ..self })
    }
}

/// What a finding does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is taken as if the bank had said this of the attempt.
    Said(Outcome, Box<Moved>),
    /// What is known is true: the contradiction is settled, and nothing moves.
    Stands,
}

/// What there is besides an attempt and its reward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// The bank has said other things of the attempt, by call or in a file, and nobody has resolved that.
    pub contradicted: bool,
    /// It stands in a payment file that the bank does not have yet: whatever is found out now, it would be paid by that.
    pub about_to_leave: bool,
}

/// What a finding about an attempt does to its reward.
///
/// The ladder, in order: the future; a file that is about to leave; a known outcome that nothing contradicts; an attempt that settled and came back, which never
/// settles twice; a later attempt that is under way, which would pay twice; a payment of another amount than is owed. What then is
/// new is read as what the bank says is.
///
/// # Errors
/// [`Refusal::FutureTime`], [`Refusal::StateConflict`], [`Refusal::OutcomeConflict`].
pub fn decide(
    found: &Found,
    attempt: &Attempt,
    reward: &Reward,
    around: Circumstances,
    now: Timestamp,
) -> Result<Effect, Refusal> {
    let (standing, newest) = (reward.state.standing(), reward.state.attempts());
    let outcome = Outcome {
        end_to_end_id: found.end_to_end_id.clone(),
        status: said(found, attempt),
        reason_code: String::new(),
        bank_reference: found.bank_reference.clone(),
        occurred_at: found.occurred_at,
    };
    super::qualification::not_in_the_future(
        found.occurred_at,
        now,
        super::qualification::CLOCK_TOLERANCE,
        "occur_time",
    )?;
    let is_open = matches!(attempt.status, Status::Unknown | Status::Accepted);
    let refuse =
        |act| Err(Refusal::StateConflict { name: attempt.end_to_end_id.clone(), state: attempt.status.code(), act });
    if around.about_to_leave {
        return refuse("be resolved: it stands in a payment file that is not written yet");
    }
    if !is_open && !around.contradicted {
        return refuse("be resolved: nothing contradicts that");
    }
    let meaning = match (attempt.status, found.settled) {
        (Status::Settled, true) | (Status::Rejected | Status::Returned, false) => return Ok(Effect::Stands),
        (Status::Returned, true) => return refuse("settle twice"),
        // It was paid by another attempt as well: what is true is on record, and the bank takes the second payment back.
        (Status::Rejected, true) if matches!(standing, RewardStanding::Paid | RewardStanding::Reversed) => {
            return Ok(Effect::Stands);
        }
        (Status::Rejected, true) if standing == RewardStanding::Paying => {
            return refuse("settle while another attempt is under way");
        }
        (Status::Rejected, true) if attempt.amount != reward.owed() => {
            return refuse("settle: the reward owes another amount now");
        }
        (Status::Rejected, true) => Meaning::Settled,
        (Status::Unknown | Status::Accepted, _) | (Status::Settled, false) => {
            outcome::read(&outcome, attempt, standing, newest, now)?
        }
    };
    match meaning.apply(reward.clone(), attempt.number, found.occurred_at, now)? {
        Some(moved) => Ok(Effect::Said(outcome, Box::new(moved))),
        None => Ok(Effect::Stands),
    }
}

/// What the bank would say of it. An attempt that is known as settled and is not was paid and came back, as far as the books go: it
/// never settles again.
fn said(found: &Found, attempt: &Attempt) -> Status {
    match (found.settled, attempt.status) {
        (true, _) => Status::Settled,
        (false, Status::Settled) => Status::Returned,
        (false, Status::Unknown | Status::Accepted | Status::Rejected | Status::Returned) => Status::Rejected,
    }
}

/// What giving a reward up does; `contradicted`: the bank has said contradictory things of one of its attempts, and nobody has
/// resolved that.
///
/// # Errors
/// [`Refusal::StateConflict`] while it may have been paid, and unless it was tried before;
/// [`Refusal::OutOfRange`].
pub fn give_up(reward: Reward, reason: &str, contradicted: bool, now: Timestamp) -> Result<Moved, Refusal> {
    if contradicted {
        let (name, state) = (reward.name(), reward.state.standing().code());
        return Err(Refusal::StateConflict { name, state, act: "be written off: what became of it is contradicted" });
    }
    reward.write_off(reason, now)
}
