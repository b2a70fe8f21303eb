//! Specification §10: a preferential deposit rate, and what it is worth.

use handsel_money::{Date, DayCount, Decimal, Exact, Money, Rounding, round_to_decimal, round_to_minor};
use serde::{Deserialize, Serialize};

use super::bounds;
use super::concession::{self, Applied, Concession};
use super::error::CalculationError;
use super::rule::Payable;
use super::trace::{Step, Trace};

/// One deposit and its product's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// P, above 0.
    pub principal: Money,
    /// The first day that earns.
    pub start: Date,
    /// The first day that does not.
    pub maturity: Date,
    /// r0.
    pub base_rate: Decimal,
    /// In order: what is cut comes off the last first.
    pub uplifts: Vec<Concession>,
    /// The sum of uplifts is cut to this.
    pub max_uplift_bps: Option<Decimal>,
    /// The rate is cut to this, but never below r0.
    pub rate_ceiling: Option<Decimal>,
    /// Only so much of the principal earns the preferential rate.
    pub uplift_principal_cap: Option<Money>,
    /// How periods become years.
    pub day_count: DayCount,
    /// When interest is added.
    pub accrual: Accrual,
    /// For every interest.
    pub rounding: Rounding,
}

/// When interest is added to the balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Accrual {
    /// At maturity only.
    Simple,
    /// Every month from the start.
    CompoundMonthly,
    /// Every third month from the start.
    CompoundQuarterly,
    /// Every twelfth month from the start.
    CompoundAnnually,
}

/// What a deposit earns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositGrant {
    /// What is left of each uplift, as listed.
    pub applied: Vec<Applied>,
    /// r.
    pub rate: Exact,
    /// A, which earns r.
    pub slice_a: Money,
    /// B, which earns r0.
    pub slice_b: Money,
    /// Interest of A.
    pub interest_a: Money,
    /// Interest of B.
    pub interest_b: Money,
    /// Their sum.
    pub total_interest: Money,
    /// The interest of the same slices, each at r0.
    pub base_interest: Money,
    /// What the preferential rate is worth: total less base.
    pub benefit: Money,
    /// The rate of the whole deposit, to 6 decimals, HALF_UP.
    pub blended_rate: Decimal,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

/// What a deposit earns at its preferential rate.
///
/// # Errors
/// `TooMany` uplifts or periods; `NoPrincipal`, `NegativeAmount`, `NegativeBps`, `CurrencyMismatch`, `EndBeforeStart`; `RateBelowZero` for a base rate or
/// ceiling below 0; `OutOfRange` of an interest.
pub fn decide(deposit: &Deposit) -> Result<DepositGrant, CalculationError> {
    deposit.check()?;
    let mut trace = Trace::new();
    deposit.write_down(&mut trace);

    let applied = deposit.applied();
    for one in &applied {
        trace.because("applied_uplift", &one.bps, one.source.clone());
    }
    let base_rate = Exact::from(deposit.base_rate);
    let rate = base_rate.plus(&concession::as_rate(&applied));
    trace.step("rate", &rate);
    let slice_a = deposit.uplift_principal_cap.map_or(Ok(deposit.principal), |cap| deposit.principal.at_most(cap))?;
    let slice_b = deposit.principal.checked_sub(slice_a)?;
    trace.step("slice_a", slice_a);
    trace.step("slice_b", slice_b);

    let interest_a = deposit.interest(slice_a, &rate)?;
    let interest_b = deposit.interest(slice_b, &base_rate)?;
    let total_interest = interest_a.checked_add(interest_b)?;
    let base_interest = deposit.interest(slice_a, &base_rate)?.checked_add(interest_b)?;
    let benefit = total_interest.checked_sub(base_interest)?;
    let blended_rate = deposit.blended(&rate, slice_a, slice_b)?;
    trace.step("interest_a", interest_a);
    trace.step("interest_b", interest_b);
    trace.step("total_interest", total_interest);
    trace.step("base_interest", base_interest);
    trace.step("benefit", benefit);
    trace.step("blended_rate", blended_rate);

    Ok(DepositGrant {
        applied,
        rate,
        slice_a,
        slice_b,
        interest_a,
        interest_b,
        total_interest,
        base_interest,
        benefit,
        blended_rate,
        steps: trace.into_steps(),
    })
}

