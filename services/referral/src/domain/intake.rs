//! Taking facts in: which referral a fact belongs to, whether it was taken before, and where its referral stands
//! afterwards. A fold over what was loaded; what it leaves in [`Book`] is what is to be saved.

use super::{
    fact::{Fact, FactKind, FactRefusal},
    referral::State,
    success::{Completion, Evidence, Progress, SuccessRule},
};
use handsel_money::Timestamp;
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// The keyed digest of what a fact says, without the referral it names.
pub(crate) type FactDigest = [u8; 32];

/// A referral, as far as facts concern it.
#[derive(Debug, Clone)]
pub(crate) struct Tracked {
    /// What success is.
    pub(crate) rule: Arc<SuccessRule>,
    /// Where it stood when it was loaded.
    pub(crate) loaded_state: State,
    /// Where it stands now.
    pub(crate) state: State,
    /// When it was registered.
    pub(crate) created_at: Timestamp,
    /// First instant at which facts arrive too late.
    pub(crate) expires_at: Timestamp,
    /// `customers/{customer}`: who introduced.
    pub(crate) referrer: String,
    /// `customers/{customer}`: who was introduced, once bound.
    pub(crate) customer: Option<String>,
    /// What has happened.
    pub(crate) evidence: Vec<Evidence>,
    /// What completed it, if that was now.
    pub(crate) completion: Option<Completion>,
    /// When the fact that completed it happened, if it has been completed.
    pub(crate) qualified_at: Option<Timestamp>,
    /// When the fact that reversed it happened, if that was now.
    pub(crate) reversed_at: Option<Timestamp>,
    /// When the last fact reached it; none if none did now.
    pub(crate) touched_at: Option<Timestamp>,
}

impl Tracked {
    fn assess(&mut self) {
        match self.rule.assess(self.created_at, &self.evidence) {
            Progress::Nothing => {}
            Progress::Some => self.state = State::Converting,
            Progress::Complete(completion) => {
                self.state = State::Qualified;
                self.completion = Some(completion);
                self.qualified_at = Some(completion.qualified_at);
            }
        }
    }

    /// A closing that arrived before the qualifying fact did reverses as one that arrives after it.
    fn look_back(&mut self) {
        let reversal = self.qualified_at.and_then(|instant| self.rule.reversal(instant, &self.evidence));
        if let Some(closed_at) = reversal {
            self.state = State::Reversed;
            self.reversed_at = Some(closed_at);
        }
    }
}

/// A fact id that was taken before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// What it said.
    pub(crate) digest: FactDigest,
    /// The referral that it counts for; none if it matched none.
    pub(crate) referral: Option<Uuid>,
}

/// What became of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Recorded as evidence of this referral.
    Applied(Uuid),
    /// Taken before, as evidence of this referral.
    Duplicate(Uuid),
    /// It belongs to no referral.
    Unmatched,
    /// It cannot be taken.
    Refused(FactRefusal),
}

/// What has to be saved of one fact that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// For which referral.
    pub(crate) referral: Uuid,
    /// What it said.
    pub(crate) digest: FactDigest,
    /// As evidence.
    pub(crate) evidence: Evidence,
}

/// A customer who turned out to be the referee of a referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    /// `customers/{customer}`.
    pub(crate) customer: String,
    /// The referral.
    pub(crate) referral: Uuid,
    /// When the binding fact was received.
    pub(crate) bound_at: Timestamp,
}

/// What was loaded for a batch, and what the batch makes of it.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Every referral that a fact names or that is bound to a fact's customer.
    pub(crate) referrals: BTreeMap<Uuid, Tracked>,
    /// Referrals by the customer bound to them.
    pub(crate) by_customer: BTreeMap<String, Uuid>,
    /// Facts taken before, by id.
    pub(crate) taken: BTreeMap<String, Taken>,
    /// New evidence.
    pub(crate) recorded: Vec<Recorded>,
    /// New bindings.
    pub(crate) bound: Vec<Bound>,
    /// Customers whose account was opened: they are customers from now on.
    pub(crate) opened: Vec<Bound>,
    /// Facts that match nothing, not seen before.
    pub(crate) unmatched: Vec<(String, FactDigest)>,
    /// Facts that matched nothing before, and do now.
    pub(crate) matched_late: Vec<String>,
}

