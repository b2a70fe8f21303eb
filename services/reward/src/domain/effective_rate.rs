//! The rate of one contract with all of a customer's preferential rates on it, what it is worth, and the record of how that came about.

use super::{
    calculation::{
        CALCULATION_VERSION,
        concession::{Applied, Concession},
        deposit::{self, Accrual, Deposit},
        error::CalculationError,
        loan::{self, InterestBasis, Loan, Method},
        trace::Step,
    },
    rate_product::{Kind, ProductTerms},
    refusal::{Fault, Refusal},
    stacking::{self, Because, Candidate, On, Placed},
};
use handsel_money::{Class, Date, DayCount, Decimal, Exact, Money, Rate, Rounding, round_to_decimal};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeSet, fmt::Display};
use uuid::Uuid;

/// Decimals in which rates and basis points are given: all that rates of 8 decimals and basis points of 8 can make.
const SHOWN: u32 = 16;
/// Decimals of a blended rate (specification §10).
const BLENDED: u32 = 6;

/// A contract as it was opened, or as one asks what it would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Above 0.
    pub principal: Money,
    /// The first day that earns or costs interest.
    pub start: Date,
    /// Its length, at least 1; a loan has so many instalments.
    pub term_months: u32,
    /// A deposit's first day that does not earn; none: so many months after its start.
    pub maturity: Option<Date>,
}

impl Contract {
    /// The day on which it ends.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] beyond the calendar.
    pub fn end(&self) -> Result<Date, Refusal> {
        let months = i32::try_from(self.term_months).unwrap_or(i32::MAX);
        self.maturity.map_or_else(|| self.start.months(months), Ok).map_err(|_| Refusal::OutOfRange("the maturity"))
    }
}

/// Everything that a rate is computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The id of the product.
    pub product: String,
    /// Its version.
    pub product_version: i64,
    /// What that version says.
    pub terms: ProductTerms,
    /// The contract.
    pub contract: Contract,
    /// The grants that would count on it.
    pub candidates: Vec<Candidate>,
}

/// The rate of one contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveRate {
    /// The base rate.
    pub base_rate: Rate,
    /// The rate with every grant that counts: of a deposit, that of its first layer.
    pub rate: Decimal,
    /// Of the whole principal: a deposit's over its layers, to 6 decimals, HALF_UP.
    pub blended_rate: Decimal,
    /// Every grant, in the order in which it counts.
    pub parts: Vec<Part>,
    /// Slices of the principal, from the first unit on; a loan is one.
    pub layers: Vec<Layer>,
    /// Over the whole contract.
    pub total_interest: Money,
    /// The same at the base rate; none where a loan's instalment does not cover that.
    pub base_interest: Option<Money>,
    /// What the grants are worth: of a deposit more interest, of a loan less. Not below 0.
    pub benefit: Money,
    /// Of a loan: nominal and effective (specification §11).
    pub yearly_cost: Option<(Decimal, Decimal)>,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

/// What a grant adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The grant.
    pub grant: Uuid,
    /// Where it comes from.
    pub source: String,
    /// Its group.
    pub group: String,
    /// The basis points that it says.
    pub bps: Decimal,
    /// Those that count; of a deposit, in its first layer.
    pub applied_bps: Decimal,
    /// Why they are fewer.
    pub because: Option<Because>,
}

/// A slice of the principal that earns one rate: grants with a principal cap count up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// How much.
    pub principal: Money,
    /// Its rate.
    pub rate: Decimal,
    /// Its interest.
    pub interest: Money,
}

