//! One reward: what was granted, which never changes, and what may happen to it, with what the ledger writes for that.

use super::{
    ledger::{self, Form, Posting},
    plan::check_etag,
    rate_rule::Side,
    refusal::Refusal,
    state::{State, Unpaid},
};
use handsel_money::{Money, Timestamp};
use uuid::Uuid;

super::codes! {
    /// As what somebody is rewarded.
    pub enum Role {
        /// Who introduced.
        Referrer = "REFERRER",
        /// Who was introduced.
        Referee = "REFEREE",
        /// The member of staff who looked after the referral.
        Staff = "STAFF",
        /// One of those who share the team's award.
        Team = "TEAM",
    }
}

super::codes! {
    /// What a reward is.
    pub enum Kind {
        /// Money.
        Cash = "CASH",
        /// Points, each of a declared worth.
        Points = "POINTS",
        /// A voucher, a gift, a fee not charged, a better service, an honour: of a declared worth.
        Item = "ITEM",
        /// A preferential rate.
        Rate = "RATE",
    }
}

impl Kind {
    /// How it is given.
    pub fn form(self) -> Form {
        match self {
            Self::Cash | Self::Rate => Form::Money,
            Self::Points | Self::Item => Form::InKind,
        }
    }
}

/// A choice that the beneficiary may make, once, until an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What he gets if he does not choose.
    pub default: Side,
    /// The first instant at which it is too late.
    pub until: Timestamp,
}

/// The five amounts of a reward, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// What the rule gave, rounded, before caps and budget.
    pub gross: Money,
    /// What caps and budget left of it.
    pub reward: Money,
    /// The tax on it.
    pub tax: Money,
    /// What the beneficiary receives.
    pub net: Money,
    /// What it costs the bank.
    pub cost: Money,
}

/// What was granted, to whom, for what. Never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// Its name.
    pub id: Uuid,
    /// The referral that earned it.
    pub referral: Uuid,
    /// The plan that pays.
    pub plan: String,
    /// The plan's version.
    pub plan_version: i64,
    /// As what the beneficiary is rewarded.
    pub role: Role,
    /// The stage of the referral that earned it; empty: the whole referral.
    pub stage: String,
    /// The milestone that pays it; empty: it is an ordinary reward.
    pub milestone: String,
    /// The count at which the milestone fired; 0: it is an ordinary reward.
    pub milestone_count: i64,
    /// `customers/` and the bank's customer number; as STAFF and TEAM `staff/` and the staff number.
    pub beneficiary: String,
    /// The branch that owns the referral.
    pub branch: String,
    /// The beneficiary's tier at the qualifying instant; empty: none.
    pub tier: String,
    /// What it is.
    pub kind: Kind,
    /// How many points or items; 0 for what is counted in money alone.
    pub quantity: i64,
    /// What the points or items are; empty for money.
    pub item: String,
    /// How much; of points and items, what they are declared to be worth.
    pub amounts: Amounts,
    /// The window it counts in, e.g. `2025-06`; empty where the plan has no cap.
    pub window: String,
    /// The season whose budget it counts against, e.g. `2025-Q2`; empty where the plan has none.
    pub season: String,
    /// The choice that the beneficiary was offered with it.
    pub choice: Option<Choice>,
    /// When the completing fact happened.
    pub qualified_at: Timestamp,
    /// When it becomes payable.
    pub due_at: Timestamp,
    /// When it was granted.
    pub created_at: Timestamp,
}

impl Entitlement {
    /// What identifies it for ever, whatever its id: referral, plan, stage, role, milestone, its count, beneficiary.
    pub fn natural_key(&self) -> String {
        let Self { referral, plan, stage, role, milestone, milestone_count, beneficiary, .. } = self;
        format!("{referral}/{plan}/{stage}/{}/{milestone}/{milestone_count}/{beneficiary}", role.code())
    }
}

/// Where a reward goes once it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// Nowhere: its beneficiary has something to say first.
    Stay,
    /// To the people who approve it.
    People,
    /// Straight on.
    Nobody,
}

/// One reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward {
    /// What was granted.
    pub entitlement: Entitlement,
    /// Where it stands.
    pub state: State,
    /// What cut it, or why it was refused.
    pub reasons: Vec<String>,
    /// Counts its changes from 1; its etag.
    pub revision: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A reward after a transition, and what the ledger writes down for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// As it stands now.
    pub reward: Reward,
    /// What moves.
    pub postings: Vec<Posting>,
}

impl Reward {
    /// Its resource name.
    pub fn name(&self) -> String {
        format!("rewards/{}", self.entitlement.id)
    }

