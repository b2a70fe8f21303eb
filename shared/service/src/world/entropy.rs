//! Chance: the operating system's, and one that a seed repeats.

use aws_lc_rs::digest::{SHA256, digest};
use std::sync::{Mutex, PoisonError};

/// Gives bytes that nobody can foretell.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness, through the cryptographic library's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::expect_used,
        reason = "without randomness there are no keys and no ids: nothing safe is left to do"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the operating system gives no randomness");
    }
}

/// The same bytes in the same order for the same seed: SHA-256 in counter mode. For tests and simulation only; nothing that
/// it fills is secret.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    state: Mutex<State>,
}

/// How many blocks were made, and what is left of the last one.
#[derive(Debug, Default)]
struct State {
    blocks: u64,
    rest: Vec<u8>,
}

impl SeededEntropy {
    /// Starts the sequence of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, state: Mutex::default() }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            if state.rest.is_empty() {
                let block = [self.seed.to_be_bytes(), state.blocks.to_be_bytes()].concat();
                state.rest.extend_from_slice(digest(&SHA256, &block).as_ref());
                state.blocks += 1;
            }
            *byte = state.rest.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_another_differs() {
        let bytes = |seed| {
            let mut bytes = [0; 48];
            SeededEntropy::new(seed).fill(&mut bytes);
            bytes
        };
        assert_eq!(bytes(1), bytes(1));
        assert_ne!(bytes(1), bytes(2));
    }
}
