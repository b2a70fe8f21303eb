//! IANA time zones, from the database that is compiled in: the same on every machine.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::MoneyError;

/// The compiled-in database, with its cache of zones already read.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone. Cheap to clone; parse it once, where a plan or a program is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Its IANA name, `Asia/Shanghai`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    pub(crate) fn time_zone(&self) -> &TimeZone {
        &self.0
    }
}

impl FromStr for Zone {
    type Err = MoneyError;

    fn from_str(name: &str) -> Result<Self, MoneyError> {
        let zone = DATABASE.get(name).map_err(|_| MoneyError::UnknownZone)?;
        // The database answers in any case of letters; a stored name is one name.
        if zone.iana_name() != Some(name) {
            return Err(MoneyError::UnknownZone);
        }
        Ok(Self(zone))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

serde_as_text!(Zone);
