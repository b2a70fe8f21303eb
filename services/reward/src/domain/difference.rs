//! What two people say of a difference: why it is settled. Nobody guesses, and nothing moves by it: money moves by outcomes alone.

use super::refusal::Refusal;
use handsel_money::Timestamp;
use uuid::Uuid;

super::codes! {
    /// Why a difference is settled.
    pub enum Code {
        /// The bank has put it right, by another entry or another file.
        BankCorrected = "BANK_CORRECTED",
        /// What became of the payout was reported since.
        OutcomeReported = "OUTCOME_REPORTED",
        /// It is about no payout of this program.
        NotOurs = "NOT_OURS",
        /// The bank has said twice what it did once.
        SaidTwice = "SAID_TWICE",
        /// The bank's own books carry it.
        BookedElsewhere = "BOOKED_ELSEWHERE",
        /// As the note says.
        Other = "OTHER",
    }
}

super::codes! {
    /// Where a difference stands.
    pub enum Standing {
        /// Nobody has said why it is settled.
        Open = "OPEN",
        /// One person has.
        ResolutionProposed = "RESOLUTION_PROPOSED",
        /// Two people have closed it.
        Resolved = "RESOLVED",
    }
}

/// Which difference: a place in a file of the bank's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Uuid,
    /// The transaction's number in it, from 1.
    pub position: i64,
}

impl Place {
    /// What it is called where it is refused, and in the log.
    #[must_use]
    pub fn name(&self) -> String {
        format!("bankFiles/{} at {}", self.file, self.position)
    }
}

/// What one person says of a difference, and whether another has confirmed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Its id.
    pub id: Uuid,
    /// The difference.
    pub place: Place,
    /// Counts the proposals for one difference, from 1.
    pub number: i64,
    /// Why it is settled.
    pub code: Code,
    /// What was found, and where it is on record.
    pub note: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// His account.
    pub proposer_account: String,
    /// When.
    pub proposed_at: Timestamp,
    /// None while it is proposed.
    pub confirmation: Option<Confirmation>,
}

/// That another person closed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Where a difference stands whose newest resolution is this one.
#[must_use]
pub fn standing(newest: Option<&Resolution>) -> Standing {
    match newest {
        None => Standing::Open,
        Some(Resolution { confirmation: None, .. }) => Standing::ResolutionProposed,
        Some(Resolution { confirmation: Some(_), .. }) => Standing::Resolved,
    }
}

impl Resolution {
    /// Proposes it, in the place of an earlier proposal; `number` is counted here.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] where the difference is closed.
    pub fn propose(self, newest: Option<&Self>) -> Result<Self, Refusal> {
        match standing(newest) {
            Standing::Open | Standing::ResolutionProposed => {
                Ok(Self { number: newest.map_or(0, |one| one.number).saturating_add(1), ..self })
            }
            Standing::Resolved => Err(conflict(self.place, Standing::Resolved, "be resolved again")),
        }
    }
}

/// Closes a difference by the proposal that was read.
///
/// # Errors
/// In this order: [`Refusal::StateConflict`] where nobody has proposed anything, or it is closed; [`Refusal::EtagMismatch`] where
/// another proposal stands than the one that was read; [`Refusal::MakerIsChecker`] for whoever proposed it, by person or account.
pub fn confirm(
    place: Place,
    newest: Option<Resolution>,
    read: Uuid,
    person: &str,
    account: &str,
    now: Timestamp,
) -> Result<Resolution, Refusal> {
    let stands = standing(newest.as_ref());
    let Some(resolution) = newest.filter(|_| stands == Standing::ResolutionProposed) else {
        return Err(conflict(place, stands, "be closed: no proposal waits for it"));
    };
    if resolution.id != read {
        return Err(Refusal::EtagMismatch(place.name()));
    }
    if [person, account].iter().any(|one| *one == resolution.proposed_by || *one == resolution.proposer_account) {
        return Err(Refusal::MakerIsChecker(place.name()));
    }
    Ok(Resolution { confirmation: Some(Confirmation { by: person.to_owned(), at: now }), ..resolution })
}

fn conflict(place: Place, standing: Standing, act: &'static str) -> Refusal {
    Refusal::StateConflict { name: place.name(), state: standing.code(), act }
}