impl Deposit {
    fn check(&self) -> Result<(), CalculationError> {
        if !self.principal.is_positive() {
            return Err(CalculationError::NoPrincipal);
        }
        if let Some(cap) = self.uplift_principal_cap {
            cap.check(self.principal.currency())?;
        }
        self.day_count.year_fraction(self.start, self.maturity)?;
        concession::check(&self.uplifts, self.max_uplift_bps)?;
        concession::check_rates([Some(self.base_rate), self.rate_ceiling].into_iter().flatten())
    }

    /// The uplifts cut to their maximum, then to the ceiling, which limits the uplift and not the base.
    fn applied(&self) -> Vec<Applied> {
        let most = self.max_uplift_bps.map(Exact::from);
        let under_ceiling = self.rate_ceiling.map(|ceiling| concession::between(self.base_rate, ceiling));
        concession::cut(&self.uplifts, [most, under_ceiling])
    }

    /// The interest of one slice at one rate, over the whole term.
    fn interest(&self, slice: Money, rate: &Exact) -> Result<Money, CalculationError> {
        let Some(months) = self.accrual.months() else {
            return self.period_interest(slice, rate, self.start, self.maturity);
        };
        let mut balance = slice;
        let mut from = self.start;
        let mut after: i32 = 0;
        let mut periods: usize = 0;
        while from < self.maturity {
            periods = periods.saturating_add(1);
            bounds::check("periods of compound interest", periods, bounds::PERIODS)?;
            after = after.saturating_add(months);
            // A boundary beyond the calendar is beyond the maturity too.
            let to = self.start.months(after).map_or(self.maturity, |boundary| boundary.min(self.maturity));
            balance = balance.checked_add(self.period_interest(balance, rate, from, to)?)?;
            from = to;
        }
        Ok(balance.checked_sub(slice)?)
    }

    fn period_interest(&self, balance: Money, rate: &Exact, from: Date, to: Date) -> Result<Money, CalculationError> {
        let years = self.day_count.year_fraction(from, to)?.exact();
        let interest = balance.exact().times(rate).times(&years);
        Ok(round_to_minor(&interest, balance.currency(), self.rounding)?)
    }

    /// `r·A/P + r0·B/P`.
    fn blended(&self, rate: &Exact, slice_a: Money, slice_b: Money) -> Result<Decimal, CalculationError> {
        let at_rate = rate.times(&slice_a.exact());
        let at_base = Exact::from(self.base_rate).times(&slice_b.exact());
        let blended = at_rate.plus(&at_base).over(&self.principal.exact()).ok_or(CalculationError::NoPrincipal)?;
        Ok(round_to_decimal(&blended, 6, Rounding::HalfUp)?)
    }

    fn write_down(&self, trace: &mut Trace) {
        trace.step("principal", self.principal);
        trace.step("start", self.start);
        trace.step("maturity", self.maturity);
        trace.step("base_rate", self.base_rate);
        for uplift in &self.uplifts {
            trace.because("uplift", uplift.bps, uplift.source.clone());
        }
        if let Some(most) = self.max_uplift_bps {
            trace.step("max_uplift_bps", most);
        }
        if let Some(ceiling) = self.rate_ceiling {
            trace.step("rate_ceiling", ceiling);
        }
        if let Some(cap) = self.uplift_principal_cap {
            trace.step("uplift_principal_cap", cap);
        }
        trace.step("day_count", self.day_count.name());
        trace.step("accrual", self.accrual.name());
        trace.step("rounding", self.rounding);
    }
}

impl Accrual {
    /// Its name, as contracts and columns spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "SIMPLE",
            Self::CompoundMonthly => "COMPOUND_MONTHLY",
            Self::CompoundQuarterly => "COMPOUND_QUARTERLY",
            Self::CompoundAnnually => "COMPOUND_ANNUALLY",
        }
    }

    /// How many months lie between two boundaries, where there are any.
    const fn months(self) -> Option<i32> {
        match self {
            Self::Simple => None,
            Self::CompoundMonthly => Some(1),
            Self::CompoundQuarterly => Some(3),
            Self::CompoundAnnually => Some(12),
        }
    }
}
