//! The formats that strangers check, and nothing of ours: RFC 9162 hashing and proofs; C2SP signed notes, checkpoints,
//! cosignatures, proofs in files, and what a log and a witness say to each other.
//!
//! One small facade over `tlog_tiles` and `signed_note`, shared by the log, by those who follow it and by witnesses. It adds
//! what those leave to the caller: their reader is synchronous, so a [`Question`] says first which tiles it needs and is
//! answered once they are loaded; a short read is a [`TreeError`], not a panic; sizes from outside are bounded before any
//! arithmetic; a note is opened strictly.
//!
//! Never here: a clock, chance, a database, a network, a message of the contract.

mod checkpoint;
mod cosignature;
mod hash;
mod key_file;
mod log_proof;
mod note;
mod proof;
mod range;
mod submission;

pub use checkpoint::{CheckpointError, TreeHead};
pub use cosignature::{Cosignature, CosignerKey, CosigningKey, cosigned};
pub use hash::{HASH_BYTES, Hash, NotAHash, body_digest};
pub use log_proof::{LogProof, LogProofError};
pub use note::{NoteError, SigningKey, VerifierKey, with_lines};
pub use proof::{Question, TILE_WIDTH, TileSpan, Tiles, TreeError, check_consistency, check_inclusion, hashes_from};
pub use range::{CompactRange, tile_root};
pub use submission::{MalformedSubmission, Submission};

#[cfg(test)]
mod tests;
