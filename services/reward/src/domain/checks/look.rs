//! What each check comes to.

use super::{Check, Found, Known, Rule, Verdict};
use crate::domain::{
    approval::Needed,
    calculation::caps::Reason,
    expiry::expires_at,
    gate,
    latch::Stop,
    outcome::Status,
    reward_choice,
    state::Standing,
    terms::{GateCheck, band_of},
};
use handsel_money::Timestamp;

/// What may cut a reward when it is granted.
const CUTS: [Reason; 3] = [Reason::CountCap, Reason::AmountCap, Reason::Budget];

/// Every check on a reward's way, in its order, as of now.
pub fn look(known: &Known<'_>, now: Timestamp) -> Vec<Check> {
    let look = Look { known, now, standing: known.reward.state.standing() };
    let mut checks = vec![look.caps_and_budget(), look.choice(), look.holding_period()];
    checks.extend(look.holds());
    checks.extend([look.approval(), look.payee()]);
    checks.extend(look.gate());
    checks.extend([look.settlement_latch(), look.attempt(), look.expiry()]);
    checks
}

struct Look<'a> {
    known: &'a Known<'a>,
    now: Timestamp,
    standing: Standing,
}

impl Look<'_> {
    fn check(&self, rule: Rule, verdict: Verdict, reason: &str, found: Found) -> Check {
        Check { rule, verdict, reason: reason.to_owned(), found, until: None, at: self.now }
    }

    fn pass(&self, rule: Rule, found: Found) -> Check {
        self.check(rule, Verdict::Pass, "", found)
    }

    fn not_applicable(&self, rule: Rule, found: Found) -> Check {
        self.check(rule, Verdict::NotApplicable, "", found)
    }

    /// An instant that is still to come.
    fn to_come(&self, until: Timestamp) -> Option<Timestamp> {
        (until > self.now).then_some(until)
    }

    /// Whether nothing keeps its newest attempt back any more: it has left, or the reward has ended.
    fn is_past(&self) -> bool {
        let left = self.known.newest.is_some_and(|attempt| attempt.first_sent_at.is_some());
        self.standing.is_final() || (self.standing == Standing::Paying && left)
    }

    /// Whether it comes to another attempt only when a person says so.
    fn waits_for_retry(&self) -> bool {
        matches!(self.standing, Standing::Failed | Standing::Returned)
    }

    fn caps_and_budget(&self) -> Check {
        let reward = self.known.reward;
        let cuts = |reason: &&String| CUTS.iter().any(|cut| cut.name() == reason.as_str());
        let cut: Vec<String> = reward.reasons.iter().filter(cuts).cloned().collect();
        let refused = self.standing == Standing::Rejected && reward.state.approver().is_empty();
        let mut check = match (refused, cut.first().cloned()) {
            (true, _) => {
                let reason = reward.reasons.last().cloned().unwrap_or_default();
                self.check(Rule::CapsAndBudget, Verdict::Fail, &reason, Found::NothingLeft(reason.clone()))
            }
            (false, Some(first)) => self.check(Rule::CapsAndBudget, Verdict::Pass, &first, Found::Cut(cut)),
            (false, None) => self.pass(Rule::CapsAndBudget, Found::Uncut),
        };
        check.at = reward.entitlement.created_at;
        check
    }

    fn choice(&self) -> Check {
        let Some(choice) = self.known.choice else {
            return self.not_applicable(Rule::Choice, Found::NoChoice);
        };
        if choice.state != reward_choice::State::Open || self.standing.is_final() {
            return self.pass(Rule::Choice, Found::ChoiceOver);
        }
        let check = self.check(Rule::Choice, Verdict::Pending, "CHOICE_OPEN", Found::MayChoose(choice.until));
        Check { until: self.to_come(choice.until), ..check }
    }

    fn holding_period(&self) -> Check {
        let due_at = self.known.reward.entitlement.due_at;
        if self.standing == Standing::Accrued {
            let check = self.check(Rule::HoldingPeriod, Verdict::Pending, "NOT_DUE", Found::DueAt(due_at));
            return Check { until: self.to_come(due_at), ..check };
        }
        if self.now < due_at {
            return self.not_applicable(Rule::HoldingPeriod, Found::Past);
        }
        self.pass(Rule::HoldingPeriod, Found::DueSince(due_at))
    }

    fn holds(&self) -> Vec<Check> {
        if self.is_past() {
            return vec![self.not_applicable(Rule::Hold, Found::Past)];
        }
        if self.known.holds.is_empty() {
            return vec![self.pass(Rule::Hold, Found::NotHeld)];
        }
        let held = self.known.holds.iter().map(|hold| {
            let found = Found::Held {
                name: hold.name(),
                reason: hold.reason.clone(),
                placed_by: hold.placed_by.clone(),
                proposed_by: hold.state.proposed_by().to_owned(),
            };
            Check { at: hold.placed_at, ..self.check(Rule::Hold, Verdict::Fail, &hold.reason, found) }
        });
        held.collect()
    }

    fn approval(&self) -> Check {
        let reward = self.known.reward;
        let by = reward.state.approver();
        if self.standing == Standing::Rejected && !by.is_empty() {
            let reason = reward.reasons.last().cloned().unwrap_or_default();
            let found = Found::Refused { by: by.to_owned(), reason: reason.clone() };
            let check = self.check(Rule::Approval, Verdict::Fail, &reason, found);
            return Check { at: reward.updated_at, ..check };
        }
        let bands = &self.known.payment.approval_bands;
        let asks = self.known.payee.is_some() || band_of(bands, reward.entitlement.amounts.reward).is_some();
        let given = self.known.approvals;
        let asked = || Found::Asked { needed: Needed::of(reward, bands), given: given.to_vec() };
        let last = given.iter().map(|one| one.given_at).max();
        let early = matches!(self.standing, Standing::Accrued | Standing::Due);
        match self.standing {
            Standing::PendingApproval => {
                let check = self.check(Rule::Approval, Verdict::Pending, "APPROVAL_MISSING", asked());
                Check { at: last.unwrap_or(self.now), ..check }
            }
            _ if early && asks => self.check(Rule::Approval, Verdict::Pending, "APPROVAL_MISSING", asked()),
            _ if !by.is_empty() => Check { at: last.unwrap_or(self.now), ..self.pass(Rule::Approval, asked()) },
            standing if asks && standing.is_final() => self.not_applicable(Rule::Approval, Found::Past),
            _ => self.not_applicable(Rule::Approval, Found::NobodyAsked),
        }
    }

    fn payee(&self) -> Check {
        match self.known.payee {
            None => self.not_applicable(Rule::Payee, Found::OwnAccount),
            Some(payee) => {
                let (reference, by) = (payee.account_reference.clone(), payee.person.clone());
                Check { at: payee.set_at, ..self.pass(Rule::Payee, Found::NamedAccount { reference, by }) }
            }
        }
    }

    fn gate(&self) -> Vec<Check> {
        if self.known.payment.gate.is_empty() {
            return vec![self.not_applicable(Rule::Gate, Found::NothingAsked)];
        }
        if self.waits_for_retry() {
            return vec![self.not_applicable(Rule::Gate, Found::AskedOnRetry)];
        }
        self.known.payment.gate.iter().map(|asked| self.answer(*asked)).collect()
    }

    fn answer(&self, asked: GateCheck) -> Check {
        let round = self.known.round;
        let said = round.and_then(|round| {
            let answer = round.answers.iter().find(|answer| answer.check == asked)?;
            Some((answer.clone(), round.holds_until))
        });
        let reason = |what: &str| format!("{}_{what}", asked.code());
        let Some((answer, holds_until)) = said else {
            if self.is_past() {
                return self.not_applicable(Rule::Gate, Found::Past);
            }
            return self.check(Rule::Gate, Verdict::Pending, &reason("NOT_ASKED"), Found::NotAskedYet(asked));
        };
        // What has left has left on an answer that held then.
        let past = self.is_past();
        let lapsed = !past && answer.verdict == gate::Verdict::Pass && holds_until <= self.now;
        let (verdict, reason) = match answer.verdict {
            gate::Verdict::Pass if lapsed => (Verdict::Pending, reason("LAPSED")),
            gate::Verdict::Pass => (Verdict::Pass, String::new()),
            gate::Verdict::Unknown | gate::Verdict::Fail if past => (Verdict::NotApplicable, String::new()),
            gate::Verdict::Unknown => (Verdict::Pending, reason("UNKNOWN")),
            gate::Verdict::Fail => (Verdict::Fail, reason("FAIL")),
        };
        let (until, at) = (self.to_come(holds_until).filter(|_| !past), answer.asked_at);
        Check { until, at, ..self.check(Rule::Gate, verdict, &reason, Found::Said { answer, lapsed }) }
    }

    fn settlement_latch(&self) -> Check {
        if self.is_past() {
            return self.not_applicable(Rule::SettlementLatch, Found::Past);
        }
        if self.waits_for_retry() {
            return self.not_applicable(Rule::SettlementLatch, Found::AskedOnRetry);
        }
        match self.known.stop {
            None => self.pass(Rule::SettlementLatch, Found::Leaving),
            Some(stop) => {
                let verdict = if stop == Stop::Latched { Verdict::Fail } else { Verdict::Pending };
                let found = Found::Stopped(stop, self.known.signs.to_vec());
                self.check(Rule::SettlementLatch, verdict, stop.code(), found)
            }
        }
    }

    fn attempt(&self) -> Check {
        let Some(newest) = self.known.newest else {
            return match self.standing {
                Standing::Paid | Standing::Reversed => self.pass(Rule::Attempt, Found::NothingToPay),
                standing if standing.is_final() => self.not_applicable(Rule::Attempt, Found::Past),
                _ => self.check(Rule::Attempt, Verdict::Pending, "NOT_INSTRUCTED", Found::NotInstructed),
            };
        };
        let found = Found::Tried(Box::new(newest.clone()));
        let (verdict, reason, found) = match (newest.status, newest.first_sent_at) {
            (Status::Settled, _) => (Verdict::Pass, "", found),
            // A person had it tried again, and the next attempt is not made yet.
            (Status::Rejected | Status::Returned, _) if !self.waits_for_retry() && !self.standing.is_final() => {
                (Verdict::Pending, "NOT_INSTRUCTED", Found::NotInstructed)
            }
            (Status::Rejected, _) => (Verdict::Fail, "REFUSED", found),
            (Status::Returned, _) => (Verdict::Fail, "RETURNED", found),
            (Status::Accepted, _) => (Verdict::Pending, "NOT_SETTLED", found),
            (Status::Unknown, Some(_)) => (Verdict::Pending, "OUTCOME_UNKNOWN", found),
            (Status::Unknown, None) => (Verdict::Pending, "NOT_SENT", found),
        };
        let at = newest.outcome_at.or(newest.first_sent_at).unwrap_or(newest.instructed_at);
        Check { at, ..self.check(Rule::Attempt, verdict, reason, found) }
    }

    /// Only what is not paid, never left and is not held expires.
    fn expiry(&self) -> Check {
        let reward = self.known.reward;
        if self.standing == Standing::Expired {
            let check = self.check(Rule::Expiry, Verdict::Fail, "EXPIRED", Found::Expired);
            return Check { at: reward.updated_at, ..check };
        }
        let expires = expires_at(reward.entitlement.due_at, self.known.zone, self.known.payment.expiry_days);
        let Some(expires) = expires else {
            return self.not_applicable(Rule::Expiry, Found::NeverExpires);
        };
        if self.standing.is_final() || reward.state.attempts() > 0 {
            return self.not_applicable(Rule::Expiry, Found::Past);
        }
        match self.to_come(expires) {
            Some(until) => Check { until: Some(until), ..self.pass(Rule::Expiry, Found::ExpiresAt(until)) },
            None if !self.known.holds.is_empty() => self.not_applicable(Rule::Expiry, Found::ExpiryHeld(expires)),
            None => self.check(Rule::Expiry, Verdict::Fail, "EXPIRED", Found::Expired),
        }
    }
}
