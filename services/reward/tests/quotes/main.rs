//! Every vector of the calculation's specification asked of the quote service over gRPC, as a client's author would ask; and
//! what the contract says of quotes besides.
//!
//! Requests are made from the vectors' own text: of ours only the reading of an amount's minor units is used.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod answers;
mod bank;
mod families;
mod requests;
mod rules;
mod vectors;
