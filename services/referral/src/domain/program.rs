//! Programs: DRAFT → IN_REVIEW → ACTIVE, by two people; what a draft may say.

use super::{
    fact::FactKind,
    refusal::{Refusal, Violation},
    success::{Condition, SuccessRule},
    words,
};
use handsel_money::{Currency, Timestamp};

words! {
    /// Where a program stands.
    pub(crate) enum ProgramState {
        /// Being made.
        Draft = "DRAFT",
        /// Handed to the checker.
        InReview = "IN_REVIEW",
        /// In force.
        Active = "ACTIVE",
    }
}

/// What a program is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProgramDraft {
    /// What people call it.
    pub(crate) display_name: String,
    /// `plans/{plan}`.
    pub(crate) plan: String,
    /// First instant at which a referral may be registered.
    pub(crate) starts_at: Timestamp,
    /// First instant at which none may be any more.
    pub(crate) ends_at: Option<Timestamp>,
    /// What success is.
    pub(crate) success: SuccessRule,
    /// How many referrals one referrer may register; 0: no limit.
    pub(crate) referrer_limit: u32,
    /// When a referee must have been contacted, where the program says.
    pub(crate) follow_up: Option<FollowUpRule>,
}

/// Hours from registration within which a referee must have been contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FollowUpRule {
    /// Where the referrer is a core customer.
    pub(crate) core_hours: u32,
    /// Where he is not.
    pub(crate) other_hours: u32,
}

impl Default for FollowUpRule {
    /// 12 hours for core customers' referees, 24 for the others.
    fn default() -> Self {
        Self { core_hours: 12, other_hours: 24 }
    }
}

impl ProgramDraft {
    /// Every fault, one violation each.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.display_name.trim().is_empty() {
            found.push(Violation::new("program.display_name", "must say something"));
        }
        if self.ends_at.is_some_and(|end| end <= self.starts_at) {
            found.push(Violation::new("program.end_time", "must lie after start_time"));
        }
        found.extend(amount_kind_violation(self.success.qualifying_amount));
        for (outer, requirement) in self.success.requirements.iter().enumerate() {
            for (inner, condition) in requirement.any_of.iter().enumerate() {
                let field = format!("program.success.requirements[{outer}].any_of[{inner}]");
                found.extend(closing_violation(&field, condition));
                found.extend(minimum_violation(format!("{field}.minimum"), condition));
            }
        }
        found
    }

    /// The hours in force: its own, or the usual ones.
    pub(crate) fn follow_up_in_force(&self) -> FollowUpRule {
        self.follow_up.unwrap_or_default()
    }
}

fn amount_kind_violation(kind: Option<FactKind>) -> Option<Violation> {
    let kind = kind.filter(|kind| !kind.has_amount())?;
    Some(Violation::new("program.success.qualifying_amount", format!("{} has no amount", kind.as_str())))
}

fn closing_violation(field: &str, condition: &Condition) -> Option<Violation> {
    let closing = condition.kind == FactKind::AccountClosed;
    closing.then(|| Violation::new(format!("{field}.kind"), "ACCOUNT_CLOSED is no success; see reversal_days"))
}

fn minimum_violation(field: String, condition: &Condition) -> Option<Violation> {
    let minimum = condition.minimum?;
    if !condition.kind.has_amount() {
        return Some(Violation::new(field, format!("{} has no amount", condition.kind.as_str())));
    }
    (!minimum.is_positive()).then(|| Violation::new(field, "must be above 0; leave it out to take any amount"))
}

/// A program on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    /// The last part of its name.
    pub(crate) id: String,
    /// What it says.
    pub(crate) terms: ProgramDraft,
    /// Where it stands.
    pub(crate) state: ProgramState,
    /// Counts its versions, from 1.
    pub(crate) version: i64,
    /// The plan's version, pinned at activation; 0 before.
    pub(crate) plan_version: i64,
    /// Who made it.
    pub(crate) maker: String,
    /// Who handed it to the checker; empty before.
    pub(crate) submitter: String,
    /// Who activated it; empty before.
    pub(crate) checker: String,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it last changed.
    pub(crate) updated_at: Timestamp,
    /// Counts its changes, from 1.
    pub(crate) revision: i64,
}

