//! Specification §11: a preferential loan rate, its schedule, what it saves, and what the loan costs a year.

mod schedule;

use handsel_money::{Date, DayCount, Decimal, Exact, Money, Rounding, internal_rate, round_to_decimal};
use serde::{Deserialize, Serialize};

pub use self::schedule::Row;
use super::bounds;
use super::concession::{self, Applied, Concession};
use super::error::CalculationError;
use super::trace::{Step, Trace};

/// One loan and its product's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loan {
    /// P, above 0.
    pub principal: Money,
    /// The day from which interest runs and months are counted.
    pub drawdown: Date,
    /// n, at least 1, one a month.
    pub instalments: u32,
    /// r0.
    pub base_rate: Decimal,
    /// In order: what is cut comes off the last first.
    pub discounts: Vec<Concession>,
    /// The sum of discounts is cut to this.
    pub max_discount_bps: Option<Decimal>,
    /// The rate is raised to this, but never above r0. None is not 0.
    pub rate_floor: Option<Decimal>,
    /// For so many months only; absent: for all.
    pub discount_months: Option<u32>,
    /// What a month's interest is computed from.
    pub interest_basis: InterestBasis,
    /// How the principal is repaid.
    pub method: Method,
    /// For every amount.
    pub rounding: Rounding,
}

/// What a month's interest is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InterestBasis {
    /// A twelfth of the yearly rate.
    Twelfth,
    /// The days between two due dates.
    Days(DayCount),
}

/// How the principal is repaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Method {
    /// The same payment every month.
    EqualInstalment,
    /// The same principal every month.
    EqualPrincipal,
    /// All of it with the last.
    InterestOnly,
}

/// What a loan costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanGrant {
    /// What is left of each discount, as listed.
    pub applied: Vec<Applied>,
    /// r.
    pub rate: Exact,
    /// One row for each instalment.
    pub rows: Vec<Row>,
    /// Over all instalments.
    pub total_interest: Money,
    /// Over all instalments.
    pub total_payment: Money,
    /// The total interest of the same schedule at r0; none where that schedule fails.
    pub base_total_interest: Option<Money>,
    /// That, less this total. Below 0 where rounding takes the instalment the other way.
    pub saving: Option<Money>,
    /// `12x`, x being the monthly internal rate; 6 decimals, HALF_UP.
    pub nominal_yearly_cost: Decimal,
    /// `(1 + x)^12 − 1`; 6 decimals, HALF_UP.
    pub effective_yearly_cost: Decimal,
    /// Every input and step, in order. The rows are not repeated in it.
    pub steps: Vec<Step>,
}

/// What a loan costs at its preferential rate.
///
/// # Errors
/// `TooMany` instalments or discounts; `NoPrincipal`, `NoInstalments`, `NegativeBps`; `RateBelowZero` for a base rate, floor or result below 0;
/// `InterestNotCovered`; `OutOfRange` of an amount or a date.
pub fn decide(loan: &Loan) -> Result<LoanGrant, CalculationError> {
    loan.check()?;
    let mut trace = Trace::new();
    loan.write_down(&mut trace);

    let applied = loan.applied();
    for one in &applied {
        trace.because("applied_discount", &one.bps, one.source.clone());
    }
    let base_rate = Exact::from(loan.base_rate);
    let rate = base_rate.minus(&concession::as_rate(&applied));
    trace.step("rate", &rate);
    if rate.is_negative() {
        return Err(CalculationError::RateBelowZero);
    }
    let rows = loan.schedule(&rate)?;
    let total_interest = schedule::total(&rows, loan.principal, |row| row.interest)?;
    let total_payment = schedule::total(&rows, loan.principal, |row| row.payment)?;
    trace.step("total_interest", total_interest);
    trace.step("total_payment", total_payment);

    let base_total_interest = loan.base_total_interest(&base_rate)?;
    let saving = base_total_interest.map(|base| base.checked_sub(total_interest)).transpose()?;
    if let (Some(base), Some(saving)) = (base_total_interest, saving) {
        trace.step("base_total_interest", base);
        trace.step("saving", saving);
    }
    let (nominal_yearly_cost, effective_yearly_cost) =
        loan.yearly_cost(&rows, &rate.over(&Exact::whole(12)).unwrap_or(Exact::ZERO))?;
    trace.step("nominal_yearly_cost", nominal_yearly_cost);
    trace.step("effective_yearly_cost", effective_yearly_cost);

    Ok(LoanGrant {
        applied,
        rate,
        rows,
        total_interest,
        total_payment,
        base_total_interest,
        saving,
        nominal_yearly_cost,
        effective_yearly_cost,
        steps: trace.into_steps(),
    })
}

