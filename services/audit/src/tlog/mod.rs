//! The formats that strangers check, and nothing of ours: RFC 9162 hashing and proofs, C2SP signed notes and checkpoints.
//!
//! One small facade over `tlog_tiles` and `signed_note`, shared by the server's rooms and by [`crate::client`]. It adds what
//! those leave to the caller: their reader is synchronous, so a [`Question`] says first which tiles it needs and is answered
//! once they are loaded; a short read is a [`TreeError`], not a panic; sizes from outside are bounded before any arithmetic;
//! a note is opened strictly.
//!
//! Never here: a clock, a database, a message of the contract.

mod checkpoint;
mod hash;
mod note;
mod proof;
mod range;

pub use checkpoint::{CheckpointError, TreeHead};
pub use hash::{HASH_BYTES, Hash, NotAHash, body_digest};
pub use note::{NoteError, SigningKey, VerifierKey};
pub use proof::{Question, TILE_WIDTH, TileSpan, Tiles, TreeError, check_consistency, check_inclusion, hashes_from};
pub use range::{CompactRange, tile_root};

#[cfg(test)]
mod tests;