    /// Refuses an etag that is not the one of this revision; an empty one stands for whatever it is now.
    ///
    /// # Errors
    /// [`Refusal::EtagMismatch`].
    pub fn check_etag(&self, etag: &str) -> Result<(), Refusal> {
        check_etag(&self.name(), self.revision, etag)
    }

    /// Its due instant has come, or what kept it there is said: it goes on to people or to nobody.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it is accrued, or due and going on.
    pub fn fall_due(self, onward: Onward, now: Timestamp) -> Result<Moved, Refusal> {
        let due = match (self.state.clone(), onward) {
            (State::Accrued(accrued), _) => accrued.fall_due(),
            (State::Due(due), Onward::People | Onward::Nobody) => due,
            _ => return Err(self.conflict("fall due")),
        };
        let state = match onward {
            Onward::Stay => State::Due(due),
            Onward::People => State::PendingApproval(due.wait_for_people()),
            Onward::Nobody => State::Approved(due.need_nobody()),
        };
        Ok(self.moved(state, Vec::new(), now))
    }

    /// A person lets it be paid.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it waits for approval.
    pub fn approve(self, approver: &str, now: Timestamp) -> Result<Moved, Refusal> {
        let State::PendingApproval(pending) = self.state.clone() else {
            return Err(self.conflict("be approved"));
        };
        Ok(self.moved(State::Approved(pending.approve(approver)), Vec::new(), now))
    }

    /// A person refuses it: nothing is owed any more.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it waits for approval.
    pub fn reject(mut self, by: &str, reason: &str, now: Timestamp) -> Result<Moved, Refusal> {
        let State::PendingApproval(pending) = self.state.clone() else {
            return Err(self.conflict("be rejected"));
        };
        self.reasons.push(reason.to_owned());
        let postings = ledger::rejection(&self.entitlement.amounts);
        Ok(self.moved(State::Rejected(pending.reject(by)), postings, now))
    }

    /// It goes to the bank under a new attempt; or is done where tax has taken all of it and nothing is left to pay.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it is approved.
    pub fn instruct(self, now: Timestamp) -> Result<Moved, Refusal> {
        let State::Approved(approved) = self.state.clone() else {
            return Err(self.conflict("be instructed"));
        };
        if self.entitlement.amounts.net.is_zero() && self.entitlement.quantity == 0 {
            return Ok(self.moved(State::Paid(approved.owe_nothing(now)), Vec::new(), now));
        }
        let postings = ledger::instruction(self.entitlement.amounts.net);
        Ok(self.moved(State::Paying(approved.instruct()), postings, now))
    }

    /// The bank has paid the newest attempt at this instant: the one awaited, or one that it had refused before.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] where no payment can have been under way.
    pub fn settle(self, at: Timestamp, now: Timestamp) -> Result<Moved, Refusal> {
        let net = self.entitlement.amounts.net;
        if let State::Paying(paying) = self.state.clone() {
            let postings = ledger::settlement(self.entitlement.kind.form(), net);
            return Ok(self.moved(State::Paid(paying.settle(at)), postings, now));
        }
        match Unpaid::of(self.state.clone()).filter(|unpaid| unpaid.attempts() > 0) {
            Some(unpaid) => {
                let postings = ledger::late_settlement(self.entitlement.kind.form(), net);
                Ok(self.moved(State::Paid(unpaid.settle_late(at)), postings, now))
            }
            None => Err(self.conflict("be settled")),
        }
    }

    /// The bank will never pay the newest attempt.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it is being paid.
    pub fn refuse(self, now: Timestamp) -> Result<Moved, Refusal> {
        let State::Paying(paying) = self.state.clone() else {
            return Err(self.conflict("be refused by the bank"));
        };
        let postings = ledger::refusal(self.entitlement.amounts.net);
        Ok(self.moved(State::Failed(paying.refuse()), postings, now))
    }

    /// A person has it tried again.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless the bank refused it, or the money came back.
    pub fn retry(self, now: Timestamp) -> Result<Moved, Refusal> {
        let approved = match self.state.clone() {
            State::Failed(failed) => failed.retry(),
            State::Returned(returned) => returned.retry(),
            _ => return Err(self.conflict("be tried again")),
        };
        Ok(self.moved(State::Approved(approved), Vec::new(), now))
    }

    fn conflict(&self, act: &'static str) -> Refusal {
        Refusal::StateConflict { name: self.name(), state: self.state.standing().code(), act }
    }

    fn moved(self, state: State, postings: Vec<Posting>, now: Timestamp) -> Moved {
        let revision = self.revision.saturating_add(1);
        Moved { reward: Self { state, revision, updated_at: now, ..self }, postings }
    }
}