impl Loan {
    fn check(&self) -> Result<(), CalculationError> {
        if !self.principal.is_positive() {
            return Err(CalculationError::NoPrincipal);
        }
        if self.instalments == 0 {
            return Err(CalculationError::NoInstalments);
        }
        let instalments = usize::try_from(self.instalments).unwrap_or(usize::MAX);
        bounds::check("instalments", instalments, bounds::INSTALMENTS)?;
        concession::check(&self.discounts, self.max_discount_bps)?;
        concession::check_rates([Some(self.base_rate), self.rate_floor].into_iter().flatten())
    }

    /// The discounts cut to their maximum, then to the floor, which limits the discount and not the base.
    fn applied(&self) -> Vec<Applied> {
        let most = self.max_discount_bps.map(Exact::from);
        let above_floor = self.rate_floor.map(|floor| concession::between(floor, self.base_rate));
        concession::cut(&self.discounts, [most, above_floor])
    }

    /// The total interest of the same schedule at r0, absent where that one does not cover its interest.
    fn base_total_interest(&self, base_rate: &Exact) -> Result<Option<Money>, CalculationError> {
        match self.schedule(base_rate) {
            Ok(rows) => Ok(Some(schedule::total(&rows, self.principal, |row| row.interest)?)),
            Err(CalculationError::InterestNotCovered) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The yearly cost, nominal and effective, from the monthly internal rate, which lies near a twelfth of the rate.
    fn yearly_cost(&self, rows: &[Row], near: &Exact) -> Result<(Decimal, Decimal), CalculationError> {
        let payments: Vec<Money> = rows.iter().map(|row| row.payment).collect();
        // The payments repay the principal, so there is such a rate, and it is not below 0.
        let monthly = internal_rate(self.principal, &payments, near).unwrap_or(Exact::ZERO);
        let nominal = monthly.times(&Exact::whole(12));
        let effective = monthly.plus(&Exact::ONE).power(12).minus(&Exact::ONE);
        let shown = |rate: &Exact| round_to_decimal(rate, 6, Rounding::HalfUp);
        Ok((shown(&nominal)?, shown(&effective)?))
    }

    fn write_down(&self, trace: &mut Trace) {
        trace.step("principal", self.principal);
        trace.step("drawdown", self.drawdown);
        trace.step("instalments", self.instalments);
        trace.step("base_rate", self.base_rate);
        for discount in &self.discounts {
            trace.because("discount", discount.bps, discount.source.clone());
        }
        if let Some(most) = self.max_discount_bps {
            trace.step("max_discount_bps", most);
        }
        if let Some(floor) = self.rate_floor {
            trace.step("rate_floor", floor);
        }
        if let Some(months) = self.discount_months {
            trace.step("discount_months", months);
        }
        trace.step("interest_basis", self.interest_basis.name());
        trace.step("method", self.method.name());
        trace.step("rounding", self.rounding);
    }
}

impl InterestBasis {
    /// Its name, as contracts and columns spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Twelfth => "TWELFTH",
            Self::Days(day_count) => day_count.name(),
        }
    }
}

impl Method {
    /// Its name, as contracts and columns spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EqualInstalment => "EQUAL_INSTALMENT",
            Self::EqualPrincipal => "EQUAL_PRINCIPAL",
            Self::InterestOnly => "INTEREST_ONLY",
        }
    }
}
