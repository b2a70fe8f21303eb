//! Payment files, as bankers and as attackers write them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do what tests share")]

mod hostile;
mod mutation;
mod orders;
mod reports;
mod samples;
mod schemas;
mod statements;
mod values;