/// The rate of a contract with these grants.
///
/// # Errors
/// In this order: [`Refusal::CurrencyMismatch`] and [`Refusal::FieldInvalid`] for the principal, [`Refusal::NoBaseRate`],
/// [`Refusal::OutOfRange`].
pub fn decide(input: &Input) -> Result<EffectiveRate, Refusal> {
    let Input { product: _, product_version: _, terms, contract, candidates } = input;
    if contract.principal.currency() != terms.currency {
        return Err(Refusal::CurrencyMismatch("principal"));
    }
    if !contract.principal.is_positive() {
        return Err(Refusal::FieldInvalid(vec![Fault::new("principal", "an amount is not above zero")]));
    }
    let base_rate = terms
        .base_rate(contract.start, contract.term_months)
        .ok_or_else(|| Refusal::NoBaseRate(input.product_name()))?;
    let on = On { kind: terms.kind, base_rate, term_months: contract.term_months };
    let placed = stacking::stack(&terms.stacking, candidates, on)?;
    let mut steps = Steps::default();
    input.write_down(&mut steps, base_rate, &placed);
    let case = Case { terms, contract, base_rate, placed: &placed };
    match terms.kind {
        Kind::Deposit { day_count, accrual } => case.deposit(day_count, accrual, steps),
        Kind::Loan { interest_basis, method } => case.loan(interest_basis, method, steps),
    }
}

impl Input {
    fn product_name(&self) -> String {
        format!("rate-products/{}", self.product)
    }

    /// The same without one of the grants.
    fn without(&self, grant: Uuid) -> Self {
        let candidates = self.candidates.iter().filter(|one| one.grant != grant).cloned().collect();
        Self { candidates, ..self.clone() }
    }

    fn write_down(&self, steps: &mut Steps, base_rate: Rate, placed: &[Placed<'_>]) {
        steps.add("product", format!("{} version {}", self.product_name(), self.product_version), None);
        steps.add(
            "base_rate",
            base_rate,
            Some(format!("{}, {} months", self.contract.start, self.contract.term_months)),
        );
        for one in placed {
            let source = format!("{} {}", one.candidate.group, one.candidate.source);
            steps.add("grant_bps", one.candidate.bps.normalize(), Some(source));
            steps.add("stacked_bps", one.bps.normalize(), one.because.map(|because| because.code().to_owned()));
        }
    }
}

/// Steps as they are taken.
#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn add(&mut self, step: &'static str, value: impl Display, reason: Option<String>) {
        self.0.push(Step { step: Cow::Borrowed(step), value: value.to_string(), reason: reason.map(Cow::Owned) });
    }
}

struct Case<'a> {
    terms: &'a ProductTerms,
    contract: &'a Contract,
    base_rate: Rate,
    placed: &'a [Placed<'a>],
}

