//! Chance that can be thrown again: the same seed, the same throws.

use handsel_service::{Entropy as _, SeededEntropy};

pub(super) struct Chance(SeededEntropy);

impl Chance {
    pub(super) fn of(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// A number from 0 to below `bound`, which is above 0.
    pub(super) fn below(&self, bound: usize) -> usize {
        let mut bytes = [0_u8; 8];
        self.0.fill(&mut bytes);
        let thrown = u64::from_le_bytes(bytes) % u64::try_from(bound).unwrap();
        usize::try_from(thrown).unwrap()
    }

    /// Whether something that happens so often in a hundred happens now.
    pub(super) fn percent(&self, often: usize) -> bool {
        self.below(100) < often
    }

    /// One of these, if there is any.
    pub(super) fn one<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.below(of.len())) }
    }

    /// One of these, of which there are some.
    pub(super) fn of_these<T: Copy, const N: usize>(&self, these: [T; N]) -> T {
        these[self.below(N)]
    }
}
