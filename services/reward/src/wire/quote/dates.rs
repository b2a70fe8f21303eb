//! What the calendar says.

use super::{date_from, rates::day_count_from, to_date, zone_from};
use crate::wire::campaign::window_from;
use handsel_money::{Date, Rounding, YearFraction, round_to_decimal};
use handsel_proto::{
    google::r#type as google,
    handsel::reward::v1::{self as wire, quote_dates_request as asked},
};
use handsel_service::{
    status::{OUT_OF_RANGE, Violation},
    wire::{timestamp_from, violation},
};

/// Decimals to which a year fraction is shown.
const SHOWN: u32 = 20;

/// The answer of the calendar.
///
/// # Errors
/// The first field that cannot be taken; a date beyond the calendar; a period that ends before it starts.
pub(crate) fn dates_answer(said: &wire::QuoteDatesRequest) -> Result<wire::DatesQuote, Violation> {
    match &said.question {
        None => Err(Violation::new("question", "one of months, year_fraction and window is required")),
        Some(asked::Question::Months(months)) => months_on(months),
        Some(asked::Question::YearFraction(period)) => year_fraction(period),
        Some(asked::Question::Window(instant)) => window(instant),
    }
}

fn months_on(asked: &asked::Months) -> Result<wire::DatesQuote, Violation> {
    let start = date_from(asked.start_date.as_ref(), "months.start_date")?;
    let dates = asked.months.iter().map(|months| start.months(*months).map(to_date));
    let dates: Result<_, _> = dates.collect();
    Ok(wire::DatesQuote {
        dates: dates.map_err(|error| violation(error, "months.months"))?,
        ..wire::DatesQuote::default()
    })
}

fn year_fraction(asked: &asked::Period) -> Result<wire::DatesQuote, Violation> {
    let start: Date = date_from(asked.start_date.as_ref(), "year_fraction.start_date")?;
    let end = date_from(asked.end_date.as_ref(), "year_fraction.end_date")?;
    let day_count = day_count_from(asked.day_count(), "year_fraction.day_count")?;
    let years = day_count.year_fraction(start, end).map_err(|error| violation(error, "year_fraction.end_date"))?;
    let (days, days_in_leap_years) = match years {
        YearFraction::Plain { days, .. } => (days, 0),
        YearFraction::ByYear { common, leap } => (common.saturating_add(leap), leap),
    };
    let shown = round_to_decimal(&years.exact(), SHOWN, Rounding::HalfEven)
        .map_err(|_| Violation::new("year_fraction", "out of range").because(OUT_OF_RANGE))?;
    Ok(wire::DatesQuote {
        days,
        days_in_leap_years,
        year_fraction: Some(google::Decimal { value: shown.normalize().to_string() }),
        ..wire::DatesQuote::default()
    })
}

fn window(asked: &asked::Instant) -> Result<wire::DatesQuote, Violation> {
    let at = timestamp_from(asked.time.as_ref(), "window.time")?;
    let zone = zone_from(&asked.time_zone, "window.time_zone")?;
    let window = window_from(asked.window()).ok_or_else(|| Violation::new("window.window", "is required"))?;
    let date = at.date_in(&zone);
    Ok(wire::DatesQuote { window: window.key_of(date), date: Some(to_date(date)), ..wire::DatesQuote::default() })
}
