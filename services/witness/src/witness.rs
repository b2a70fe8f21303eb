//! The witness: one decision at a time, remembered before it is told.

use crate::{Known, Records, Refusal, decide};
use anyhow::{Context as _, Result};
use handsel_service::Clock;
use handsel_tlog::{CosigningKey, Hash, Submission, TreeHead, with_lines};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A witness of some logs. One process holds its folder.
pub struct Witness {
    key: CosigningKey,
    known: Known,
    records: Records,
    clock: Arc<dyn Clock>,
    /// By origin. Locked from the look at what was seen until what is seen is on the disk: two checkpoints of a log never cross.
    seen: Mutex<HashMap<String, Seen>>,
}

/// The last checkpoint of a log.
#[derive(Debug, Clone)]
struct Seen {
    head: TreeHead,
    note: String,
}

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Cosigned: the signature line, with its newline.
    Cosigned(String),
    /// Not.
    Refused(Refusal),
}

impl Witness {
    /// Remembers what it has seen.
    ///
    /// # Errors
    /// A record that this witness did not write: it does not start, since it no longer knows what it has seen.
    pub fn start(key: CosigningKey, known: Known, records: Records, clock: Arc<dyn Clock>) -> Result<Self> {
        let mut seen = HashMap::new();
        for origin in known.origins() {
            if let Some((head, note)) = records.load(&origin, &known, key.verifier())? {
                tracing::info!(origin, size = head.size, "seen before");
                seen.insert(origin, Seen { head, note });
            }
        }
        Ok(Self { key, known, records, clock, seen: Mutex::new(seen) })
    }

    /// Decides on a request, and remembers what it cosigns. Waits for the disk.
    ///
    /// # Errors
    /// The checkpoint cannot be kept: it is not cosigned.
    pub fn add_checkpoint(&self, text: &str) -> Result<Answer> {
        let Ok(submission) = Submission::parse(text) else { return Ok(Answer::Refused(Refusal::Malformed)) };
        let head = match self.known.open(&submission.note) {
            Ok(head) => head,
            Err(refusal) => return Ok(Answer::Refused(refusal)),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(refusal) = decide(&head, &submission, seen.get(&head.origin).map(|seen| &seen.head)) {
            if refusal == Refusal::Inconsistent {
                // Signed, and not what was seen: whoever holds both has a proof against the log.
                tracing::error!(
                    origin = head.origin,
                    size = head.size,
                    note = submission.note,
                    "an inconsistent checkpoint"
                );
            }
            return Ok(Answer::Refused(refusal));
        }
        let seconds = self.clock.now().as_micros().div_euclid(1_000_000);
        let seconds = u64::try_from(seconds).context("the clock stands before 1970")?;
        let line = self.key.cosign(&submission.note, seconds)?;
        let note = with_lines(&submission.note, &[&line]);
        self.records.save(&head.origin, &note)?;
        seen.insert(head.origin.clone(), Seen { head, note });
        Ok(Answer::Cosigned(format!("{line}\n")))
    }

    /// The last checkpoint cosigned of the log whose origin has this SHA-256.
    #[must_use]
    pub fn checkpoint(&self, origin: Hash) -> Option<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().find(|(name, _)| Hash::of(name.as_bytes()) == origin).map(|(_, seen)| seen.note.clone())
    }

    /// The key to check its cosignatures with.
    #[must_use]
    pub fn verifier_key(&self) -> String {
        self.key.verifier().to_string()
    }
}
