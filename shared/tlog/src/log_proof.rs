//! Proofs in files (C2SP tlog-proof): a record's index, its way to the root, the checkpoint with its cosignatures. With the
//! leaf in it, a file is all that somebody without a network needs, besides the keys he trusts.

use crate::{
    CosignerKey, Hash, NoteError, TreeHead, VerifierKey, check_inclusion,
    checkpoint::CheckpointError,
    cosigned,
    submission::{decimal, hash_line},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::fmt::Write as _;
use thiserror::Error;

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// A longer way to the root is none.
const MOST_HASHES: usize = 64;

/// That a record is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogProof {
    /// Carried along and believed by nobody; of ours, the leaf's bytes.
    pub extra: Option<Vec<u8>>,
    /// The record's index.
    pub index: u64,
    /// From the leaf's sibling to the root's child.
    pub hashes: Vec<Hash>,
    /// The checkpoint, with cosignatures where there are any.
    pub note: String,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogProofError {
    /// The text is not one of this format.
    #[error("not a tlog-proof")]
    Malformed,
    /// The checkpoint is not this log's, or not signed by its key.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A cosignature in a known witness's name does not hold.
    #[error("cosignature: {0}")]
    Cosignature(NoteError),
    /// Fewer known witnesses have cosigned than are asked for.
    #[error("{found} known witnesses have cosigned, {wanted} are asked for")]
    TooFewWitnesses {
        /// As many have.
        found: usize,
        /// As many are asked for.
        wanted: usize,
    },
    /// The hashes do not lead from the leaf to the root that was signed.
    #[error("the leaf is not at index {index} of the tree that was signed")]
    Unproven {
        /// Where it should be.
        index: u64,
    },
}

impl LogProof {
    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            let _ = writeln!(text, "extra {}", BASE64_STANDARD.encode(extra));
        }
        let _ = writeln!(text, "index {}", self.index);
        for hash in &self.hashes {
            let _ = writeln!(text, "{}", BASE64_STANDARD.encode(hash.as_bytes()));
        }
        text.push('\n');
        text.push_str(&self.note);
        text
    }

    /// Reads a file's text. Nothing is proven by it yet.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(text: &str) -> Result<Self, LogProofError> {
        Self::read(text).ok_or(LogProofError::Malformed)
    }

    fn read(text: &str) -> Option<Self> {
        let (head, note) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return None;
        }
        let mut line = lines.next()?;
        let extra = line.strip_prefix("extra ");
        if extra.is_some() {
            line = lines.next()?;
        }
        let extra = match extra {
            Some(extra) => Some(BASE64_STANDARD.decode(extra).ok()?),
            None => None,
        };
        let index = decimal(line.strip_prefix("index ")?)?;
        let hashes: Vec<Hash> = lines.map(hash_line).collect::<Option<_>>()?;
        (hashes.len() <= MOST_HASHES).then(|| Self { extra, index, hashes, note: note.to_owned() })
    }

    /// Checks the proof of a leaf, and says under which tree it was found.
    ///
    /// # Errors
    /// [`LogProofError`]: the first thing that does not hold, in the order: the log's signature, cosignatures, the way to the root.
    pub fn check(
        &self,
        leaf: &[u8],
        log: &VerifierKey,
        witnesses: &[CosignerKey],
        wanted: usize,
    ) -> Result<TreeHead, LogProofError> {
        let head = TreeHead::open(&self.note, log)?;
        let found = cosigned(&self.note, witnesses).map_err(LogProofError::Cosignature)?.len();
        if found < wanted {
            return Err(LogProofError::TooFewWitnesses { found, wanted });
        }
        check_inclusion(&self.hashes, head.size, head.root, self.index, Hash::of_leaf(leaf))
            .map_err(|_| LogProofError::Unproven { index: self.index })?;
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CompactRange, CosigningKey, SigningKey, with_lines};

    fn log() -> SigningKey {
        SigningKey::from_seed("handsel.example/audit", &[7; 32]).unwrap()
    }

    /// The second of two leaves, proven.
    fn proof() -> LogProof {
        let (first, second) = (Hash::of_leaf(b"one"), Hash::of_leaf(b"two"));
        let mut range = CompactRange::new();
        range.push(first);
        range.push(second);
        let head = TreeHead { origin: "handsel.example/audit".to_owned(), size: 2, root: range.root() };
        LogProof { extra: Some(b"two".to_vec()), index: 1, hashes: vec![first], note: head.sign(&log()).unwrap() }
    }

    #[test]
    fn a_file_reads_back_as_itself() {
        expect_test::expect![[r#"
            c2sp.org/tlog-proof@v1
            extra dHdv
            index 1
            0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek=

            handsel.example/audit
            2
        "#]]
        .assert_eq(&proof().to_text().lines().take(7).map(|line| format!("{line}\n")).collect::<String>());
        let bare = LogProof { extra: None, hashes: Vec::new(), ..proof() };
        for proof in [proof(), bare] {
            assert_eq!(LogProof::parse(&proof.to_text()), Ok(proof));
        }
        for broken in ["", "c2sp.org/tlog-proof@v2\nindex 0\n\nnote", "c2sp.org/tlog-proof@v1\nindex 00\n\nnote"] {
            assert_eq!(LogProof::parse(broken), Err(LogProofError::Malformed), "{broken:?}");
        }
    }

    #[test]
    fn a_proof_holds_for_its_leaf_its_log_and_enough_witnesses() {
        let (proof, key) = (proof(), log());
        let check = |proof: &LogProof, leaf: &[u8], witnesses: &[CosignerKey], wanted| {
            proof.check(leaf, key.verifier(), witnesses, wanted).map(|head| head.size)
        };
        assert_eq!(check(&proof, b"two", &[], 0), Ok(2));
        assert_eq!(check(&proof, b"one", &[], 0), Err(LogProofError::Unproven { index: 1 }));
        assert_eq!(
            check(&LogProof { index: 0, ..proof.clone() }, b"two", &[], 0),
            Err(LogProofError::Unproven { index: 0 })
        );

        let witness = CosigningKey::from_seed("witness.example/w1", &[1; 32]).unwrap();
        let known = [witness.verifier().clone()];
        let few = LogProofError::TooFewWitnesses { found: 0, wanted: 1 };
        assert_eq!(check(&proof, b"two", &known, 1), Err(few));
        let line = witness.cosign(&proof.note, 1_700_000_000).unwrap();
        let seen = LogProof { note: with_lines(&proof.note, &[&line]), ..proof.clone() };
        assert_eq!(check(&seen, b"two", &known, 1), Ok(2));

        let other = SigningKey::from_seed("handsel.example/audit", &[8; 32]).unwrap();
        let refused = proof.check(b"two", other.verifier(), &[], 0);
        assert_eq!(refused, Err(CheckpointError::from(NoteError::Unsigned).into()));
    }
}
