//! Specification §4: the calendar windows in which rewards are counted, in the plan's time zone.

use handsel_money::{Date, Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// A kind of window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Window {
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
    /// For ever.
    Lifetime,
}

impl Window {
    /// Which window an instant lies in, there: `2025-06`, `2025-Q2`, `2025` or `LIFETIME`.
    #[must_use]
    pub fn key(self, at: Timestamp, zone: &Zone) -> String {
        match self {
            Self::Lifetime => self.name().to_owned(),
            Self::Month | Self::Quarter | Self::Year => self.key_of(at.date_in(zone)),
        }
    }

    /// Which window a date lies in.
    #[must_use]
    pub fn key_of(self, date: Date) -> String {
        match self {
            Self::Month => format!("{:04}-{:02}", date.year(), date.month()),
            Self::Quarter => format!("{:04}-Q{}", date.year(), quarter(date.month())),
            Self::Year => format!("{:04}", date.year()),
            Self::Lifetime => self.name().to_owned(),
        }
    }

    /// Its name, as contracts and columns spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Month => "MONTH",
            Self::Quarter => "QUARTER",
            Self::Year => "YEAR",
            Self::Lifetime => "LIFETIME",
        }
    }
}

fn quarter(month: i64) -> u8 {
    match month {
        ..=3 => 1,
        4..=6 => 2,
        7..=9 => 3,
        10.. => 4,
    }
}