/// What the reward service says of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlanAnswer {
    /// In force.
    Active {
        /// At this version.
        version: i64,
        /// And pays in this currency.
        currency: Currency,
    },
    /// Unknown, or not in force.
    NotActive,
    /// It did not say.
    Unavailable,
}

impl Program {
    /// A draft, as it is first recorded.
    pub(crate) fn draft(id: String, terms: ProgramDraft, maker: String, now: Timestamp) -> Self {
        Self {
            id,
            terms,
            state: ProgramState::Draft,
            version: 1,
            plan_version: 0,
            maker,
            submitter: String::new(),
            checker: String::new(),
            created_at: now,
            updated_at: now,
            revision: 1,
        }
    }

    /// Its resource name.
    pub(crate) fn name(&self) -> String {
        format!("programs/{}", self.id)
    }

    /// Changes whenever the program does.
    pub(crate) fn etag(&self) -> String {
        etag(self.revision)
    }

    /// DRAFT → IN_REVIEW.
    ///
    /// # Errors
    /// In this order: `ETAG_MISMATCH`, `STATE_CONFLICT`.
    pub(crate) fn submit(self, submitter: String, expected_etag: &str, now: Timestamp) -> Result<Self, Refusal> {
        self.must_have(expected_etag)?;
        self.must_be(ProgramState::Draft)?;
        Ok(Self { state: ProgramState::InReview, submitter, ..self.changed(now) })
    }

    /// IN_REVIEW → ACTIVE, by a person who neither made nor submitted it.
    ///
    /// # Errors
    /// In this order: `ETAG_MISMATCH`, `STATE_CONFLICT`, `MAKER_IS_CHECKER`, `PLAN_NOT_ACTIVE`,
    /// `PLAN_SERVICE_UNAVAILABLE`.
    pub(crate) fn activate(
        self,
        checker: String,
        expected_etag: &str,
        plan: PlanAnswer,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        self.must_have(expected_etag)?;
        self.must_be(ProgramState::InReview)?;
        self.second_person(&checker)?;
        let (plan_version, currency) = match plan {
            PlanAnswer::Active { version, currency } => (version, currency),
            PlanAnswer::NotActive => return Err(Refusal::PlanNotActive(self.terms.plan)),
            PlanAnswer::Unavailable => return Err(Refusal::PlanServiceUnavailable(self.terms.plan)),
        };
        let mut active = Self { state: ProgramState::Active, checker, plan_version, ..self.changed(now) };
        active.terms.success.plan_currency = Some(currency);
        Ok(active)
    }

    /// Refuses whoever made or submitted it, by whichever name he is on record.
    ///
    /// # Errors
    /// `MAKER_IS_CHECKER`.
    pub(crate) fn second_person(&self, name: &str) -> Result<(), Refusal> {
        if name == self.maker || name == self.submitter {
            return Err(Refusal::MakerIsChecker);
        }
        Ok(())
    }

    fn must_have(&self, expected_etag: &str) -> Result<(), Refusal> {
        if expected_etag.is_empty() || expected_etag == self.etag() {
            return Ok(());
        }
        Err(Refusal::EtagMismatch(expected_etag.to_owned()))
    }

    /// Whether it stands there.
    ///
    /// # Errors
    /// `STATE_CONFLICT`.
    pub(crate) fn must_be(&self, needed: ProgramState) -> Result<(), Refusal> {
        if self.state == needed {
            return Ok(());
        }
        let (state, needed) = (self.state.as_str(), needed.as_str());
        Err(Refusal::StateConflict { resource: self.name(), state, needed })
    }

    fn changed(self, now: Timestamp) -> Self {
        Self { updated_at: now, revision: self.revision.saturating_add(1), ..self }
    }
}

/// The etag of a resource that has changed so often.
pub(crate) fn etag(revision: i64) -> String {
    format!("r{revision}")
}
