//! What the contract promises about itself, held by going through its descriptors.

#![expect(clippy::unwrap_used, reason = "where a promise does not hold, the test fails")]

mod access_table;
mod codec;
mod comments;
mod limits;
mod reasons;
mod shim;
mod walk;
