//! A plan: what success pays, to whom; and its way from draft to force, which takes two people.

use super::{profile, refusal::Refusal, terms::Terms};
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
    /// That its grants are stopped, or are to be.
    pub suspension: Option<Suspension>,
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
    /// In force: new referrals are pinned to it. Its terms never change again.
    Active(Active),
    /// No new referral is pinned to it for the time being; those that are get what they were promised.
    Paused(Active),
    /// No new referral is pinned to it any more; those that are get what they were promised.
    Ended(Active),
}

/// That a version's grants are stopped, by two people, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Why: a code of the bank's own.
    pub reason: String,
    /// Who asked for it.
    pub asked_by: String,
    /// The other person, who stopped it; absent: it is asked for only.
    pub confirmed_by: Option<String>,
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
            Self::Paused(_) => "PAUSED",
            Self::Ended(_) => "ENDED",
        }
    }

    /// Who handed it to the checker; empty before.
    pub fn submitter(&self) -> &str {
        match self {
            Self::Draft(_) => "",
            Self::InReview(InReview { submitter })
            | Self::Active(Active { submitter, .. })
            | Self::Paused(Active { submitter, .. })
            | Self::Ended(Active { submitter, .. }) => submitter,
        }
    }

    /// Who put it in force; empty before.
    pub fn checker(&self) -> &str {
        match self {
            Self::Draft(_) | Self::InReview(_) => "",
            Self::Active(Active { checker, .. })
            | Self::Paused(Active { checker, .. })
            | Self::Ended(Active { checker, .. }) => checker,
        }
    }

    /// Whether it was ever put in force: referrals may be pinned to it.
    pub fn was_activated(&self) -> bool {
        match self {
            Self::Draft(_) | Self::InReview(_) => false,
            Self::Active(_) | Self::Paused(_) | Self::Ended(_) => true,
        }
    }

    /// The state that these columns describe, if they do.
    pub fn restore(code: &str, submitter: String, checker: String) -> Option<Self> {
        match code {
            "DRAFT" => Some(Self::Draft(Draft)),
            "IN_REVIEW" => Some(Self::InReview(InReview { submitter })),
            "ACTIVE" => Some(Self::Active(Active { submitter, checker })),
            "PAUSED" => Some(Self::Paused(Active { submitter, checker })),
            "ENDED" => Some(Self::Ended(Active { submitter, checker })),
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
            suspension: None,
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// A new draft, the version after this one, in the same currency: the plan's counters go on.
    ///
    /// # Errors
    /// In this order: [`Refusal::StateConflict`] while this one is a draft or under review, [`Refusal::CurrencyMismatch`].
    pub fn next(&self, display_name: String, terms: Terms, maker: String, now: Timestamp) -> Result<Self, Refusal> {
        if !self.state.was_activated() {
            return Err(self.conflict("have a version after it"));
        }
        if terms.currency != self.terms.currency {
            return Err(Refusal::CurrencyMismatch("plan.currency_code"));
        }
        let version = self.version.saturating_add(1);
        Ok(Self { version, ..Self::draft(self.id.clone(), display_name, terms, maker, now) })
    }

    /// Its resource name.
    pub fn name(&self) -> String {
        format!("plans/{}", self.id)
    }

    /// The name of this version: `plans/{plan}@{version}`.
    pub fn version_name(&self) -> String {
        format!("plans/{}@{}", self.id, self.version)
    }

    /// Whether it is in force.
    pub fn is_active(&self) -> bool {
        matches!(self.state, State::Active(_))
    }

    /// Hands it to the checker.
    ///
    /// # Errors
    /// In this order: [`Refusal::EtagMismatch`], [`Refusal::StateConflict`], [`Refusal::ProfileRuleBroken`].
    pub fn submit(self, etag: &str, by: &str, now: Timestamp) -> Result<Self, Refusal> {
        check_etag(&self.name(), self.revision, etag)?;
        let State::Draft(draft) = self.state.clone() else {
            return Err(self.conflict("be submitted"));
        };
        let broken = profile::broken(&self.terms);
        if !broken.is_empty() {
            return Err(Refusal::ProfileRuleBroken(broken));
        }
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

    /// No new referral is pinned to it for the time being.
    ///
    /// # Errors
    /// In this order: [`Refusal::EtagMismatch`], [`Refusal::StateConflict`] unless it is in force.
    pub fn pause(self, etag: &str, now: Timestamp) -> Result<Self, Refusal> {
        check_etag(&self.name(), self.revision, etag)?;
        let State::Active(active) = self.state.clone() else {
            return Err(self.conflict("be paused"));
        };
        Ok(self.changed(State::Paused(active), now))
    }

    /// A second person has it pin new referrals again.
    ///
    /// # Errors
    /// In this order: [`Refusal::EtagMismatch`], [`Refusal::StateConflict`] unless it is paused, [`Refusal::MakerIsChecker`].
    pub fn resume(self, etag: &str, by: &str, now: Timestamp) -> Result<Self, Refusal> {
        check_etag(&self.name(), self.revision, etag)?;
        let State::Paused(active) = self.state.clone() else {
            return Err(self.conflict("be resumed"));
        };
        self.second_person(by)?;
        Ok(self.changed(State::Active(active), now))
    }

    /// No new referral is pinned to it any more.
    ///
    /// # Errors
    /// In this order: [`Refusal::EtagMismatch`], [`Refusal::StateConflict`] unless it is in force or paused.
    pub fn end(self, etag: &str, now: Timestamp) -> Result<Self, Refusal> {
        check_etag(&self.name(), self.revision, etag)?;
        let (State::Active(active) | State::Paused(active)) = self.state.clone() else {
            return Err(self.conflict("be ended"));
        };
        Ok(self.changed(State::Ended(active), now))
    }

    /// Stops the grants of referrals that are pinned to it: one person asks, another confirms with the same reason.
    ///
    /// # Errors
    /// In this order: [`Refusal::StateConflict`] unless it was put in force, or where it is stopped or to be stopped for another
    /// reason; [`Refusal::MakerIsChecker`] for whoever asked.
    pub fn suspend(self, reason: &str, by: &str, now: Timestamp) -> Result<Self, Refusal> {
        if !self.state.was_activated() {
            return Err(self.conflict("be suspended"));
        }
        let suspension = match &self.suspension {
            None => Suspension { reason: reason.to_owned(), asked_by: by.to_owned(), confirmed_by: None },
            Some(Suspension { confirmed_by: Some(_), .. }) => return Err(self.conflict("be suspended again")),
            Some(asked) if asked.reason != reason => return Err(self.conflict("be suspended for two reasons")),
            Some(asked) if asked.asked_by == by => return Err(Refusal::MakerIsChecker(self.name())),
            Some(asked) => Suspension { confirmed_by: Some(by.to_owned()), ..asked.clone() },
        };
        let state = self.state.clone();
        Ok(Self { suspension: Some(suspension), ..self.changed(state, now) })
    }

    /// Whether two people have stopped its grants.
    pub fn is_suspended(&self) -> bool {
        self.suspension.as_ref().is_some_and(|suspension| suspension.confirmed_by.is_some())
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
