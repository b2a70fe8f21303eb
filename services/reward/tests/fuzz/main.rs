//! Fuzzing without a fuzzer: bytes become terms and inputs, wild ones too, and whatever they make, the calculation answers or
//! refuses, never panics, and keeps its promises.
//!
//! Each target runs over its corpus and over seeded bytes, so that every run of the tests is the same run. For longer runs
//! `HANDSEL_FUZZ_INPUTS` says how many inputs a target gets, `HANDSEL_FUZZ_SEED` from where they start. What fails is printed as hexadecimal
//! digits: put it into `corpus/`, a line each, and it is tried for ever after.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bytes;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Inputs a target gets in an ordinary run.
const INPUTS: u64 = 1_000;
/// Bytes of one input.
const LENGTH: u64 = 160;

#[test]
fn cash() {
    run("cash", include_str!("corpus/cash.hex"), targets::cash);
}

#[test]
fn deposit() {
    run("deposit", include_str!("corpus/deposit.hex"), targets::deposit);
}

#[test]
fn loan() {
    run("loan", include_str!("corpus/loan.hex"), targets::loan);
}

fn run(name: &str, corpus: &str, target: fn(&[u8]) -> bool) {
    let number = |variable: &str, usual: u64| {
        std::env::var(variable).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
    };
    let kept = corpus.lines().filter(|line| !line.is_empty()).map(|line| hex::decode(line).unwrap());
    let (first, inputs) = (number("HANDSEL_FUZZ_SEED", 1), number("HANDSEL_FUZZ_INPUTS", INPUTS));
    let made = (first..first.saturating_add(inputs)).map(|seed| bytes::of_seed(seed, seed % LENGTH));
    let mut answered: u64 = 0;
    for input in kept.chain(made) {
        match catch_unwind(AssertUnwindSafe(|| target(&input))) {
            Ok(answer) => answered = answered.saturating_add(answer.into()),
            Err(_) => panic!("{name} fails on {}", hex::encode(&input)),
        }
    }
    assert!(answered > inputs / 20, "{name}: of {inputs} inputs only {answered} are answered, and the others refused");
}
