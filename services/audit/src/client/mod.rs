//! What a reader checks before it believes the log: a library for officers' programs, independent of the server.
//!
//! A [`Follower`] takes the answers of `StreamRecords` and advances only when everything holds: the checkpoint is signed by the
//! log's key; it extends the checkpoint before it; every record's leaf, hashed anew, makes the tree that the checkpoint
//! extends; indexes have no gap; every body is the one that its statement commits to. What it hands out has been proven.
//!
//! It uses the contract's messages and [`crate::tlog`], and nothing of the server's rooms.

pub mod export;
mod follower;
mod glance;
pub mod personal;
pub(crate) mod pruned;
mod record;

pub(crate) use record::read as leaf;

pub use follower::{Follower, PrunedBy, Rotated, SavedCursor, VerifyError, verify_stream};
pub use glance::{Glance, UnprovenRecord, asked_for};
pub use record::{Absent, RecordError, VerifiedRecord};

#[cfg(test)]
mod tests;
