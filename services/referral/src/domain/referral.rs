//! Referrals: what one is asked to be, where it can stand, and the contact that it owes.

use super::{
    checks::CheckResult,
    code::{Code, CodeText},
    contact::Contact,
    fact::FactKind,
    hours_after,
    program::FollowUpRule,
    refusal::{Refusal, Violation},
    words,
};
use handsel_money::{Money, Timestamp};
use uuid::Uuid;

words! {
    /// Where a referral stands. REGISTERED → CONVERTING → QUALIFIED, or EXPIRED; REJECTED from the start; QUALIFIED →
    /// REVERSED. EXPIRED, REJECTED and REVERSED are final.
    pub(crate) enum State {
        /// On record; nothing has happened yet.
        Registered = "REGISTERED",
        /// Some of what counts has happened.
        Converting = "CONVERTING",
        /// Everything asked for happened in time.
        Qualified = "QUALIFIED",
        /// Time ran out.
        Expired = "EXPIRED",
        /// A check failed at registration.
        Rejected = "REJECTED",
        /// What it had qualified for came undone in time.
        Reversed = "REVERSED",
    }
}

impl State {
    /// Whether facts can still move it.
    pub(crate) fn open(self) -> bool {
        matches!(self, Self::Registered | Self::Converting)
    }

    /// Whether facts of this kind can still change anything: any while it is open, the closing of the account after that.
    pub(crate) fn minds(self, kind: FactKind) -> bool {
        self.open() || (self == Self::Qualified && kind == FactKind::AccountClosed)
    }
}

words! {
    /// How the introduction reached the bank.
    pub(crate) enum Channel {
        /// A form filled in at the branch.
        BranchForm = "BRANCH_FORM",
        /// The referee named the referrer.
        WordOfMouth = "WORD_OF_MOUTH",
        /// The referee presented a code.
        CustomerCode = "CUSTOMER_CODE",
    }
}

words! {
    /// The means by which a consent was given.
    pub(crate) enum ConsentMeans {
        /// Signed at the branch.
        Signed = "SIGNED",
        /// Said to staff.
        Spoken = "SPOKEN",
        /// Ticked in a form.
        Online = "ONLINE",
    }
}

/// A consent, as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Consent {
    /// Version of the text agreed to.
    pub(crate) text_version: String,
    /// When.
    pub(crate) given_at: Timestamp,
    /// By which means.
    pub(crate) means: ConsentMeans,
}

/// Who is introduced. Not `Debug`: it holds a name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Referee {
    /// His name, as the referrer gave it.
    pub(crate) display_name: String,
    /// One way to reach him.
    pub(crate) contact: Contact,
}

/// What a referral is asked to be, without the referee, who is sealed before anything else sees the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Introduction {
    /// `programs/{program}` without the prefix.
    pub(crate) program: String,
    /// The branch that registers it.
    pub(crate) branch: String,
    /// How it reached the bank.
    pub(crate) channel: Channel,
    /// `customers/{customer}`, where stated.
    pub(crate) referrer: Option<String>,
    /// The code presented.
    pub(crate) code: Option<CodeText>,
    /// The referee's consent.
    pub(crate) consent: Consent,
}

impl Introduction {
    /// What is wrong with it by itself.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        if self.channel == Channel::CustomerCode && self.code.is_none() {
            violations.push(Violation::new("referral.code", "channel CUSTOMER_CODE needs the code presented"));
        }
        if self.referrer.is_none() && self.code.is_none() {
            violations.push(Violation::new("referral.referrer", "must be named where no code is presented"));
        }
        violations
    }

    /// Who introduces: the code's owner where there is a code, else whoever is stated.
    ///
    /// # Errors
    /// `FIELD_INVALID` for a code of another program, or of another referrer than the stated one.
    pub(crate) fn referrer_with(&self, code: Option<&Code>) -> Result<String, Refusal> {
        let Some(code) = code else {
            let missing = || Refusal::invalid("referral.referrer", "must be named where no code is presented");
            return self.referrer.clone().ok_or_else(missing);
        };
        if code.terms.program != self.program {
            return Err(Refusal::invalid("referral.code", "belongs to another program"));
        }
        if self.referrer.as_ref().is_some_and(|stated| *stated != code.terms.referrer) {
            return Err(Refusal::invalid("referral.referrer", "is not the owner of the code; leave it empty"));
        }
        Ok(code.terms.referrer.clone())
    }
}

/// The contact that is owed to a referee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FollowUp {
    /// Whether the referrer was a core customer at registration.
    pub(crate) core: bool,
    /// When the contact is due.
    pub(crate) due_at: Timestamp,
}

/// Whether a referrer is a core customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// His tier counts as core.
    Core,
    /// It does not, or he has none.
    Other,
}

impl FollowUp {
    /// When the contact is due, counted from registration.
    pub(crate) fn owed(rule: FollowUpRule, standing: Standing, registered_at: Timestamp) -> Self {
        match standing {
            Standing::Core => Self { core: true, due_at: hours_after(registered_at, rule.core_hours) },
            Standing::Other => Self { core: false, due_at: hours_after(registered_at, rule.other_hours) },
        }
    }
}

/// A referral as it is on record, without the referee's name and contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Referral {
    /// Its id.
    pub(crate) id: Uuid,
    /// The subject under whose key the referee is sealed.
    pub(crate) subject: Uuid,
    /// `programs/{program}` without the prefix.
    pub(crate) program: String,
    /// The program's version, pinned.
    pub(crate) program_version: i64,
    /// `plans/{plan}`.
    pub(crate) plan: String,
    /// The plan's version, pinned.
    pub(crate) plan_version: i64,
    /// The branch that owns it.
    pub(crate) branch: String,
    /// How it reached the bank.
    pub(crate) channel: Channel,
    /// `customers/{customer}`.
    pub(crate) referrer: String,
    /// The code presented.
    pub(crate) code: Option<CodeText>,
    /// The referee's consent.
    pub(crate) consent: Consent,
    /// Where it stands.
    pub(crate) state: State,
    /// Every check, in order.
    pub(crate) checks: Vec<CheckResult>,
    /// The contact owed.
    pub(crate) follow_up: FollowUp,
    /// The referee's own customer name, once he has one.
    pub(crate) referee_customer: Option<String>,
    /// The qualifying amount.
    pub(crate) qualifying_amount: Option<Money>,
    /// Who registered it.
    pub(crate) registrar: String,
    /// When it was registered.
    pub(crate) created_at: Timestamp,
    /// First instant at which facts arrive too late.
    pub(crate) expires_at: Timestamp,
    /// When the fact that completed it happened.
    pub(crate) qualified_at: Option<Timestamp>,
    /// When the fact that reversed it happened.
    pub(crate) reversed_at: Option<Timestamp>,
    /// When it last changed.
    pub(crate) updated_at: Timestamp,
    /// Counts its changes, from 1.
    pub(crate) revision: i64,
}

/// Referrals in one state by one channel, in order of state, then channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    /// The state.
    pub(crate) state: State,
    /// The channel.
    pub(crate) channel: Channel,
    /// How many.
    pub(crate) count: i64,
}

/// What a list shows. What is absent filters nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Only this program's.
    pub(crate) program: Option<String>,
    /// Only this branch's.
    pub(crate) branch: Option<String>,
    /// Only this referrer's.
    pub(crate) referrer: Option<String>,
    /// Only those in this state.
    pub(crate) state: Option<State>,
}
