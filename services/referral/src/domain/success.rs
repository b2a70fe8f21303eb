//! Success: whether what has happened is what a program asks for. A pure function of the rule, the instant of
//! registration and the set of facts, whatever order they came in.

use super::{days_after, fact::FactKind};
use handsel_money::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// Days of patience for late facts where a program names none.
pub(crate) const DEFAULT_GRACE_DAYS: u32 = 5;

/// Every requirement met, each by any one of its conditions, in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SuccessRule {
    /// All must be met.
    pub(crate) requirements: Vec<Requirement>,
    /// Days after registration within which facts must have happened.
    pub(crate) within_days: u32,
    /// Days after that in which late facts may still arrive.
    pub(crate) grace_days: u32,
    /// Which fact's amount is the qualifying amount.
    pub(crate) qualifying_amount: Option<FactKind>,
    /// Days from the qualifying instant in which the closing of the account reverses; 0: it never does.
    #[serde(default)]
    pub(crate) reversal_days: u32,
    /// The currency of the plan that pays, pinned with its version at activation; none before. A fact in another meets nothing:
    /// the plan could never pay for it. Kept beside the rule, not in it.
    #[serde(skip)]
    pub(crate) plan_currency: Option<Currency>,
}

/// Met as soon as any one of its conditions is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Requirement {
    /// Its conditions.
    pub(crate) any_of: Vec<Condition>,
}

/// A fact of this kind, of at least this amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Condition {
    /// The kind.
    pub(crate) kind: FactKind,
    /// The least amount. A fact in another currency does not meet it.
    pub(crate) minimum: Option<Money>,
}

/// A fact as it stands beside a referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Its id at the source.
    pub(crate) fact_id: String,
    /// What happened.
    pub(crate) kind: FactKind,
    /// How much.
    pub(crate) amount: Option<Money>,
    /// When it happened.
    pub(crate) occurred_at: Timestamp,
    /// When it reached Handsel.
    pub(crate) received_at: Timestamp,
    /// False where the referral had been decided before the fact arrived: it is on record and changes nothing.
    pub(crate) counted: bool,
}

/// How far a referral has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing that counts has happened.
    Nothing,
    /// Some of it has.
    Some,
    /// All of it has.
    Complete(Completion),
}

/// What completes a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Completion {
    /// When the last requirement to be met was met first.
    pub(crate) qualified_at: Timestamp,
    /// The qualifying amount; none where no fact gives one.
    pub(crate) amount: Option<Money>,
}

impl SuccessRule {
    /// First instant at which a fact happens too late.
    pub(crate) fn deadline(&self, registered_at: Timestamp) -> Timestamp {
        days_after(registered_at, self.within_days)
    }

    /// First instant at which a fact arrives too late, whenever it happened.
    pub(crate) fn expiry(&self, registered_at: Timestamp) -> Timestamp {
        days_after(self.deadline(registered_at), self.grace_days)
    }

    /// The first requirement that this fact meets, counted from 1; 0 if it meets none.
    pub(crate) fn requirement_met(&self, registered_at: Timestamp, evidence: &Evidence) -> u32 {
        let mut numbered = self.requirements.iter().zip(1_u32..);
        numbered.find(|(each, _)| self.meets(each, registered_at, evidence)).map_or(0, |(_, number)| number)
    }

    /// How far a referral has come.
    pub(crate) fn assess(&self, registered_at: Timestamp, evidence: &[Evidence]) -> Progress {
        let met: Vec<Option<Timestamp>> = self
            .requirements
            .iter()
            .map(|requirement| {
                let meeting = evidence.iter().filter(|each| self.meets(requirement, registered_at, each));
                meeting.map(|each| each.occurred_at).min()
            })
            .collect();
        if met.iter().all(Option::is_none) {
            return Progress::Nothing;
        }
        let all: Option<Vec<Timestamp>> = met.into_iter().collect();
        let Some(qualified_at) = all.and_then(|instants| instants.into_iter().max()) else {
            return Progress::Some;
        };
        let amount = self.amount_of(registered_at, evidence, qualified_at);
        Progress::Complete(Completion { qualified_at, amount })
    }

    /// When the account was closed, if that was in the days after the qualifying instant in which it reverses.
    pub(crate) fn reversal(&self, qualified_at: Timestamp, evidence: &[Evidence]) -> Option<Timestamp> {
        let end = days_after(qualified_at, self.reversal_days);
        let closings = evidence.iter().filter(|each| each.kind == FactKind::AccountClosed && each.counted);
        closings.map(|each| each.occurred_at).filter(|closed| (qualified_at..end).contains(closed)).min()
    }

    /// Of the facts of the qualifying kind that happened in time and no later than the completion, one that met a
    /// requirement comes before one that met none, then the first to happen.
    fn amount_of(&self, registered_at: Timestamp, evidence: &[Evidence], qualified_at: Timestamp) -> Option<Money> {
        let kind = self.qualifying_amount?;
        evidence
            .iter()
            .filter(|each| each.kind == kind && self.may_count(registered_at, each) && each.occurred_at <= qualified_at)
            .min_by_key(|each| {
                let met_none = self.requirement_met(registered_at, each) == 0;
                (met_none, each.occurred_at, each.fact_id.clone())
            })
            .and_then(|each| each.amount)
    }

    fn meets(&self, requirement: &Requirement, registered_at: Timestamp, evidence: &Evidence) -> bool {
        self.may_count(registered_at, evidence) && requirement.any_of.iter().any(|condition| condition.met_by(evidence))
    }

    fn may_count(&self, registered_at: Timestamp, evidence: &Evidence) -> bool {
        self.in_time(registered_at, evidence) && self.in_the_plans_currency(evidence)
    }

    fn in_time(&self, registered_at: Timestamp, evidence: &Evidence) -> bool {
        evidence.counted && evidence.occurred_at >= registered_at && evidence.occurred_at < self.deadline(registered_at)
    }

    fn in_the_plans_currency(&self, evidence: &Evidence) -> bool {
        match (self.plan_currency, evidence.amount) {
            (Some(currency), Some(amount)) => amount.currency() == currency,
            (None, _) | (_, None) => true,
        }
    }
}

impl Condition {
    fn met_by(&self, evidence: &Evidence) -> bool {
        if self.kind != evidence.kind {
            return false;
        }
        match (self.minimum, evidence.amount) {
            (None, _) => true,
            (Some(minimum), Some(amount)) => {
                minimum.currency() == amount.currency() && amount.minor() >= minimum.minor()
            }
            (Some(_), None) => false,
        }
    }
}
