//! Instants: UTC, to the microsecond, as both engines' columns hold them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::{Date, MoneyError, Zone};

/// 0001-01-02T00:00:00Z, the first that is in the calendar in every time zone.
const FIRST_MICROS: i64 = -62_135_510_400_000_000;
/// 9999-12-30T22:00:00Z, the last that is.
const LAST_MICROS: i64 = 253_402_207_200_000_000;

/// An instant, in microseconds since 1970-01-01T00:00:00Z, within the years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: i64,
}

impl Timestamp {
    /// The first instant.
    pub const MIN: Self = Self { micros: FIRST_MICROS };
    /// The last instant.
    pub const MAX: Self = Self { micros: LAST_MICROS };

    /// From microseconds that are known to be an instant's: a column, a constant, a clock. Beyond the calendar it is
    /// the calendar's end; what comes from outside goes through [`Timestamp::checked_from_micros`].
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        if micros < FIRST_MICROS {
            return Self::MIN;
        }
        if micros > LAST_MICROS {
            return Self::MAX;
        }
        Self { micros }
    }

    /// From microseconds, none beyond the calendar.
    #[must_use]
    pub const fn checked_from_micros(micros: i64) -> Option<Self> {
        if micros < FIRST_MICROS || micros > LAST_MICROS {
            return None;
        }
        Some(Self { micros })
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.micros
    }

    /// So much later, none beyond the calendar. Parts of a microsecond are cut off.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::checked_from_micros(self.micros.checked_add(micros)?)
    }

    /// So much earlier, none beyond the calendar. Parts of a microsecond are cut off.
    #[must_use]
    pub fn checked_sub(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::checked_from_micros(self.micros.checked_sub(micros)?)
    }

    /// How long after `earlier` it is; nothing if it is not.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.micros.saturating_sub(earlier.micros)).unwrap_or(0))
    }

    /// The date at this instant, there.
    #[must_use]
    pub fn date_in(self, zone: &Zone) -> Date {
        Date::from_civil(zone.time_zone().to_datetime(self.to_jiff()).date())
    }

    /// Reads an XML Schema `dateTime`: with an offset it is RFC 3339, without one it is the clock on the wall, there. Where that
    /// clock shows an instant twice it is the first, and where it skips one, what follows the gap.
    ///
    /// # Errors
    /// `InvalidTimestamp`.
    pub fn read_local(text: &str, zone: &Zone) -> Result<Self, MoneyError> {
        if let Ok(instant) = text.parse() {
            return Ok(instant);
        }
        // A date alone is no instant, and the shape keeps out whatever else the calendar would read.
        if text.as_bytes().get(10) != Some(&b'T') {
            return Err(MoneyError::InvalidTimestamp);
        }
        let local: jiff::civil::DateTime = text.parse().map_err(|_| MoneyError::InvalidTimestamp)?;
        let at = local.to_zoned(zone.time_zone().clone()).map_err(|_| MoneyError::InvalidTimestamp)?;
        at.timestamp().to_string().parse()
    }

    /// The same instant for the calendar. The range of this type lies within that of jiff.
    pub(crate) fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.micros).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// The instant, cut to the microsecond and to the calendar of this type.
    pub(crate) fn from_jiff(instant: jiff::Timestamp) -> Self {
        Self::from_micros(instant.as_microsecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = TimeZone::UTC.to_datetime(self.to_jiff());
        write!(
            formatter,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            self.micros.rem_euclid(1_000_000)
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Reads RFC 3339, in UTC or with an offset; finer than a microsecond is refused.
impl FromStr for Timestamp {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| MoneyError::InvalidTimestamp)?;
        if instant.subsec_nanosecond().rem_euclid(1_000) != 0 {
            return Err(MoneyError::InvalidTimestamp);
        }
        Self::checked_from_micros(instant.as_microsecond()).ok_or(MoneyError::InvalidTimestamp)
    }
}

serde_as_text!(Timestamp);
