//! Checkpoints (C2SP tlog-checkpoint): the tree head that a note says.

use crate::{Hash, NoteError, SigningKey, VerifierKey, note::split};
use thiserror::Error;
use tlog_tiles::Checkpoint;

/// A log's tree at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    /// The log's origin, e.g. `handsel.example/audit`.
    pub origin: String,
    /// Leaves in the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// Why a checkpoint is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The note is not one that the key signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The note says something that is no checkpoint.
    #[error("the note is not a checkpoint")]
    Malformed,
    /// The checkpoint is another log's.
    #[error("the checkpoint is of {0}")]
    Origin(String),
}

impl TreeHead {
    /// The checkpoint's note, signed.
    ///
    /// # Errors
    /// `Malformed` or `Note` if the origin is empty or holds control characters.
    pub fn sign(&self, key: &SigningKey) -> Result<String, CheckpointError> {
        let checkpoint =
            Checkpoint::new(&self.origin, self.size, self.root.into(), "").map_err(|_| CheckpointError::Malformed)?;
        let text = String::from_utf8(checkpoint.to_bytes()).map_err(|_| CheckpointError::Malformed)?;
        Ok(key.sign(&text)?)
    }

    /// The tree head that a note says, if this key signed it and it is of the key's own log.
    ///
    /// # Errors
    /// `Note`, `Malformed` or `Origin`.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let head = Self::read(key.open(note)?)?;
        if head.origin == key.name() { Ok(head) } else { Err(CheckpointError::Origin(head.origin)) }
    }

    /// The tree head that a note says, whoever signed it: to learn whose log it is of, and which keys to ask.
    ///
    /// # Errors
    /// `Note` or `Malformed`.
    pub fn claimed(note: &str) -> Result<Self, CheckpointError> {
        Self::read(split(note)?.0)
    }

    fn read(text: &str) -> Result<Self, CheckpointError> {
        let checkpoint = Checkpoint::from_bytes(text.as_bytes()).map_err(|_| CheckpointError::Malformed)?;
        if i64::try_from(checkpoint.size()).is_err() {
            return Err(CheckpointError::Malformed);
        }
        Ok(Self { origin: checkpoint.origin().to_owned(), size: checkpoint.size(), root: (*checkpoint.hash()).into() })
    }
}