impl Book {
    /// Takes a batch. Facts that name a referral come first, so that within a batch no order matters; then every
    /// referral that was reached is assessed once. Outcomes stand in the order of the facts.
    pub(crate) fn take_all(&mut self, facts: &[(Fact, FactDigest, Timestamp)]) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Unmatched; facts.len()];
        for naming in [true, false] {
            let slots = facts.iter().zip(outcomes.iter_mut());
            for ((fact, digest, now), outcome) in slots.filter(|((fact, ..), _)| fact.referral.is_some() == naming) {
                *outcome = self.take(fact, *digest, *now);
            }
        }
        self.settle();
        outcomes
    }

    /// In this order: the fact by itself, its id, the referral that it names, the customer it is about.
    fn take(&mut self, fact: &Fact, digest: FactDigest, now: Timestamp) -> Outcome {
        if let Err(refusal) = fact.check(now) {
            return Outcome::Refused(refusal);
        }
        let before = self.taken.get(&fact.id).copied();
        if let Some(before) = before {
            let elsewhere = fact.referral.is_some() && before.referral.is_some() && fact.referral != before.referral;
            if before.digest != digest || elsewhere {
                return Outcome::Refused(FactRefusal::IdReused);
            }
            if let Some(referral) = before.referral {
                return Outcome::Duplicate(referral);
            }
        }
        match self.referral_of(fact) {
            Err(refusal) => Outcome::Refused(refusal),
            Ok(None) => {
                if before.is_none() {
                    self.unmatched.push((fact.id.clone(), digest));
                    self.taken.insert(fact.id.clone(), Taken { digest, referral: None });
                }
                Outcome::Unmatched
            }
            Ok(Some(referral)) => {
                if before.is_some() {
                    self.matched_late.push(fact.id.clone());
                }
                self.record(referral, fact, digest, now);
                Outcome::Applied(referral)
            }
        }
    }

    fn referral_of(&self, fact: &Fact) -> Result<Option<Uuid>, FactRefusal> {
        let of_customer = self.by_customer.get(&fact.customer).copied();
        let Some(named) = fact.referral else {
            return Ok(of_customer);
        };
        let tracked = self.referrals.get(&named).ok_or(FactRefusal::NotFound)?;
        if tracked.state == State::Rejected {
            return Err(FactRefusal::Rejected);
        }
        let other_customer = tracked.customer.as_ref().is_some_and(|bound| *bound != fact.customer);
        let other_referral = of_customer.is_some_and(|bound| bound != named);
        if other_customer || other_referral || tracked.referrer == fact.customer {
            return Err(FactRefusal::CustomerConflict);
        }
        Ok(Some(named))
    }

    fn record(&mut self, referral: Uuid, fact: &Fact, digest: FactDigest, now: Timestamp) {
        let Some(tracked) = self.referrals.get_mut(&referral) else {
            return;
        };
        let bound = Bound { customer: fact.customer.clone(), referral, bound_at: now };
        if tracked.customer.is_none() {
            tracked.customer = Some(fact.customer.clone());
            self.by_customer.insert(fact.customer.clone(), referral);
            self.bound.push(bound.clone());
        }
        if fact.kind == FactKind::AccountOpened {
            self.opened.push(bound);
        }
        if tracked.state.open() && now >= tracked.expires_at {
            tracked.state = State::Expired;
        }
        let evidence = Evidence {
            fact_id: fact.id.clone(),
            kind: fact.kind,
            amount: fact.amount,
            occurred_at: fact.occurred_at,
            received_at: now,
            counted: tracked.state.minds(fact.kind),
        };
        tracked.touched_at = tracked.touched_at.max(Some(now));
        tracked.evidence.push(evidence.clone());
        self.taken.insert(fact.id.clone(), Taken { digest, referral: Some(referral) });
        self.recorded.push(Recorded { referral, digest, evidence });
    }

    fn settle(&mut self) {
        for tracked in self.referrals.values_mut().filter(|tracked| tracked.touched_at.is_some()) {
            if tracked.state.open() {
                tracked.assess();
            }
            if tracked.state == State::Qualified {
                tracked.look_back();
            }
        }
    }
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
