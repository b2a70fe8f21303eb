//! Stacking: which of a customer's preferential rates add up on one contract, in which order, and which give way.
//!
//! In this order: the grants stand by the product's groups, then by age. A group that an earlier one excludes gives way. In a group of
//! which only the best counts, the others give way. A rate that does not hold as long as the contract asks gives way. Each
//! grant's own ceiling or floor then cuts what it adds to those before it. The product's maximum, ceiling and floor cut last, from the
//! last listed on (specification §10, §11).

use super::{
    rate_product::Kind,
    refusal::{Fault, Refusal},
};
use handsel_money::{Decimal, Money, Rate, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// How a product stacks grants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stacking {
    /// In order. A group that is not listed comes after all that are, by name, adds up, and excludes none.
    pub groups: Vec<Group>,
}

/// Grants that are treated alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its name, as rate rules name it.
    pub name: String,
    /// What its own grants do to each other.
    pub within: Within,
    /// Groups that give way where a grant of this one counts. They are listed after it.
    pub excludes: Vec<String>,
}

super::codes! {
    /// What grants of one group do to each other.
    pub enum Within {
        /// They add up.
        AddUp = "ADD_UP",
        /// Only the one of most basis points counts, the oldest among equals.
        BestOnly = "BEST_ONLY",
    }
}

super::codes! {
    /// Why a grant counts for less than it says.
    pub enum Because {
        /// A group listed before excludes its group.
        Excluded = "EXCLUDED",
        /// Another of its group is better, and only the best counts.
        NotBest = "NOT_BEST",
        /// It does not hold as long as the contract lasts.
        TermNotCovered = "TERM_NOT_COVERED",
        /// It holds for other months of the loan than those before it.
        OtherMonths = "OTHER_MONTHS",
        /// Its own ceiling or floor.
        OwnLimit = "OWN_LIMIT",
        /// The product's maximum, ceiling or floor.
        ProductLimit = "PRODUCT_LIMIT",
    }
}

/// One grant that would count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The grant.
    pub grant: Uuid,
    /// Where it comes from, e.g. `plans/spring`.
    pub source: String,
    /// Its group.
    pub group: String,
    /// The basis points that it says.
    pub bps: Decimal,
    /// Its own ceiling or floor.
    pub limit: Option<Rate>,
    /// Only so much of a deposit's principal earns it.
    pub principal_cap: Option<Money>,
    /// For so many months it holds; none: as long as the contract.
    pub term_months: Option<u32>,
    /// Since when it has counted: the older goes first.
    pub since: Timestamp,
}

/// A grant in its place, with what its own rules leave of it, before the product's limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<'a> {
    /// The grant.
    pub candidate: &'a Candidate,
    /// The basis points left, 0 where it gives way.
    pub bps: Decimal,
    /// Why they are fewer than it says.
    pub because: Option<Because>,
}

impl Stacking {
    /// Everything wrong with it, by the field's path in the product.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut listed = BTreeSet::new();
        for (at, group) in self.groups.iter().enumerate() {
            if !listed.insert(group.name.as_str()) {
                faults.push(Fault::new(format!("stacking.groups[{at}].name"), "each group is listed once"));
            }
            for (place, excluded) in group.excludes.iter().enumerate() {
                if listed.contains(excluded.as_str()) {
                    let path = format!("stacking.groups[{at}].excludes[{place}]");
                    faults.push(Fault::new(path, "a group excludes only what is listed after it"));
                }
            }
        }
        faults
    }

    fn group(&self, name: &str) -> Option<(usize, &Group)> {
        self.groups.iter().enumerate().find(|(_, group)| group.name == name)
    }

    /// The grants in the order in which they count: by group, the listed ones first, then by age.
    fn in_order<'a>(&self, candidates: &'a [Candidate]) -> Vec<&'a Candidate> {
        let mut ordered: Vec<&Candidate> = candidates.iter().collect();
        ordered.sort_by_key(|one| {
            let rank = self.group(&one.group).map_or(self.groups.len(), |(rank, _)| rank);
            (rank, one.group.clone(), one.since, one.grant)
        });
        ordered
    }

    /// Whether a group that has counted excludes this one.
    fn excludes(&self, counted: &BTreeSet<&str>, group: &str) -> bool {
        counted.iter().filter_map(|name| self.group(name)).any(|(_, one)| one.excludes.iter().any(|name| name == group))
    }

    /// Whether another of its group counts for it: more basis points, or as many and an earlier place.
    fn beaten(&self, ordered: &[&Candidate], place: usize, one: &Candidate) -> bool {
        let best_only = self.group(&one.group).is_some_and(|(_, group)| group.within == Within::BestOnly);
        best_only
            && ordered.iter().enumerate().any(|(at, other)| {
                other.group == one.group && (other.bps > one.bps || (other.bps == one.bps && at < place))
            })
    }
}

