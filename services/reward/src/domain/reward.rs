//! One reward: what was granted, which never changes, and what may happen to it, with what the ledger writes for that.

use super::{
    ledger::{self, Ending, Form, Posting, Share},
    plan::check_etag,
    rate_rule::Side,
    refusal::Refusal,
    room::RoomChange,
    state::{State, TakenBack, Unpaid},
};
use handsel_money::{Money, Timestamp};
use uuid::Uuid;

/// Why a reward that was due for too long is owed no more.
pub const EXPIRED: &str = "EXPIRED";

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
    /// What of its net amount was kept here for claims on its beneficiary, instead of being paid.
    pub netted: Money,
    /// What cut it, or why it was refused.
    pub reasons: Vec<String>,
    /// Counts its changes from 1; its etag.
    pub revision: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A reward after a transition, what the ledger writes down for it, and what that does to count, cap and budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// As it stands now.
    pub reward: Reward,
    /// What moves.
    pub postings: Vec<Posting>,
    /// The attempt that it is about: the newest, unless an older one turned out to have paid; 0: none.
    pub attempt: i64,
    /// What is spent, or comes back.
    pub room: RoomChange,
}

impl Reward {
    /// Its resource name.
    pub fn name(&self) -> String {
        format!("rewards/{}", self.entitlement.id)
    }

