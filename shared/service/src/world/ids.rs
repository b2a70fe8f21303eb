//! Ids of new records: UUIDs of version 7 (RFC 9562, section 5.7), so that they sort by the time they were made.

use super::{Clock, Entropy};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::{Builder, Uuid};

/// Gives ids.
pub trait Ids: Send + Sync {
    /// An id that this process has not given before, and greater than every one that it has.
    fn next(&self) -> Uuid;
}

/// Version 7 ids from a clock's milliseconds and 74 bits of chance. Within a millisecond, and while the clock stands or goes
/// back, an id is the last one plus a random step (RFC 9562, section 6.2, method 2): they rise all the same.
pub struct TimedIds {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    last: Mutex<u128>,
}

/// Bits of chance under the 48 bits of milliseconds.
const RANDOM_BITS: u32 = 74;
/// The step within a millisecond is below 2³²: 2⁴² ids fit on average before a millisecond is borrowed from the future.
const STEP_MASK: u128 = 0xFFFF_FFFF;

impl TimedIds {
    /// Ids by `clock` and `entropy`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, last: Mutex::new(0) }
    }
}

impl std::fmt::Debug for TimedIds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TimedIds").finish_non_exhaustive()
    }
}

impl Ids for TimedIds {
    fn next(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        let chance = u128::from_be_bytes(bytes);
        let millis = u128::try_from(self.clock.now().as_micros() / 1000).unwrap_or(0);
        let fresh = (millis << RANDOM_BITS) | (chance & ((1 << RANDOM_BITS) - 1));

        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let same_millisecond = fresh >> RANDOM_BITS <= *last >> RANDOM_BITS;
        *last = if same_millisecond { *last + 1 + (chance & STEP_MASK) } else { fresh };
        spread(*last)
    }
}

/// Lays 122 bits around the version and variant bits of a UUID, keeping their order.
fn spread(bits: u128) -> Uuid {
    let millis_and_a = bits >> 62; // 48 + 12 bits
    let b = bits & ((1 << 62) - 1);
    let laid = (millis_and_a >> 12) << 80 | (millis_and_a & 0xFFF) << 64 | b;
    Builder::from_u128(laid).with_version(uuid::Version::SortRand).with_variant(uuid::Variant::RFC4122).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::super::{SeededEntropy, SettableClock, SystemClock, SystemEntropy};
    use super::*;
    use handsel_money::Timestamp;

    #[test]
    fn ids_are_version_7_carry_the_clock_and_rise_while_it_stands_still() {
        let millis = 1_750_000_000_123;
        let clock = SettableClock::starting_at(Timestamp::from_micros(millis * 1000 + 999));
        let ids = TimedIds::new(Arc::new(clock), Arc::new(SeededEntropy::new(7)));
        let mut last = Uuid::nil();
        for _ in 0..10_000 {
            let id = ids.next();
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(id.as_u128() >> 80, u128::try_from(millis).unwrap());
            assert!(id > last, "{id} after {last}");
            last = id;
        }
    }

    #[test]
    fn threads_never_share_an_id() {
        let ids = Arc::new(TimedIds::new(Arc::new(SystemClock), Arc::new(SystemEntropy)));
        let threads = std::array::from_fn::<_, 4, _>(|_| {
            let ids = Arc::clone(&ids);
            std::thread::spawn(move || (0..5_000).map(|_| ids.next()).collect::<Vec<_>>())
        });
        let mut all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 20_000);
    }
}