impl Case<'_> {
    fn deposit(&self, day_count: DayCount, accrual: Accrual, mut steps: Steps) -> Result<EffectiveRate, Refusal> {
        let maturity = self.contract.end()?;
        let nothing = Money::zero(self.terms.currency);
        let (mut total, mut base, mut blended) = (nothing, nothing, Exact::ZERO);
        let (mut layers, mut applied, mut below) = (Vec::new(), None, nothing);
        for upper in self.bounds() {
            let principal = upper.checked_sub(below).map_err(|_| out_of_range())?;
            let computed = deposit::decide(&Deposit {
                principal,
                start: self.contract.start,
                maturity,
                base_rate: self.base_rate.decimal(),
                uplifts: self.concessions(upper),
                max_uplift_bps: self.terms.max_change_bps,
                rate_ceiling: self.terms.rate_limit.map(Rate::decimal),
                uplift_principal_cap: None,
                day_count,
                accrual,
                rounding: self.terms.rounding,
            })
            .map_err(|error| refused(&error))?;
            total = total.checked_add(computed.total_interest).map_err(|_| out_of_range())?;
            base = base.checked_add(computed.base_interest).map_err(|_| out_of_range())?;
            blended = blended.plus(&computed.rate.times(&principal.exact()));
            layers.push(Layer { principal, rate: shown(&computed.rate)?, interest: computed.total_interest });
            steps.add("layer", principal, None);
            steps.0.extend(computed.steps);
            applied.get_or_insert(computed.applied);
            below = upper;
        }
        let benefit = total.checked_sub(base).map_err(|_| out_of_range())?;
        let blended = blended.over(&self.contract.principal.exact()).unwrap_or(Exact::ZERO);
        let found = Found {
            layers,
            applied: applied.unwrap_or_default(),
            blended_rate: round_to_decimal(&blended, BLENDED, Rounding::HalfUp).map_err(|_| out_of_range())?,
            total,
            base: Some(base),
            benefit,
            yearly_cost: None,
        };
        self.told(found, steps)
    }

    fn loan(&self, interest_basis: InterestBasis, method: Method, mut steps: Steps) -> Result<EffectiveRate, Refusal> {
        let counting = self.placed.iter().find(|one| one.bps > Decimal::ZERO);
        let computed = loan::decide(&Loan {
            principal: self.contract.principal,
            drawdown: self.contract.start,
            instalments: self.contract.term_months,
            base_rate: self.base_rate.decimal(),
            discounts: self.concessions(self.contract.principal),
            max_discount_bps: self.terms.max_change_bps,
            rate_floor: self.terms.rate_limit.map(Rate::decimal),
            discount_months: counting.and_then(|one| one.candidate.term_months),
            interest_basis,
            method,
            rounding: self.terms.rounding,
        })
        .map_err(|error| refused(&error))?;
        let rate = shown(&computed.rate)?;
        steps.0.extend(computed.steps);
        let layer = Layer { principal: self.contract.principal, rate, interest: computed.total_interest };
        let found = Found {
            layers: vec![layer],
            applied: computed.applied,
            blended_rate: rate,
            total: computed.total_interest,
            base: computed.base_total_interest,
            benefit: computed.saving.unwrap_or(Money::zero(self.terms.currency)),
            yearly_cost: Some((computed.nominal_yearly_cost, computed.effective_yearly_cost)),
        };
        self.told(found, steps)
    }

    /// The upper bounds of the layers: every principal cap inside the principal, and the principal.
    fn bounds(&self) -> Vec<Money> {
        let principal = self.contract.principal;
        let caps =
            self.placed.iter().filter(|one| one.bps > Decimal::ZERO).filter_map(|one| one.candidate.principal_cap);
        let minor: BTreeSet<i64> = caps.map(Money::minor).filter(|minor| *minor < principal.minor()).collect();
        let inside = minor.into_iter().map(|minor| Money::new(principal.currency(), minor));
        inside.chain([principal]).collect()
    }

    /// What counts in a layer up to here, in order.
    fn concessions(&self, upper: Money) -> Vec<Concession> {
        let counts = |one: &&Placed<'_>| {
            let cap = one.candidate.principal_cap;
            one.bps > Decimal::ZERO && cap.is_none_or(|cap| cap.minor() >= upper.minor())
        };
        let concession = |one: &Placed<'_>| Concession { source: one.candidate.grant.to_string(), bps: one.bps };
        self.placed.iter().filter(counts).map(concession).collect()
    }

    fn told(&self, found: Found, mut steps: Steps) -> Result<EffectiveRate, Refusal> {
        let Found { layers, applied, blended_rate, total, base, benefit, yearly_cost } = found;
        let benefit = if benefit.is_negative() { Money::zero(benefit.currency()) } else { benefit };
        let parts = self.placed.iter().map(|placed| part(placed, &applied)).collect::<Result<Vec<_>, _>>()?;
        let rate = layers.first().map_or(self.base_rate.decimal(), |layer| layer.rate);
        steps.add("effective_rate", rate, None);
        steps.add("contract_benefit", benefit, None);
        Ok(EffectiveRate {
            base_rate: self.base_rate,
            rate,
            blended_rate,
            parts,
            layers,
            total_interest: total,
            base_interest: base,
            benefit,
            yearly_cost,
            steps: steps.0,
        })
    }
}

/// What a deposit and a loan come to alike.
struct Found {
    layers: Vec<Layer>,
    applied: Vec<Applied>,
    blended_rate: Decimal,
    total: Money,
    base: Option<Money>,
    benefit: Money,
    yearly_cost: Option<(Decimal, Decimal)>,
}

