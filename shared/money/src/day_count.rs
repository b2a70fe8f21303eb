//! Year fractions, each convention as specification §9 defines it.

use crate::{Date, Exact, MoneyError};

/// How a period becomes a fraction of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayCount {
    /// Days over 365.
    Act365F,
    /// Days over 360.
    Act360,
    /// Days in leap years over 366, days in others over 365.
    ActActIsda,
    /// US bond basis without the February rule.
    Thirty360,
    /// Eurobond basis.
    ThirtyE360,
}

words!(DayCount, MoneyError::UnknownDayCount, {
    "ACT_365F" => Self::Act365F,
    "ACT_360" => Self::Act360,
    "ACT_ACT_ISDA" => Self::ActActIsda,
    "THIRTY_360" => Self::Thirty360,
    "THIRTY_E_360" => Self::ThirtyE360,
});

/// A year fraction, unreduced, so that its days can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YearFraction {
    /// Days over the days of a year.
    Plain {
        /// The numerator.
        days: i64,
        /// The denominator: 360 or 365.
        year: i64,
    },
    /// Days in common years over 365, and days in leap years over 366.
    ByYear {
        /// Days in common years.
        common: i64,
        /// Days in leap years.
        leap: i64,
    },
}

impl YearFraction {
    /// Its exact value.
    #[must_use]
    pub fn exact(self) -> Exact {
        let part = |days, year| Exact::fraction(days, year).unwrap_or(Exact::ZERO);
        match self {
            Self::Plain { days, year } => part(days, year),
            Self::ByYear { common, leap: 0 } => part(common, 365),
            Self::ByYear { common: 0, leap } => part(leap, 366),
            Self::ByYear { common, leap } => part(common, 365).plus(&part(leap, 366)),
        }
    }
}

impl DayCount {
    /// `yf(start, end)`: the first day counted, the last not.
    ///
    /// # Errors
    /// `EndBeforeStart`.
    pub fn year_fraction(self, start: Date, end: Date) -> Result<YearFraction, MoneyError> {
        if end < start {
            return Err(MoneyError::EndBeforeStart);
        }
        Ok(match self {
            Self::Act365F => YearFraction::Plain { days: start.days_until(end), year: 365 },
            Self::Act360 => YearFraction::Plain { days: start.days_until(end), year: 360 },
            Self::ActActIsda => by_year(start, end),
            Self::Thirty360 => {
                let first = start.day().min(30);
                let last = if end.day() == 31 && first == 30 { 30 } else { end.day() };
                thirty(start, end, first, last)
            }
            Self::ThirtyE360 => thirty(start, end, start.day().min(30), end.day().min(30)),
        })
    }
}

/// (360 Δyears + 30 Δmonths + Δdays) / 360.
fn thirty(start: Date, end: Date, first: i64, last: i64) -> YearFraction {
    let years = end.year().saturating_sub(start.year()).saturating_mul(360);
    let months = end.month().saturating_sub(start.month()).saturating_mul(30);
    YearFraction::Plain { days: years.saturating_add(months).saturating_add(last.saturating_sub(first)), year: 360 }
}

/// The days of a period, parted into those of common and those of leap years.
fn by_year(start: Date, end: Date) -> YearFraction {
    let leap = leap_days_before(end).saturating_sub(leap_days_before(start));
    YearFraction::ByYear { common: start.days_until(end).saturating_sub(leap), leap }
}

/// How many days of leap years lie before a date, since the year 1.
fn leap_days_before(date: Date) -> i64 {
    let years = date.year().saturating_sub(1);
    let every = |period: i64| years.div_euclid(period);
    let leap_years = every(4).saturating_sub(every(100)).saturating_add(every(400));
    let in_this = if date.in_leap_year() { date.day_of_year().saturating_sub(1) } else { 0 };
    leap_years.saturating_mul(366).saturating_add(in_this)
}
