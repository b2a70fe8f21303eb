//! The machine's clock.

use handsel_money::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant, in UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    #[expect(clippy::expect_used, reason = "a machine set before 1970 or after the year 9999 must not date a record")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the machine's clock stands before 1970");
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Timestamp::checked_from_micros(micros).expect("the machine's clock stands beyond any calendar")
    }
}
