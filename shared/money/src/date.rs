//! Civil dates: proleptic Gregorian (specification §9).

use std::fmt;
use std::str::FromStr;

use jiff::{Span, civil};

use crate::{MoneyError, Timestamp, Zone};

/// A day of the calendar, nowhere in particular.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The day.
    ///
    /// # Errors
    /// `InvalidDate` where the calendar has none such, or beyond the years 1 to 9999.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, MoneyError> {
        let date = civil::Date::new(year, month, day).map_err(|_| MoneyError::InvalidDate)?;
        if year < 1 { Err(MoneyError::InvalidDate) } else { Ok(Self(date)) }
    }

    /// Its year.
    #[must_use]
    pub fn year(self) -> i64 {
        i64::from(self.0.year())
    }

    /// Its month, from 1.
    #[must_use]
    pub fn month(self) -> i64 {
        i64::from(self.0.month())
    }

    /// Its day of the month, from 1.
    #[must_use]
    pub fn day(self) -> i64 {
        i64::from(self.0.day())
    }

    /// Whether its year is a leap year.
    #[must_use]
    pub fn in_leap_year(self) -> bool {
        self.0.in_leap_year()
    }

    /// Its day of the year, from 1.
    #[must_use]
    pub fn day_of_year(self) -> i64 {
        i64::from(self.0.day_of_year())
    }

    /// So many days on, or back.
    ///
    /// # Errors
    /// `OutOfRange` beyond the calendar.
    pub fn plus_days(self, days: i32) -> Result<Self, MoneyError> {
        // The days, and the months below, that a span does not hold leave the calendar in any case.
        self.plus(Span::new().try_days(days).map_err(|_| MoneyError::OutOfRange)?)
    }

    /// `months(start, k)`: the same day so many months on, clamped to that month's last day.
    ///
    /// # Errors
    /// `OutOfRange` beyond the calendar.
    pub fn months(self, months: i32) -> Result<Self, MoneyError> {
        self.plus(Span::new().try_months(months).map_err(|_| MoneyError::OutOfRange)?)
    }

    /// Whole days from this date to the other; below 0 where that is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i64 {
        other.ordinal().saturating_sub(self.ordinal())
    }

    /// The first instant of the day, there. Where midnight does not exist, what follows the gap.
    #[must_use]
    pub fn start_in(self, zone: &Zone) -> Timestamp {
        let start = self.0.to_zoned(zone.time_zone().clone()).and_then(|at| at.start_of_day());
        // Only the calendar's last day has no start in some zones; it is the last instant then.
        start.map_or(Timestamp::MAX, |at| Timestamp::from_jiff(at.timestamp()))
    }

    pub(crate) const fn from_civil(date: civil::Date) -> Self {
        Self(date)
    }

    /// Days before this one since a fixed day, the same for every date.
    fn ordinal(self) -> i64 {
        let years = self.year().saturating_sub(1);
        let quarter = |period: i64| years.div_euclid(period);
        let leap_days = quarter(4).saturating_sub(quarter(100)).saturating_add(quarter(400));
        years.saturating_mul(365).saturating_add(leap_days).saturating_add(self.day_of_year())
    }

    fn plus(self, span: Span) -> Result<Self, MoneyError> {
        let date = self.0.checked_add(span).map_err(|_| MoneyError::OutOfRange)?;
        if date.year() < 1 { Err(MoneyError::OutOfRange) } else { Ok(Self(date)) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Reads `YYYY-MM-DD`, and nothing else.
impl FromStr for Date {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return Err(MoneyError::InvalidDate);
        }
        let date: civil::Date = text.parse().map_err(|_| MoneyError::InvalidDate)?;
        Self::new(date.year(), date.month(), date.day())
    }
}

serde_as_text!(Date);
