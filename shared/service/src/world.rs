//! What no code takes for itself: time, ids and chance. They are handed in, so that a test, a simulation and a replay years
//! later see what the first run saw. The globals behind them are reached here and nowhere else.

mod clock;
mod entropy;
mod ids;
mod settable;

pub use clock::{Clock, SystemClock};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use ids::{Ids, TimedIds};
pub use settable::{ClockError, SettableClock};

use std::{fmt, sync::Arc};

/// The time, ids and chance of one program.
#[derive(Clone)]
pub struct World {
    /// Due dates, windows, deadlines, and every instant that a record carries. A demonstration or a test may move it forward.
    pub business: Arc<dyn Clock>,
    /// Tokens, back-off, logs: always the machine's own time in a running program.
    pub system: Arc<dyn Clock>,
    /// Ids of new records.
    pub ids: Arc<dyn Ids>,
    /// Keys, nonces, codes.
    pub entropy: Arc<dyn Entropy>,
}

impl World {
    /// The machine's clock for both times, and the operating system's randomness.
    #[must_use]
    pub fn real() -> Self {
        Self::at(Arc::new(SystemClock))
    }

    /// As [`World::real`], with another clock for business time. Ids carry the machine's time all the same: they order records
    /// by when they were made.
    #[must_use]
    pub fn at(business: Arc<dyn Clock>) -> Self {
        let system: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let ids = Arc::new(TimedIds::new(Arc::clone(&system), Arc::clone(&entropy)));
        Self { business, system, ids, entropy }
    }

    /// The time that tokens live by: the system's, in whole seconds.
    #[must_use]
    pub fn token_clock(&self) -> handsel_access::Now {
        let system = Arc::clone(&self.system);
        Arc::new(move || system.now().as_micros() / 1_000_000)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("World").field("business", &self.business.now()).finish_non_exhaustive()
    }
}