fn part(placed: &Placed<'_>, applied: &[Applied]) -> Result<Part, Refusal> {
    let Candidate { grant, source, group, bps, .. } = placed.candidate;
    let own = applied.iter().find(|one| one.source == grant.to_string());
    let applied_bps = own.map_or(Ok(Decimal::ZERO), |one| shown(&one.bps))?;
    let because = if applied_bps < placed.bps { Some(Because::ProductLimit) } else { placed.because };
    Ok(Part { grant: *grant, source: source.clone(), group: group.clone(), bps: *bps, applied_bps, because })
}

fn shown(value: &Exact) -> Result<Decimal, Refusal> {
    let rounded = round_to_decimal(value, SHOWN, Rounding::HalfUp).map_err(|_| out_of_range())?;
    Ok(rounded.normalize())
}

const fn out_of_range() -> Refusal {
    Refusal::OutOfRange("the interest")
}

fn refused(error: &CalculationError) -> Refusal {
    match error.class() {
        Class::OutOfRange => out_of_range(),
        Class::InvalidArgument | Class::FailedPrecondition => {
            Refusal::FieldInvalid(vec![Fault::new("contract", error.to_string())])
        }
    }
}

/// What one grant is worth on a contract beside the others, and the whole contract with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valued {
    /// With every grant.
    pub effective: EffectiveRate,
    /// With it less without it. Not below 0.
    pub benefit: Money,
}

/// What one of the candidates is worth.
///
/// # Errors
/// Those of [`decide`].
pub fn value(input: &Input, grant: Uuid) -> Result<Valued, Refusal> {
    let mut effective = decide(input)?;
    let without = decide(&input.without(grant))?;
    let benefit = effective.benefit.checked_sub(without.benefit).map_err(|_| out_of_range())?;
    let benefit = if benefit.is_negative() { Money::zero(benefit.currency()) } else { benefit };
    let mut steps = Steps(std::mem::take(&mut effective.steps));
    steps.add("benefit_without", without.benefit, None);
    steps.add("benefit", benefit, None);
    effective.steps = steps.0;
    Ok(Valued { effective, benefit })
}

/// How a grant was valued: enough to compute it again years later. Kept as the bytes of its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateRecord {
    /// The version of the calculation that made it.
    pub calculation_version: u32,
    /// The grant that was valued.
    pub grant: Uuid,
    /// What it was computed from.
    pub input: Input,
    /// What it is worth.
    pub benefit: Money,
    /// Every step, in order.
    pub steps: Vec<Step>,
}

impl RateRecord {
    /// The record of a value.
    #[must_use]
    pub fn of(grant: Uuid, input: Input, valued: &Valued) -> Self {
        let steps = valued.effective.steps.clone();
        Self { calculation_version: CALCULATION_VERSION, grant, input, benefit: valued.benefit, steps }
    }
}

/// Why a stored record does not give its values again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Differs {
    /// It is not a record of ours.
    #[error("the record cannot be read: {0}")]
    Unreadable(String),
    /// Another calculation made it.
    #[error("calculation version {0} is not known")]
    Version(u32),
    /// It is refused today.
    #[error("it is refused: {0}")]
    Refused(#[from] Refusal),
    /// It comes to another value.
    #[error("it was worth {stored}, and computed again {again}")]
    Value {
        /// What is stored.
        stored: Money,
        /// What comes out.
        again: Money,
    },
    /// It comes to the same value by other steps.
    #[error("it comes to the same by other steps")]
    Steps,
}

/// Computes a stored record again.
///
/// # Errors
/// What differs.
pub fn recompute(stored: &[u8]) -> Result<RateRecord, Differs> {
    let record: RateRecord = serde_json::from_slice(stored).map_err(|error| Differs::Unreadable(error.to_string()))?;
    if record.calculation_version != CALCULATION_VERSION {
        return Err(Differs::Version(record.calculation_version));
    }
    let again = value(&record.input, record.grant)?;
    if again.benefit != record.benefit {
        return Err(Differs::Value { stored: record.benefit, again: again.benefit });
    }
    if again.effective.steps == record.steps { Ok(record) } else { Err(Differs::Steps) }
}
