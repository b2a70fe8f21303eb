//! How long calls took.

use serde::Serialize;
use std::time::Duration;

/// The waits of many calls.
#[derive(Debug, Default)]
pub(crate) struct Waits(Vec<Duration>);

/// What is said of them, in microseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Latency {
    /// Half of the calls took no longer.
    pub(crate) p50_micros: u64,
    /// 99 of 100 took no longer.
    pub(crate) p99_micros: u64,
    /// None took longer.
    pub(crate) max_micros: u64,
}

impl Waits {
    /// Takes note of a call.
    pub(crate) fn note(&mut self, wait: Duration) {
        self.0.push(wait);
    }

    /// Takes over what another has noted.
    pub(crate) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    /// What is said of them: the nearest rank, no interpolation.
    pub(crate) fn summary(mut self) -> Latency {
        self.0.sort_unstable();
        let rank = |percent: usize| {
            let place = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
            self.0.get(place).map_or(0, |wait| u64::try_from(wait.as_micros()).unwrap_or(u64::MAX))
        };
        Latency { p50_micros: rank(50), p99_micros: rank(99), max_micros: rank(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_nearest() {
        let of = |waits: std::ops::Range<u64>| {
            let latency = Waits(waits.rev().map(Duration::from_micros).collect()).summary();
            (latency.p50_micros, latency.p99_micros, latency.max_micros)
        };
        assert_eq!(of(1..101), (50, 99, 100));
        assert_eq!(of(1..2), (1, 1, 1));
        assert_eq!(of(1..4), (2, 3, 3));
        assert_eq!(of(1..1), (0, 0, 0));
    }
}
