//! What a plan offers as a preferential rate: the rule of one role, the plan's limits, and the choice between money and rate.

use super::refusal::Fault;
use handsel_money::{Currency, Decimal, Money, Rate};
use serde::{Deserialize, Serialize};

/// Decimals of a rate and of basis points, at most: what is added and multiplied with them is then exact in 96 bits.
pub const MAX_DECIMALS: u32 = 8;
/// The most basis points that a rule may move a rate by: 100 percent.
const MAX_BPS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);
/// The highest rate that is taken: 1,000 percent.
const MAX_RATE: Decimal = Decimal::TEN;

super::codes! {
    /// Which contracts may take a preferential rate.
    pub enum StartRule {
        /// Those that begin on the day of the offer or later.
        NewContract = "NEW_CONTRACT",
        /// Any, from the day that core banking names.
        AnyContract = "ANY_CONTRACT",
    }
}

super::codes! {
    /// A side of a choice.
    pub enum Side {
        /// The money.
        Cash = "CASH",
        /// The preferential rate.
        Rate = "RATE",
    }
}

/// By how much a rate moves, in decimal basis points above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Added to the rate of a deposit.
    Uplift(Decimal),
    /// Taken off the rate of a loan.
    Discount(Decimal),
}

impl Change {
    /// The basis points, whichever way they go.
    #[must_use]
    pub const fn bps(self) -> Decimal {
        match self {
            Self::Uplift(bps) | Self::Discount(bps) => bps,
        }
    }
}

/// A contract of reference, by which an offer is valued until a real one is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Above 0, in the plan's currency.
    pub principal: Money,
    /// Its length, at least 1.
    pub term_months: u32,
}

/// What one role is offered as a preferential rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateRule {
    /// The id of the rate product.
    pub product: String,
    /// By how much its rate moves.
    pub change: Change,
    /// Only so much of a deposit's principal earns the uplift; none: all of it.
    pub principal_cap: Option<Money>,
    /// For so many months from its start the rate holds; none: as long as the contract.
    pub term_months: Option<u32>,
    /// Which contracts may take it.
    pub start: StartRule,
    /// Its group in the product's stacking.
    pub group: String,
    /// The ceiling of this uplift, the floor of this discount; none: only the product's own.
    pub limit: Option<Rate>,
    /// Whole days from the offer after which it expires unused.
    pub expiry_days: i32,
    /// By which it is valued at the offer.
    pub estimate: Estimate,
}

impl RateRule {
    /// Everything wrong with it within a plan of this currency, by the field's path in the rule; empty when nothing is.
    #[must_use]
    pub fn faults(&self, currency: Currency) -> Vec<Fault> {
        let mut faults = Vec::new();
        let bps = self.change.bps();
        let (field, deposit) = match self.change {
            Change::Uplift(_) => ("uplift_bps", true),
            Change::Discount(_) => ("discount_bps", false),
        };
        if bps <= Decimal::ZERO || bps > MAX_BPS || too_fine(bps) {
            faults.push(Fault::new(field, "basis points are above 0, at most 10,000, with at most 8 decimals"));
        }
        if let Some(cap) = self.principal_cap {
            if !deposit {
                faults.push(Fault::new("principal_cap", "a loan has none: its discount is of the whole loan"));
            }
            faults.extend(amount_fault("principal_cap", cap, currency));
        }
        if let Some(limit) = self.limit {
            faults.extend(rate_fault("rate_limit", limit));
        }
        faults.extend(amount_fault("estimate.principal", self.estimate.principal, currency));
        if deposit && self.term_months.is_some_and(|months| months < self.estimate.term_months) {
            faults.push(Fault::new("estimate.term_months", "a deposit longer than term_months cannot take the rate"));
        }
        faults
    }
}

/// How much a plan may offer as preferential rates, over all beneficiaries and for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimits {
    /// Rate grants, at most.
    pub count: Option<i64>,
    /// What they are worth together, at most.
    pub budget: Option<Money>,
}

impl RateLimits {
    /// Everything wrong with them within a plan of this currency; empty when nothing is.
    #[must_use]
    pub fn faults(&self, currency: Currency) -> Vec<Fault> {
        match self.budget {
            Some(budget) if budget.currency() != currency => {
                vec![Fault::new("rate_limits.budget", "it is in another currency than the plan")]
            }
            Some(budget) if budget.is_negative() => {
                vec![Fault::new("rate_limits.budget", "an amount is below zero")]
            }
            Some(_) | None => Vec::new(),
        }
    }
}

/// A reward that its beneficiary takes as money or as a rate. He chooses once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateChoice {
    /// The rate that he may take instead.
    pub rate: RateRule,
    /// Whole days from the grant in which he may choose.
    pub deadline_days: i32,
    /// What he is taken to have chosen at the deadline.
    pub default_side: Side,
}

impl RateChoice {
    /// Everything wrong with it within a plan of this currency, by the field's path in the choice; empty when nothing is.
    #[must_use]
    pub fn faults(&self, currency: Currency) -> Vec<Fault> {
        let of_rate = self.rate.faults(currency).into_iter();
        of_rate.map(|fault| Fault::new(format!("rate.{}", fault.field), fault.description)).collect()
    }
}

/// What is wrong with an amount that has to be above 0 and in one currency.
pub(super) fn amount_fault(field: &str, amount: Money, currency: Currency) -> Option<Fault> {
    if amount.currency() != currency {
        return Some(Fault::new(field, "it is in another currency"));
    }
    (!amount.is_positive()).then(|| Fault::new(field, "an amount is not above zero"))
}

/// What is wrong with a rate: too high, or too many decimals to compute with exactly.
pub(super) fn rate_fault(field: impl Into<String>, rate: Rate) -> Option<Fault> {
    let wrong = rate.decimal() > MAX_RATE || too_fine(rate.decimal());
    wrong.then(|| Fault::new(field, "a rate is a fraction of at most 10, with at most 8 decimals"))
}

/// Whether a decimal has more places than are computed with.
pub(super) fn too_fine(value: Decimal) -> bool {
    value.normalize().scale() > MAX_DECIMALS
}
