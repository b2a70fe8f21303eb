//! Which tier a customer is of from an instant on, and what made it.

use super::policy::{Policy, Rules};
use super::scoring::{CutOffs, Measures, Scores, score};
use handsel_money::{Money, Timestamp};

/// A customer's tier from an instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CustomerTier {
    /// `customers/{customer}`.
    pub(crate) customer: String,
    pub(crate) effective_at: Timestamp,
    pub(crate) tier: String,
    /// Whether it counts as core.
    pub(crate) core: bool,
    /// The policy's id.
    pub(crate) policy: String,
    pub(crate) measures: Measures,
    /// The measure of the same name as an amount.
    pub(crate) monetary: Money,
    pub(crate) scores: Scores,
}

/// What others are told of a tier: two customers of equal standing are treated alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) tier: String,
    pub(crate) core: bool,
}

impl CustomerTier {
    /// The tier that a policy gives a customer for what he did.
    pub(crate) fn of(
        policy: &Policy,
        cut_offs: &CutOffs,
        effective_at: Timestamp,
        (customer, measures): (String, Measures),
    ) -> Self {
        let Policy { id, rules, .. } = policy;
        let Rules { currency, .. } = rules;
        let scores = score(measures, cut_offs);
        let (tier, core) = rules.tier(scores);
        Self {
            customer,
            effective_at,
            tier: tier.to_owned(),
            core,
            policy: id.clone(),
            measures,
            monetary: Money::new(*currency, measures.monetary_minor),
            scores,
        }
    }

    /// Whether it differs from what he was. The first tier does; the same tier counted as core by another policy does, too.
    pub(crate) fn is_change_from(&self, before: Option<&Standing>) -> bool {
        before.is_none_or(|before| before.tier != self.tier || before.core != self.core)
    }
}
