//! A witness (C2SP tlog-witness): keeps the last checkpoint it has seen of each log it knows, and cosigns only what continues
//! it. Whoever trusts the witness knows that the log has shown everybody the same history.
//!
//! It has a key, a folder and a program of its own, and is run by people other than those who run the log: it shares nothing
//! with the suite but the formats.

mod config;
mod decision;
mod http;
mod record;
mod witness;

pub use config::WitnessConfig;
pub use decision::{Known, Refusal, decide};
pub use http::serve;
pub use record::Records;
pub use witness::{Answer, Witness};
