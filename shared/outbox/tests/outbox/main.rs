//! The outbox, its relay and an inbox together, on both engines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed, and says why")]

mod audit;
mod delivery;
mod parking;
mod stage;
mod upkeep;