    /// What its beneficiary receives in the end: its net amount less what was kept here for claims on him.
    pub fn owed(&self) -> Money {
        let net = self.entitlement.amounts.net;
        net.checked_sub(self.netted).unwrap_or(Money::zero(net.currency()))
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

    /// The last of the people who are asked lets it be paid.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it waits for approval.
    pub fn approve(self, approver: &str, now: Timestamp) -> Result<Moved, Refusal> {
        let State::PendingApproval(pending) = self.state.clone() else {
            return Err(self.conflict("be approved"));
        };
        Ok(self.moved(State::Approved(pending.approve(approver)), Vec::new(), now))
    }

    /// One of the people who are asked lets it be paid, and others are still to be asked.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it waits for approval.
    pub fn approve_in_part(self, now: Timestamp) -> Result<Moved, Refusal> {
        match self.state.clone() {
            State::PendingApproval(pending) => Ok(self.moved(State::PendingApproval(pending), Vec::new(), now)),
            _ => Err(self.conflict("be approved")),
        }
    }

    /// A person refuses it: nothing is owed any more.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it waits for approval for the first time: one that was tried before ends by a write-off.
    pub fn reject(mut self, by: &str, reason: &str, now: Timestamp) -> Result<Moved, Refusal> {
        let State::PendingApproval(pending) = self.state.clone() else {
            return Err(self.conflict("be rejected"));
        };
        if pending.attempts > 0 {
            return Err(self.conflict("be rejected: it was tried before"));
        }
        self.reasons.push(reason.to_owned());
        let postings = ledger::rejection(&self.entitlement.amounts);
        Ok(self.moved(State::Rejected(pending.reject(by)), postings, now))
    }

    /// Its money goes elsewhere: whoever approved it has not approved that, and people are asked again.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] while a payment is under way, and once it is over.
    pub fn change_payee(self, now: Timestamp) -> Result<Moved, Refusal> {
        let state = match self.state.clone() {
            early @ (State::Accrued(_) | State::Due(_) | State::PendingApproval(_)) => early,
            State::Approved(approved) => State::PendingApproval(approved.wait_for_people_again()),
            State::Failed(failed) => State::PendingApproval(failed.wait_for_people_again()),
            State::Returned(returned) => State::PendingApproval(returned.wait_for_people_again()),
            _ => return Err(self.conflict("be paid elsewhere")),
        };
        Ok(self.moved(state, Vec::new(), now))
    }

    /// It goes to the bank under a new attempt, less what is kept here for claims on its beneficiary; or is done where nothing is
    /// left to pay: tax or claims have taken all of it.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it is approved; [`Refusal::OutOfRange`] where more is kept than it owes.
    pub fn instruct(mut self, kept: Money, now: Timestamp) -> Result<Moved, Refusal> {
        let State::Approved(approved) = self.state.clone() else {
            return Err(self.conflict("be instructed"));
        };
        if kept.is_negative() || kept.minor() > self.owed().minor() {
            return Err(Refusal::OutOfRange("what is kept for claims"));
        }
        self.netted = self.netted.checked_add(kept).map_err(|_| Refusal::OutOfRange("what is kept for claims"))?;
        let mut postings = ledger::netting(kept);
        let owed = self.owed();
        if owed.is_zero() && self.entitlement.quantity == 0 {
            return Ok(self.moved(State::Paid(approved.owe_nothing(now)), postings, now));
        }
        postings.extend(ledger::instruction(owed));
        Ok(self.moved(State::Paying(approved.instruct()), postings, now))
    }

    /// The bank has paid an attempt at this instant: the one awaited, or one that it had refused before. What was given up is paid after
    /// all; what had fallen away is claimed back.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] where that payment cannot have been under way; [`Refusal::OutOfRange`].
    pub fn settle(self, attempt: i64, at: Timestamp, now: Timestamp) -> Result<Moved, Refusal> {
        let (form, owed) = (self.form(), self.owed());
        let newest = self.state.attempts();
        let late = ledger::late_settlement(form, owed);
        let (state, postings) = match self.state.clone() {
            State::Paying(paying) if attempt == newest => {
                (State::Paid(paying.settle(at)), ledger::settlement(form, owed))
            }
            State::Paying(_) => return Err(self.conflict("be settled by an attempt before")),
            _ if !(1..=newest).contains(&attempt) => return Err(self.conflict("be settled")),
            State::WrittenOff(written_off) => {
                let undone = ledger::write_off_undone(&self.left()?);
                (State::Paid(written_off.settle_late(at)), [undone, late].concat())
            }
            State::Cancelled(cancelled) => {
                let Amounts { reward, tax, .. } = self.entitlement.amounts;
                let reversed = cancelled.settle_late(at, TakenBack { reward, tax });
                (State::Reversed(reversed), [late, ledger::claim(owed)].concat())
            }
            other => match Unpaid::of(other) {
                Some(unpaid) => (State::Paid(unpaid.settle_late(at)), late),
                None => return Err(self.conflict("be settled")),
            },
        };
        Ok(self.moved(state, postings, now).by(attempt))
    }

    /// The bank will never pay the newest attempt.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it is being paid.
    pub fn refuse(self, now: Timestamp) -> Result<Moved, Refusal> {
        let State::Paying(paying) = self.state.clone() else {
            return Err(self.conflict("be refused by the bank"));
        };
        let postings = ledger::refusal(self.owed());
        Ok(self.moved(State::Failed(paying.refuse()), postings, now))
    }

    /// The money of an attempt came back: it is owed as before.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it is being paid, or was paid and nothing of it is taken back.
    pub fn come_back(self, attempt: i64, now: Timestamp) -> Result<Moved, Refusal> {
        let owed = self.owed();
        match self.state.clone() {
            State::Paying(paying) => Ok(self.moved(State::Returned(paying.come_back()), ledger::refusal(owed), now)),
            State::Paid(paid) if paid.taken_back.is_none() && paid.course.attempts > 0 => {
                let postings = ledger::return_of_funds(self.form(), owed);
                Ok(self.moved(State::Returned(paid.come_back()), postings, now).by(attempt))
            }
            _ => Err(self.conflict("come back")),
        }
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

    /// Two people give it up: it cannot be paid, or not to whom it would go now.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it was tried and is not on its way; [`Refusal::OutOfRange`].
    pub fn write_off(mut self, reason: &str, now: Timestamp) -> Result<Moved, Refusal> {
        let Some(tried) = Unpaid::of(self.state.clone()).filter(|unpaid| unpaid.attempts() > 0) else {
            return Err(self.conflict("be written off"));
        };
        self.reasons.push(reason.to_owned());
        let postings = ledger::write_off(&self.left()?);
        Ok(self.moved(State::WrittenOff(tried.write_off()), postings, now))
    }

    /// What it was granted for fell away before it was paid: nothing is owed, and what was kept here for claims is claimed.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] while a payment is under way, and once it is over.
    pub fn cancel(mut self, reason: &str, now: Timestamp) -> Result<Moved, Refusal> {
        let Some(unpaid) = Unpaid::of(self.state.clone()) else {
            return Err(self.conflict("be cancelled"));
        };
        self.reasons.push(reason.to_owned());
        let whole = Share::whole(&self.entitlement.amounts);
        let postings = if self.netted.is_zero() {
            ledger::ending(Ending::Cancellation, &whole)
        } else {
            ledger::reversal(self.owed(), &whole)
        };
        Ok(self.moved(State::Cancelled(unpaid.cancel()), postings, now))
    }

    /// It was due for too long, and never left.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it is due and was never tried.
    pub fn expire(mut self, now: Timestamp) -> Result<Moved, Refusal> {
        let waits = matches!(self.state, State::Due(_) | State::PendingApproval(_) | State::Approved(_));
        let unpaid = Unpaid::of(self.state.clone()).filter(|unpaid| waits && unpaid.attempts() == 0);
        let Some(unpaid) = unpaid else {
            return Err(self.conflict("expire"));
        };
        self.reasons.push(EXPIRED.to_owned());
        let postings = ledger::ending(Ending::Expiry, &Share::whole(&self.entitlement.amounts));
        Ok(self.moved(State::Expired(unpaid.expire()), postings, now))
    }

    /// A part of what was paid, or all of it, is taken back.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless it was paid and nothing of it is taken back yet; [`Refusal::OutOfRange`].
    pub fn take_back(mut self, part: TakenBack, reason: &str, now: Timestamp) -> Result<Moved, Refusal> {
        let State::Paid(paid) = self.state.clone() else {
            return Err(self.conflict("be reversed"));
        };
        if paid.taken_back.is_some() || !part.reward.is_positive() {
            return Err(self.conflict("be reversed again"));
        }
        let amounts = self.entitlement.amounts;
        let share = Share::reversed(&amounts, part.reward, part.tax)?;
        let postings = ledger::reversal(Money::zero(amounts.net.currency()), &share);
        self.reasons.push(reason.to_owned());
        let state = if part.reward == amounts.reward {
            State::Reversed(paid.take_back_all(part))
        } else {
            State::Paid(paid.take_back_part(part))
        };
        Ok(self.moved(state, postings, now))
    }

    /// Something was done about what is claimed of it: where it stands is as before.
    pub fn note(self, postings: Vec<Posting>, now: Timestamp) -> Moved {
        let state = self.state.clone();
        self.moved(state, postings, now)
    }

    /// What is left of it where some was kept for claims: the tax goes with the net, to the nearest unit below.
    fn left(&self) -> Result<Share, Refusal> {
        let Amounts { net, tax, .. } = self.entitlement.amounts;
        let owed = self.owed();
        let exact = i128::from(tax.minor()).saturating_mul(i128::from(owed.minor()));
        // Where nothing was owed, nothing is left of the tax either.
        let of_tax = exact.checked_div(i128::from(net.minor())).unwrap_or_default();
        let tax = Money::checked_new(tax.currency(), of_tax).map_err(|_| Refusal::OutOfRange("the tax"))?;
        Ok(Share { net: owed, tax })
    }

    fn form(&self) -> Form {
        self.entitlement.kind.form()
    }

    fn conflict(&self, act: &'static str) -> Refusal {
        Refusal::StateConflict { name: self.name(), state: self.state.standing().code(), act }
    }

    fn moved(self, state: State, postings: Vec<Posting>, now: Timestamp) -> Moved {
        let room = RoomChange::between(&self.state, &state);
        let (revision, attempt) = (self.revision.saturating_add(1), state.attempts());
        Moved { reward: Self { state, revision, updated_at: now, ..self }, postings, attempt, room }
    }
}

impl Moved {
    fn by(self, attempt: i64) -> Self {
        Self { attempt, ..self }
    }
}
