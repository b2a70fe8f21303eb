//! Why the reward service refuses: one closed set of reasons, each stable and listed in the contract.

use super::profile::Broken;
use handsel_money::Money;
use thiserror::Error;

/// One fault of what was sent, and where it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Path from the request, e.g. `plan.role_rules[0].fixed.amount`.
    pub field: String,
    /// What is wrong with it, for the person who sent it.
    pub description: String,
}

impl Fault {
    /// A fault at a path.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

/// A business refusal: an answer, not an error. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no such plan, plan version or reward.
    #[error("there is no {0}")]
    NotFound(String),
    /// A plan of this id exists.
    #[error("{0} exists already")]
    AlreadyExists(String),
    /// Fields that cannot be taken, each with its fault.
    #[error("{} cannot be taken", fields(.0))]
    FieldInvalid(Vec<Fault>),
    /// It has changed since the etag was read.
    #[error("{0} has changed since it was read: read it again")]
    EtagMismatch(String),
    /// Whoever made or submitted it, or registered what it rests on, may not check it.
    #[error("{0} cannot be checked by whoever made it: another person must")]
    MakerIsChecker(String),
    /// The act does not fit where the thing stands.
    #[error("{name} is {state} and cannot {act}")]
    StateConflict {
        /// What it is about.
        name: String,
        /// Where it stands.
        state: &'static str,
        /// What was asked of it.
        act: &'static str,
    },
    /// The plan is not in force.
    #[error("{0} is not in force")]
    PlanNotActive(String),
    /// Two people have stopped the grants of this version.
    #[error("{0} is suspended: nothing is granted under it")]
    PlanSuspended(String),
    /// The plan breaks rules of its jurisdiction's profile.
    #[error("the plan breaks {}", rules(.0))]
    ProfileRuleBroken(Vec<Broken>),
    /// Two currencies meet.
    #[error("{0} is in another currency")]
    CurrencyMismatch(&'static str),
    /// A result is larger than money can hold.
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
    /// A fact of the future.
    #[error("{0} lies in the future")]
    FutureTime(&'static str),
    /// The referral was granted before, with other content.
    #[error("{0} was granted before with other content: what it was granted stands")]
    GrantConflict(String),
    /// What is approved is not what was seen.
    #[error("the control sum is {seen}, the rewards come to {actual}")]
    ControlSumMismatch {
        /// What the approver saw.
        seen: String,
        /// What it is.
        actual: String,
    },
    /// The number of what is approved is not what was seen.
    #[error("the control count is {seen}, the rewards are {actual}")]
    ControlCountMismatch {
        /// What the approver saw.
        seen: usize,
        /// What it is.
        actual: usize,
    },
    /// The amount asks for an approver in another role.
    #[error("{name} is approved by one of {roles}")]
    ApproverRole {
        /// What it is about.
        name: String,
        /// Whom the plan asks.
        roles: String,
    },
    /// More is said to be met of a claim than is open.
    #[error("of {name} {open} is open")]
    MoreThanClaimed {
        /// The claim.
        name: String,
        /// What is open of it.
        open: String,
    },
    /// No attempt has this end-to-end id.
    #[error("no attempt is known as {0}")]
    UnknownInstruction(String),
    /// A choice that was made, or whose deadline has passed.
    #[error("the choice of {0} was made, or its deadline has passed")]
    ChoiceClosed(String),
    /// A rate grant's offer is over.
    #[error("the offer of {0} is over")]
    OfferExpired(String),
    /// A contract that began before it was offered the rate.
    #[error("the contract began before {0} was offered, which is for new contracts")]
    StartBeforeOffer(String),
    /// A deposit that lasts longer than the rate.
    #[error("the contract lasts longer than {0} holds")]
    TermNotCovered(String),
    /// Another contract has it, or this one with other content.
    #[error("{0} was activated before with other content: what it was activated for stands")]
    ActivationConflict(String),
    /// A product says nothing of a day or a term.
    #[error("{0} has no base rate for that day and term")]
    NoBaseRate(String),
    /// A plan's rule names a product that is not in force.
    #[error("{0} is not in force")]
    RateProductNotActive(String),
    /// More tax would be remitted than is owed.
    #[error("{asked} is more than the {held} that tax payable holds")]
    TaxPayableExceeded {
        /// What was to be remitted.
        asked: Money,
        /// What tax payable holds in that currency; below 0 where the state owes.
        held: Money,
    },
    /// The bank says the contrary of what it said before.
    #[error("{0} has another, final outcome")]
    OutcomeConflict(String),
    /// More is known than when it was proposed.
    #[error("{0} is void: something else is known since it was proposed")]
    ResolutionVoid(String),
}

impl Refusal {
    /// Its stable reason.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "NOT_FOUND",
            Self::AlreadyExists(_) => "ALREADY_EXISTS",
            Self::FieldInvalid(_) => "FIELD_INVALID",
            Self::EtagMismatch(_) => "ETAG_MISMATCH",
            Self::MakerIsChecker(_) => "MAKER_IS_CHECKER",
            Self::StateConflict { .. } => "STATE_CONFLICT",
            Self::PlanNotActive(_) => "PLAN_NOT_ACTIVE",
            Self::PlanSuspended(_) => "PLAN_SUSPENDED",
            Self::ProfileRuleBroken(_) => "PROFILE_RULE_BROKEN",
            Self::CurrencyMismatch(_) => "CURRENCY_MISMATCH",
            Self::OutOfRange(_) => "OUT_OF_RANGE",
            Self::FutureTime(_) => "FUTURE_TIME",
            Self::GrantConflict(_) => "GRANT_CONFLICT",
            Self::ControlSumMismatch { .. } => "CONTROL_SUM_MISMATCH",
            Self::ControlCountMismatch { .. } => "CONTROL_COUNT_MISMATCH",
            Self::ApproverRole { .. } => "APPROVER_ROLE_REQUIRED",
            Self::MoreThanClaimed { .. } => "MORE_THAN_CLAIMED",
            Self::UnknownInstruction(_) => "UNKNOWN_INSTRUCTION",
            Self::ChoiceClosed(_) => "CHOICE_CLOSED",
            Self::OfferExpired(_) => "OFFER_EXPIRED",
            Self::StartBeforeOffer(_) => "START_BEFORE_OFFER",
            Self::TermNotCovered(_) => "TERM_NOT_COVERED",
            Self::ActivationConflict(_) => "ACTIVATION_CONFLICT",
            Self::NoBaseRate(_) => "NO_BASE_RATE",
            Self::RateProductNotActive(_) => "RATE_PRODUCT_NOT_ACTIVE",
            Self::TaxPayableExceeded { .. } => "TAX_PAYABLE_EXCEEDED",
            Self::OutcomeConflict(_) => "OUTCOME_CONFLICT",
            Self::ResolutionVoid(_) => "RESOLUTION_VOID",
        }
    }
}

fn rules(broken: &[Broken]) -> String {
    let mut names: Vec<&str> = broken.iter().map(|broken| broken.rule).collect();
    names.dedup();
    names.join(", ")
}

fn fields(faults: &[Fault]) -> String {
    let names: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    names.join(", ")
}
