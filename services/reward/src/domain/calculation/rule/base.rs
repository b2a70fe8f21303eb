//! Step 1 of specification §3: the base, by each kind of rule, and what can be wrong with one.

use handsel_money::{Currency, Exact, Money};

use super::super::bounds;
use super::super::error::CalculationError;
use super::super::trace::Trace;
use super::{Base, Fault, GraduatedBracket, Payable, Pays, SlabBracket};

impl<A: Payable> Base<A> {
    /// Its kind, as the specification names it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Fixed { .. } => "FIXED",
            Self::Percent { .. } => "PERCENT",
            Self::Slab { .. } => "SLAB",
            Self::Graduated { .. } => "GRADUATED",
        }
    }

    /// Step 1.
    pub(super) fn of(&self, qualifying: Money, trace: &mut Trace) -> Exact {
        match self {
            Self::Fixed { amount } => {
                trace.because("rule", amount, self.kind());
                amount.exact()
            }
            Self::Percent { rate } => {
                trace.because("rule", rate, self.kind());
                rate.exact().times(&qualifying.exact())
            }
            Self::Slab { brackets } => slab(brackets, qualifying, trace),
            Self::Graduated { brackets } => graduated(brackets, qualifying, trace),
        }
    }

    /// Everything wrong with the base in a plan of this currency.
    pub(super) fn faults(&self, currency: Currency) -> Vec<Fault> {
        match self {
            Self::Fixed { amount } => found("fixed.amount", amount.check(currency)).into_iter().collect(),
            Self::Percent { .. } => Vec::new(),
            Self::Slab { brackets } => {
                let lowers = brackets.iter().map(|bracket| bracket.lower);
                let mut faults = bounds_faults("slab", lowers, currency);
                for (at, bracket) in brackets.iter().enumerate() {
                    if let Pays::Fixed(fixed) = bracket.pays
                        && let Err(error) = fixed.check(currency)
                    {
                        faults.push(Fault { field: format!("slab.brackets[{at}].fixed"), error });
                    }
                }
                faults
            }
            Self::Graduated { brackets } => {
                let lowers = brackets.iter().map(|bracket| bracket.lower);
                let mut faults = bounds_faults("graduated", lowers, currency);
                for (at, bracket) in brackets.iter().enumerate() {
                    if let Err(error) = bracket.check(currency) {
                        faults.push(Fault { field: format!("graduated.brackets[{at}].fixed"), error });
                    }
                }
                faults
            }
        }
    }
}

impl<A: Payable> GraduatedBracket<A> {
    /// What it pays for, as the trace has it: `0.01 of 1000 and 5.00 CNY`.
    fn terms(&self, inside: &Exact) -> String {
        match (self.rate, self.fixed) {
            (Some(rate), Some(fixed)) => format!("{rate} of {inside} and {fixed}"),
            (Some(rate), None) => format!("{rate} of {inside}"),
            (None, Some(fixed)) => fixed.to_string(),
            (None, None) => String::new(),
        }
    }

    fn check(&self, currency: Currency) -> Result<(), CalculationError> {
        match (self.fixed, self.rate) {
            (Some(fixed), _) => fixed.check(currency),
            (None, Some(_)) => Ok(()),
            (None, None) => Err(CalculationError::EmptyBracket),
        }
    }
}

/// The last bracket whose lower bound the amount reaches. The first starts at 0, so there is one.
fn slab<A: Payable>(brackets: &[SlabBracket<A>], qualifying: Money, trace: &mut Trace) -> Exact {
    let inside = brackets.iter().rev().find(|bracket| bracket.lower.minor() <= qualifying.minor());
    let Some(bracket) = inside else {
        return Exact::ZERO;
    };
    trace.because("bracket", bracket.lower, "SLAB");
    match bracket.pays {
        Pays::Fixed(fixed) => {
            trace.because("rule", fixed, "FIXED");
            fixed.exact()
        }
        Pays::Rate(rate) => {
            trace.because("rule", rate, "PERCENT");
            rate.exact().times(&qualifying.exact())
        }
    }
}

/// Over every bracket entered: its rate on the part inside, and its fixed amount.
fn graduated<A: Payable>(brackets: &[GraduatedBracket<A>], qualifying: Money, trace: &mut Trace) -> Exact {
    let mut sum = Exact::ZERO;
    for (at, bracket) in brackets.iter().enumerate() {
        if qualifying.minor() <= bracket.lower.minor() {
            break;
        }
        let next = at.checked_add(1).and_then(|next| brackets.get(next)).map(|bracket| bracket.lower.exact());
        let upper = qualifying.exact();
        let upper = next.map_or_else(|| upper.clone(), |next| upper.clone().at_most(next));
        let inside = upper.minus(&bracket.lower.exact());
        let share = bracket.rate.map_or(Exact::ZERO, |rate| rate.exact().times(&inside));
        let paid = share.plus(&bracket.fixed.map_or(Exact::ZERO, Payable::exact));
        trace.because("bracket", bracket.lower, "GRADUATED");
        trace.because("bracket_pays", &paid, bracket.terms(&inside));
        sum = sum.plus(&paid);
    }
    sum
}

/// The faults of a row of lower bounds: of the plan's currency, the first 0, each above the one before.
fn bounds_faults(kind: &str, lowers: impl Iterator<Item = Money>, currency: Currency) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut count: usize = 0;
    let mut before: Option<Money> = None;
    for (at, lower) in lowers.enumerate() {
        if let Err(error) = bound_follows(before, lower, currency) {
            faults.push(Fault { field: format!("{kind}.brackets[{at}].lower"), error });
        }
        before = Some(lower);
        count = count.saturating_add(1);
    }
    if let Err(error) = bounds::check("brackets", count, bounds::BRACKETS) {
        faults.push(Fault { field: format!("{kind}.brackets"), error });
    }
    if before.is_none() {
        faults.push(Fault { field: format!("{kind}.brackets"), error: CalculationError::NoBrackets });
    }
    faults
}

fn bound_follows(before: Option<Money>, lower: Money, currency: Currency) -> Result<(), CalculationError> {
    lower.check(currency)?;
    match before {
        None if lower.is_positive() => Err(CalculationError::FirstBracketAboveZero),
        Some(before) if lower.minor() <= before.minor() => Err(CalculationError::BracketsOutOfOrder),
        None | Some(_) => Ok(()),
    }
}

fn found(field: &str, checked: Result<(), CalculationError>) -> Option<Fault> {
    checked.err().map(|error| Fault { field: field.to_owned(), error })
}
