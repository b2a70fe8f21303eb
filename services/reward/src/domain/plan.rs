//! A plan: what success pays, to whom; and its way from draft to force, which takes two people.

use super::{refusal::Refusal, terms::Terms};
use handsel_money::Timestamp;

/// One version of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The last part of its name.
    pub id: String,
    /// Counts from 1.
    pub version: i64,
    /// What people call it.
    pub display_name: String,
    /// What it pays.
    pub terms: Terms,
    /// Who made it.
    pub maker: String,
    /// Where it stands.
    pub state: State,
    /// Counts its changes from 1; its etag.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where a plan stands, and who brought it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Being made.
    Draft(Draft),
    /// Handed to the checker.
    InReview(InReview),
    /// In force. It never changes again.
    Active(Active),
}

/// Being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft;

/// Handed to the checker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InReview {
    /// Who handed it over.
    pub submitter: String,
}

/// In force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Active {
    /// Who handed it over.
    pub submitter: String,
    /// Who put it in force.
    pub checker: String,
}

impl Draft {
    fn submit(self, by: &str) -> InReview {
        InReview { submitter: by.to_owned() }
    }
}

impl InReview {
    fn activate(self, by: &str) -> Active {
        Active { submitter: self.submitter, checker: by.to_owned() }
    }
}

impl State {
    /// Its stable text.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Draft(_) => "DRAFT",
            Self::InReview(_) => "IN_REVIEW",
            Self::Active(_) => "ACTIVE",
        }
    }

    /// Who handed it to the checker; empty before.
    pub fn submitter(&self) -> &str {
        match self {
            Self::Draft(_) => "",
            Self::InReview(InReview { submitter }) | Self::Active(Active { submitter, .. }) => submitter,
        }
    }

    /// Who put it in force; empty before.
    pub fn checker(&self) -> &str {
        match self {
            Self::Draft(_) | Self::InReview(_) => "",
            Self::Active(Active { checker, .. }) => checker,
        }
    }

    /// The state that these columns describe, if they do.
    pub fn restore(code: &str, submitter: String, checker: String) -> Option<Self> {
        match code {
            "DRAFT" => Some(Self::Draft(Draft)),
            "IN_REVIEW" => Some(Self::InReview(InReview { submitter })),
            "ACTIVE" => Some(Self::Active(Active { submitter, checker })),
            _ => None,
        }
    }
}

impl Plan {
    /// A new draft, the first version of its plan.
    pub fn draft(id: String, display_name: String, terms: Terms, maker: String, now: Timestamp) -> Self {
        Self {
            id,
            version: 1,
            display_name,
            terms,
            maker,
            state: State::Draft(Draft),
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Its resource name.
    pub fn name(&self) -> String {
        format!("plans/{}", self.id)
    }

    /// Whether it is in force.
    pub fn is_active(&self) -> bool {
        matches!(self.state, State::Active(_))
    }

    /// Hands it to the checker.
    ///
    /// # Errors
    /// In this order: [`Refusal::EtagMismatch`], [`Refusal::StateConflict`].
    pub fn submit(self, etag: &str, by: &str, now: Timestamp) -> Result<Self, Refusal> {
        check_etag(&self.name(), self.revision, etag)?;
        let State::Draft(draft) = self.state.clone() else {
            return Err(self.conflict("be submitted"));
        };
        Ok(self.changed(State::InReview(draft.submit(by)), now))
    }

    /// A second person puts it in force.
    ///
    /// # Errors
    /// In this order: [`Refusal::EtagMismatch`], [`Refusal::StateConflict`], [`Refusal::MakerIsChecker`] for whoever made or submitted it.
    pub fn activate(self, etag: &str, by: &str, now: Timestamp) -> Result<Self, Refusal> {
        check_etag(&self.name(), self.revision, etag)?;
        let State::InReview(in_review) = self.state.clone() else {
            return Err(self.conflict("be activated"));
        };
        self.second_person(by)?;
        Ok(self.changed(State::Active(in_review.activate(by)), now))
    }

    /// Refuses whoever made or submitted it, by whichever name he is on record.
    ///
    /// # Errors
    /// [`Refusal::MakerIsChecker`].
    pub fn second_person(&self, name: &str) -> Result<(), Refusal> {
        if name == self.maker || name == self.state.submitter() {
            return Err(Refusal::MakerIsChecker(self.name()));
        }
        Ok(())
    }

    fn conflict(&self, act: &'static str) -> Refusal {
        Refusal::StateConflict { name: self.name(), state: self.state.code(), act }
    }

    fn changed(self, state: State, now: Timestamp) -> Self {
        let revision = self.revision.saturating_add(1);
        Self { state, revision, updated_at: now, ..self }
    }
}

/// Refuses an etag that is not the one of this revision; an empty one stands for whatever it is now.
///
/// # Errors
/// [`Refusal::EtagMismatch`].
pub fn check_etag(name: &str, revision: i64, etag: &str) -> Result<(), Refusal> {
    if etag.is_empty() || etag == revision.to_string() {
        return Ok(());
    }
    Err(Refusal::EtagMismatch(name.to_owned()))
}