/// The contract that grants are stacked on.
#[derive(Clone, Copy, Debug)]
pub struct On {
    /// Deposit or loan.
    pub kind: Kind,
    /// Its base rate.
    pub base_rate: Rate,
    /// Its length.
    pub term_months: u32,
}

/// Every grant in its place, in order; those that give way hold 0.
///
/// # Errors
/// [`Refusal::OutOfRange`] for basis points beyond a decimal.
pub fn stack<'a>(stacking: &Stacking, candidates: &'a [Candidate], on: On) -> Result<Vec<Placed<'a>>, Refusal> {
    let holding: Vec<&Candidate> = stacking.in_order(candidates);
    // What does not hold as long as the contract beats nobody.
    let (fit, short): (Vec<_>, Vec<_>) = holding.iter().copied().partition(|one| holds(one, on));
    let mut counted = BTreeSet::new();
    let mut months = None;
    let mut sum = Decimal::ZERO;
    let mut placed = Vec::with_capacity(candidates.len());
    for candidate in holding {
        let place = fit.iter().position(|one| one.grant == candidate.grant);
        let because = if short.iter().any(|one| one.grant == candidate.grant) {
            Some(Because::TermNotCovered)
        } else if stacking.excludes(&counted, &candidate.group) {
            Some(Because::Excluded)
        } else if place.is_some_and(|place| stacking.beaten(&fit, place, candidate)) {
            Some(Because::NotBest)
        } else if months.is_some_and(|months| months != candidate.term_months) && is_loan(on.kind) {
            Some(Because::OtherMonths)
        } else {
            None
        };
        if because.is_some() {
            placed.push(Placed { candidate, bps: Decimal::ZERO, because });
            continue;
        }
        counted.insert(candidate.group.as_str());
        months.get_or_insert(candidate.term_months);
        let bps = candidate.bps.min(own_room(candidate, on, sum)?);
        let because = (bps < candidate.bps).then_some(Because::OwnLimit);
        sum = sum.checked_add(bps).ok_or(Refusal::OutOfRange("basis points"))?;
        placed.push(Placed { candidate, bps, because });
    }
    Ok(placed)
}

/// A deposit's formula knows one rate from start to maturity, so a rate that ends before cannot be taken; a loan goes on at its base rate.
fn holds(candidate: &Candidate, on: On) -> bool {
    is_loan(on.kind) || candidate.term_months.is_none_or(|months| months >= on.term_months)
}

const fn is_loan(kind: Kind) -> bool {
    matches!(kind, Kind::Loan { .. })
}

/// The basis points between where the rate is by now and the grant's own ceiling or floor.
fn own_room(candidate: &Candidate, on: On, sum: Decimal) -> Result<Decimal, Refusal> {
    let Some(limit) = candidate.limit else { return Ok(candidate.bps) };
    let (base, limit) = (on.base_rate.decimal(), limit.decimal());
    let apart = if is_loan(on.kind) { base.checked_sub(limit) } else { limit.checked_sub(base) };
    let room = apart.and_then(|rate| rate.checked_mul(Decimal::from(10_000))).and_then(|bps| bps.checked_sub(sum));
    Ok(room.ok_or(Refusal::OutOfRange("basis points"))?.max(Decimal::ZERO))
}
