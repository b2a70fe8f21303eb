//! A tier policy: what it says, who may put it in force, and which tier it gives for scores.

use super::refusal::Refusal;
use super::scoring::{CutOffs, Scores};
use handsel_money::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// The rules themselves, as made and never changed: a [`Proposal`](super::proposal::Proposal) without fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) display_name: String,
    /// Days looked back.
    pub(crate) window_days: u32,
    /// Only activity in it counts.
    pub(crate) currency: Currency,
    pub(crate) scoring: Scoring,
    /// In order: the first that takes a customer is his.
    pub(crate) tiers: Vec<TierCondition>,
    /// For whom none takes.
    pub(crate) default_tier: String,
}

/// How scores are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scoring {
    /// By fixed bands, each of four, rising.
    Bands { recency_days: [i64; 4], frequency: [i64; 4], monetary: [Money; 4] },
    /// By rank among all customers.
    Quintiles,
}

/// A tier, and the least scores for it; 0 asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TierCondition {
    pub(crate) tier: String,
    pub(crate) min_recency: i64,
    pub(crate) min_frequency: i64,
    pub(crate) min_monetary: i64,
    pub(crate) min_total: i64,
    pub(crate) core: bool,
}

/// Where a policy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Draft,
    Active,
}

/// A policy as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) id: String,
    pub(crate) state: State,
    pub(crate) rules: Rules,
    pub(crate) maker: String,
    pub(crate) checker: Option<String>,
    /// Rises with every change: the etag.
    pub(crate) version: i64,
}

/// Who would put a policy in force. The account counts as well as the human: whoever made the policy with a token that named
/// no human is on record as his account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checker {
    pub(crate) person: String,
    pub(crate) account: String,
}

/// A policy with the instants of its record.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) policy: Policy,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Rules {
    /// The cut-offs of fixed bands; `None` where ranks make them.
    pub(crate) fn fixed_cut_offs(&self) -> Option<CutOffs> {
        let Scoring::Bands { recency_days, frequency, monetary } = &self.scoring else { return None };
        let best_first = |mut band: [i64; 4]| {
            band.reverse();
            band
        };
        Some(CutOffs {
            recency: *recency_days,
            frequency: best_first(*frequency),
            monetary: best_first(monetary.map(Money::minor)),
        })
    }

    /// The tier for these scores, and whether it counts as core.
    pub(crate) fn tier(&self, scores: Scores) -> (&str, bool) {
        let takes = |condition: &&TierCondition| {
            scores.recency >= condition.min_recency
                && scores.frequency >= condition.min_frequency
                && scores.monetary >= condition.min_monetary
                && scores.total() >= condition.min_total
        };
        let taken = self.tiers.iter().find(takes);
        taken.map_or((&self.default_tier, false), |condition| (&condition.tier, condition.core))
    }
}

impl Policy {
    /// A new draft.
    pub(crate) fn draft(id: &str, rules: Rules, maker: &str) -> Self {
        let (id, maker) = (id.to_owned(), maker.to_owned());
        Self { id, state: State::Draft, rules, maker, checker: None, version: 1 }
    }

    /// DRAFT → ACTIVE by a second person.
    pub(crate) fn activate(self, by: &Checker, etag: Option<i64>) -> Result<Self, Refusal> {
        if etag.is_some_and(|etag| etag != self.version) {
            return Err(Refusal::EtagMismatch);
        }
        if self.state == State::Active {
            return Err(Refusal::StateConflict("active"));
        }
        if self.maker == by.person || self.maker == by.account {
            return Err(Refusal::MakerIsChecker);
        }
        Ok(Self {
            state: State::Active,
            checker: Some(by.person.clone()),
            version: self.version.saturating_add(1),
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let crown: Currency = "CZK".parse().unwrap();
        let condition = |tier: &str, min_recency, min_total, core| TierCondition {
            tier: tier.to_owned(),
            min_recency,
            min_frequency: 0,
            min_monetary: 0,
            min_total,
            core,
        };
        Rules {
            display_name: "Value".to_owned(),
            window_days: 365,
            currency: crown,
            scoring: Scoring::Bands {
                recency_days: [7, 30, 60, 90],
                frequency: [1, 5, 10, 20],
                monetary: [1, 2, 3, 4].map(|minor| Money::new(crown, minor)),
            },
            tiers: vec![condition("CORE", 4, 12, true), condition("GENERAL", 0, 6, false)],
            default_tier: "AT_RISK".to_owned(),
        }
    }

    #[test]
    fn the_first_condition_that_holds_decides() {
        let scores = |recency, frequency, monetary| Scores { recency, frequency, monetary };
        for (given, expected) in [
            (scores(5, 5, 5), ("CORE", true)),
            (scores(4, 4, 4), ("CORE", true)),
            (scores(3, 5, 5), ("GENERAL", false)),
            (scores(2, 2, 2), ("GENERAL", false)),
            (scores(1, 2, 2), ("AT_RISK", false)),
        ] {
            assert_eq!(rules().tier(given), expected, "{given:?}");
        }
    }

    #[test]
    fn it_takes_a_second_person_and_the_version_that_was_read() {
        let draft = Policy::draft("p", rules(), "mila");
        let by = |person: &str, account: &str| Checker { person: person.to_owned(), account: account.to_owned() };
        assert_eq!(draft.clone().activate(&by("mila", "a-1"), None), Err(Refusal::MakerIsChecker));
        assert_eq!(draft.clone().activate(&by("ota", "mila"), None), Err(Refusal::MakerIsChecker));
        assert_eq!(draft.clone().activate(&by("ota", "a-2"), Some(2)), Err(Refusal::EtagMismatch));
        let active = draft.activate(&by("ota", "a-2"), Some(1)).unwrap();
        assert_eq!((active.state, active.version, active.checker.as_deref()), (State::Active, 2, Some("ota")));
        assert_eq!(active.activate(&by("eva", "a-3"), None), Err(Refusal::StateConflict("active")));
    }
}
