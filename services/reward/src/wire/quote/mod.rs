//! Quotes between the wire and the calculation: what is asked, and the answers with their traces and plain words.

mod dates;
pub(super) mod rates;
mod reward;
mod rows;
mod single;

pub(crate) use dates::dates_answer;
pub(crate) use rates::{choice_answer, deposit_answer, deposit_from, loan_answer, loan_from};
pub(crate) use reward::{
    AnyTerms, Decided, RewardAsked, TermsAndWindow, answer_reward, inline_terms_from, reward_asked, role_from,
};
pub(crate) use rows::{
    milestones_answer, milestones_asked, reporting_answer, reporting_asked, series_answer, series_asked,
};
pub(crate) use single::{allocation_answer, allocation_asked, reversal_answer, reversal_asked, tax_answer, tax_asked};

use super::reward::to_step;
use crate::domain::calculation::{
    CALCULATION_VERSION,
    explanation::{Language, Subject, explain},
    trace::Step,
};
use handsel_money::{Date, Exact, Zone};
use handsel_proto::{CalculationStep, google::r#type as google};
use handsel_service::status::{OUT_OF_RANGE, Violation};

/// Every step, and the same in plain words.
struct Told {
    version: i32,
    steps: Vec<CalculationStep>,
    explanation: Vec<String>,
}

fn told(subject: Subject, steps: Vec<Step>, language: Language) -> Told {
    let explanation = explain(subject, &steps, language);
    // Versions count from 1; this one is far below the limit of the type.
    let version = i32::try_from(CALCULATION_VERSION).unwrap_or(i32::MAX);
    Told { version, steps: steps.into_iter().map(to_step).collect(), explanation }
}

/// The language asked for.
///
/// # Errors
/// One that explanations are not written in.
pub(crate) fn language_from(code: &str) -> Result<Language, Violation> {
    code.parse().map_err(|error: crate::domain::calculation::explanation::UnknownLanguage| {
        Violation::new("language_code", error.to_string())
    })
}

/// A time zone; empty is UTC.
fn zone_from(name: &str, field: &str) -> Result<Zone, Violation> {
    let name = if name.is_empty() { "UTC" } else { name };
    name.parse().map_err(|error: handsel_money::MoneyError| Violation::new(field, error.to_string()))
}

/// A whole date.
fn date_from(date: Option<&google::Date>, field: &str) -> Result<Date, Violation> {
    let google::Date { year, month, day } = date.ok_or_else(|| Violation::new(field, "is required"))?;
    let (Ok(year), Ok(month), Ok(day)) = (i16::try_from(*year), i8::try_from(*month), i8::try_from(*day)) else {
        return Err(Violation::new(field, "not a date of the years 1 to 9999").because(OUT_OF_RANGE));
    };
    Date::new(year, month, day).map_err(|error| Violation::new(field, error.to_string()))
}

fn to_date(date: Date) -> google::Date {
    let number = |number: i64| i32::try_from(number).unwrap_or_default();
    google::Date { year: number(date.year()), month: number(date.month()), day: number(date.day()) }
}

/// An exact value as it is written in traces: all decimals it has.
fn to_exact(value: &Exact) -> google::Decimal {
    google::Decimal { value: value.to_string() }
}
