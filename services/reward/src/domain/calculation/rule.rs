//! Specification §3, steps 1 to 3: what a rule gives before rounding, caps and tax.
//!
//! A rule pays money or a quantity of something; brackets and the qualifying amount are money either way.

mod base;

use std::collections::BTreeMap;

use handsel_money::{Currency, Decimal, Exact, Money, MoneyError, Rate, Written};
use serde::{Deserialize, Serialize};

use super::bounds;
use super::error::CalculationError;
use super::trace::Trace;

/// A rule of a plan that pays money.
pub type RoleRule = Rule<Money>;

/// What a rule can pay.
pub trait Payable: Copy + Written {
    /// Its value as a number: major units of money, or how many.
    fn exact(self) -> Exact;
    /// Nothing wrong, if it is not below 0 and, where it is money, of this currency.
    ///
    /// # Errors
    /// `NegativeAmount`, `CurrencyMismatch`.
    fn check(self, currency: Currency) -> Result<(), CalculationError>;
}

/// How many points or items: a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quantity(i64);

/// A base, the multipliers on it, and its bounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule<A> {
    /// Step 1.
    pub base: Base<A>,
    /// Step 2: by tier; 1 for a tier not named.
    pub multipliers: BTreeMap<String, Rate>,
    /// Step 3: at least this, where the base is above 0.
    pub minimum: Option<A>,
    /// Step 3: at most this; where the minimum is above it, this wins.
    pub maximum: Option<A>,
}

/// How the base is computed from the qualifying amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Base<A> {
    /// A fixed amount.
    Fixed {
        /// How much.
        amount: A,
    },
    /// A share of the qualifying amount.
    Percent {
        /// Which share.
        rate: Rate,
    },
    /// The one bracket that holds the qualifying amount decides.
    Slab {
        /// By rising lower bound, the first 0.
        brackets: Vec<SlabBracket<A>>,
    },
    /// Each bracket pays on the part of the qualifying amount inside it.
    Graduated {
        /// By rising lower bound, the first 0.
        brackets: Vec<GraduatedBracket<A>>,
    },
}

/// A bracket that holds `lower ≤ Q < next lower`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlabBracket<A> {
    /// The first amount inside.
    pub lower: Money,
    /// What it pays.
    pub pays: Pays<A>,
}

/// What a SLAB bracket pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pays<A> {
    /// This amount.
    Fixed(A),
    /// This share of the whole qualifying amount.
    Rate(Rate),
}

/// A bracket that is entered when `Q > lower`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraduatedBracket<A> {
    /// Its lower bound.
    pub lower: Money,
    /// The share paid of the part inside.
    pub rate: Option<Rate>,
    /// Paid once, when entered.
    pub fixed: Option<A>,
}

/// The results of steps 1 to 3, not rounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounded {
    /// Step 1.
    pub base: Exact,
    /// Step 2.
    pub tiered: Exact,
    /// Step 3.
    pub bounded: Exact,
}

/// One fault of a rule: which field, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The field, from the rule on: `slab.brackets[1].lower`.
    pub field: String,
    /// What is wrong.
    pub error: CalculationError,
}

impl Quantity {
    /// So many.
    #[must_use]
    pub const fn new(quantity: i64) -> Self {
        Self(quantity)
    }

    /// So many, if that is a whole number.
    ///
    /// # Errors
    /// `FractionalQuantity`; `OutOfRange` beyond 2^63 − 1 either way.
    pub fn from_decimal(value: Decimal) -> Result<Self, CalculationError> {
        let value = value.normalize();
        if value.scale() > 0 {
            return Err(CalculationError::FractionalQuantity);
        }
        i64::try_from(value.mantissa()).map(Self).map_err(|_| MoneyError::OutOfRange.into())
    }

    /// How many.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Written for Quantity {}

impl Payable for Money {
    fn exact(self) -> Exact {
        Self::exact(self)
    }

    fn check(self, currency: Currency) -> Result<(), CalculationError> {
        self.same_currency(Self::zero(currency))?;
        if self.is_negative() { Err(CalculationError::NegativeAmount) } else { Ok(()) }
    }
}

impl Payable for Quantity {
    fn exact(self) -> Exact {
        Exact::whole(self.0)
    }

    fn check(self, _: Currency) -> Result<(), CalculationError> {
        if self.0 < 0 { Err(CalculationError::NegativeAmount) } else { Ok(()) }
    }
}

impl<A> SlabBracket<A> {
    /// A bracket of either an amount or a rate.
    ///
    /// # Errors
    /// `SlabBracketPays` for both or neither.
    pub fn new(lower: Money, fixed: Option<A>, rate: Option<Rate>) -> Result<Self, CalculationError> {
        let pays = match (fixed, rate) {
            (Some(fixed), None) => Pays::Fixed(fixed),
            (None, Some(rate)) => Pays::Rate(rate),
            (Some(_), Some(_)) | (None, None) => return Err(CalculationError::SlabBracketPays),
        };
        Ok(Self { lower, pays })
    }
}

impl<A: Payable> Rule<A> {
    /// A rule of nothing but a base.
    #[must_use]
    pub const fn plain(base: Base<A>) -> Self {
        Self { base, multipliers: BTreeMap::new(), minimum: None, maximum: None }
    }

    /// Everything wrong with the rule in a plan of this currency; empty when nothing is.
    #[must_use]
    pub fn faults(&self, currency: Currency) -> Vec<Fault> {
        let mut faults = self.base.faults(currency);
        if let Err(error) = bounds::check("tiers", self.multipliers.len(), bounds::MULTIPLIERS) {
            faults.push(Fault { field: "tier_multipliers".to_owned(), error });
        }
        let mut check = |field: &str, amount: Option<A>| {
            if let Some(Err(error)) = amount.map(|amount| amount.check(currency)) {
                faults.push(Fault { field: field.to_owned(), error });
            }
        };
        check("minimum", self.minimum);
        check("maximum", self.maximum);
        faults
    }

    /// Steps 1 to 3 for a qualifying amount and a tier, where the beneficiary has one.
    pub(super) fn bounded(&self, qualifying: Money, tier: Option<&str>, trace: &mut Trace) -> Bounded {
        let base = self.base.of(qualifying, trace);
        trace.step("base", &base);
        let tiered = match tier.and_then(|tier| self.multipliers.get_key_value(tier)) {
            Some((tier, multiplier)) => {
                trace.because("multiplier", multiplier, tier.clone());
                base.times(&multiplier.exact())
            }
            None => base.clone(),
        };
        trace.step("tiered", &tiered);
        for (step, bound) in [("minimum", self.minimum), ("maximum", self.maximum)] {
            if let Some(bound) = bound {
                trace.step(step, bound);
            }
        }
        let (bounded, reason) = self.within_bounds(&base, &tiered);
        match reason {
            Some(reason) => trace.because("bounded", &bounded, reason),
            None => trace.step("bounded", &bounded),
        }
        Bounded { base, tiered, bounded }
    }

    fn within_bounds(&self, base: &Exact, tiered: &Exact) -> (Exact, Option<&'static str>) {
        let mut bounded = (tiered.clone(), None);
        if let Some(minimum) = self.minimum.map(Payable::exact)
            && base.is_positive()
            && bounded.0 < minimum
        {
            bounded = (minimum, Some("MINIMUM"));
        }
        if let Some(maximum) = self.maximum.map(Payable::exact)
            && bounded.0 > maximum
        {
            bounded = (maximum, Some("MAXIMUM"));
        }
        bounded
    }
}
