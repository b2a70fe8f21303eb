//! The latch of settlement: whether payouts may be decided and leave at all. One sign drops it, two people lift it.

use super::{codes, refusal::Refusal};
use handsel_money::Timestamp;
use uuid::Uuid;

codes! {
    /// What was seen.
    pub enum Cause {
        /// A person stopped payouts.
        Person = "PERSON",
        /// The log holds statements of ours that this database does not know.
        LogAhead = "LOG_AHEAD",
        /// Another service has receipts of ours that this database does not know.
        SenderAhead = "SENDER_AHEAD",
        /// Another service's database is older than what was taken from it.
        SenderOutdated = "SENDER_OUTDATED",
        /// The bank reported a payout under an id of ours that this database does not know.
        UnknownPayout = "UNKNOWN_PAYOUT",
        /// The files were put back from a backup.
        Restored = "RESTORED",
        /// The bank reported on a file whose payouts were released when it was withdrawn.
        WithdrawnFile = "WITHDRAWN_FILE",
    }
}

/// Why the latch fell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// What was seen.
    pub cause: Cause,
    /// In words, without personal data.
    pub detail: String,
    /// Who saw it: a person, or the part of the service.
    pub author: String,
    /// When.
    pub seen_at: Timestamp,
}

/// A person's word that payouts may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// To be named by whoever confirms it.
    pub id: Uuid,
    /// Who proposes.
    pub author: String,
    /// What was reconciled, and with what.
    pub reconciled: String,
    /// When.
    pub proposed_at: Timestamp,
}

/// What has happened to the latch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It fell, or had fallen and another sign was seen.
    Fell(Sign),
    /// Somebody proposed to lift it.
    Proposed(Proposal),
    /// It was lifted.
    Released {
        /// The proposal that was confirmed.
        proposal: Uuid,
        /// By whom.
        author: String,
        /// When.
        released_at: Timestamp,
    },
}

/// Where the latch stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Latch {
    /// Payouts may go.
    #[default]
    Up,
    /// Payouts are stopped.
    Down {
        /// Why, in the order seen; at least one.
        signs: Vec<Sign>,
        /// The proposal to lift it, if no sign was seen since.
        proposal: Option<Proposal>,
    },
}

impl Latch {
    /// Where it stands after these events, the oldest first.
    #[must_use]
    pub fn after(events: impl IntoIterator<Item = Event>) -> Self {
        events.into_iter().fold(Self::Up, Self::moved)
    }

    fn moved(self, event: Event) -> Self {
        match (self, event) {
            (Self::Up, Event::Fell(sign)) => Self::Down { signs: vec![sign], proposal: None },
            // What was reconciled before a sign was seen does not cover it.
            (Self::Down { mut signs, proposal: _ }, Event::Fell(sign)) => {
                signs.push(sign);
                Self::Down { signs, proposal: None }
            }
            (Self::Down { signs, proposal: _ }, Event::Proposed(proposal)) => {
                Self::Down { signs, proposal: Some(proposal) }
            }
            (Self::Up, Event::Proposed(_)) | (Self::Up | Self::Down { .. }, Event::Released { .. }) => Self::Up,
        }
    }

    /// Whether payouts may go.
    #[must_use]
    pub fn is_up(&self) -> bool {
        *self == Self::Up
    }

    /// Its stable text.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Up => "UP",
            Self::Down { proposal: None, .. } => "DOWN",
            Self::Down { proposal: Some(_), .. } => "RELEASE_PROPOSED",
        }
    }

    /// What a sign adds: nothing where the same was seen since the latch fell.
    #[must_use]
    pub fn fall(&self, sign: Sign) -> Option<Event> {
        let known = match self {
            Self::Up => false,
            Self::Down { signs, .. } => signs.iter().any(|one| one.cause == sign.cause && one.detail == sign.detail),
        };
        (!known).then_some(Event::Fell(sign))
    }

    /// Proposes to lift it.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] while it is up.
    pub fn propose(&self, proposal: Proposal) -> Result<Event, Refusal> {
        match self {
            Self::Up => Err(self.cannot("be lifted")),
            Self::Down { .. } => Ok(Event::Proposed(proposal)),
        }
    }

    /// Lifts it.
    ///
    /// # Errors
    /// In this order: [`Refusal::StateConflict`] where nobody has proposed it, [`Refusal::EtagMismatch`] where another proposal
    /// stands than the one that was read, [`Refusal::MakerIsChecker`] for whoever proposed it, by person or account.
    pub fn confirm(&self, proposal: Uuid, person: &str, account: &str, now: Timestamp) -> Result<Event, Refusal> {
        let Self::Down { proposal: Some(standing), .. } = self else {
            return Err(self.cannot("be lifted: nobody has proposed it"));
        };
        if standing.id != proposal {
            return Err(Refusal::EtagMismatch("the proposal to lift the settlement latch".to_owned()));
        }
        if standing.author == person || standing.author == account {
            return Err(Refusal::MakerIsChecker("the release of the settlement latch".to_owned()));
        }
        Ok(Event::Released { proposal, author: person.to_owned(), released_at: now })
    }

    fn cannot(&self, act: &'static str) -> Refusal {
        Refusal::StateConflict { name: "the settlement latch".to_owned(), state: self.code(), act }
    }
}

/// Why no payout is decided, and none leaves for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The latch is down.
    Latched,
    /// The log was not asked yet what it knows of us, since the process started.
    LogNotMet,
    /// A statement has waited for the log longer than the bank allows.
    LogBehind,
}

impl Stop {
    /// Its stable text.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Latched => "LATCHED",
            Self::LogNotMet => "LOG_NOT_MET",
            Self::LogBehind => "LOG_BEHIND",
        }
    }
}

/// Whether an end-to-end id has the form of those that this service makes: 35 lower-case hex digits, the head of a digest. No bank
/// has such references of its own; one that we do not know was made by a database that knew more.
#[must_use]
pub fn is_of_our_making(end_to_end_id: &str) -> bool {
    end_to_end_id.len() == 35 && end_to_end_id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
