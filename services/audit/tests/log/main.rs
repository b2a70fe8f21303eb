//! The log as its callers see it, behind a real server, on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, and says why"
)]

mod append;
mod cases;
mod clearance;
mod damage;
mod export;
mod holds;
mod integrity;
mod limits;
mod openings;
mod packed;
mod past;
mod prune;
mod race;
mod reading;
mod reconcile;
mod relayed;
mod rotation;
mod search;
mod stage;
mod start;
mod steps;
mod stream;
mod tamper;
mod twins;
mod witness;
