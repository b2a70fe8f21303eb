//! Whether a witness cosigns: a ladder of named refusals, in the order of C2SP tlog-witness.

use handsel_tlog::{Hash, NoteError, Submission, TreeHead, VerifierKey, check_consistency};
use thiserror::Error;

/// The keys of the logs that a witness knows, by origin.
#[derive(Debug, Clone)]
pub struct Known(Vec<VerifierKey>);

/// Why a checkpoint is not cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Not a request of the protocol, or no checkpoint in it.
    #[error("not a checkpoint with a proof")]
    Malformed,
    /// No key of the checkpoint's origin is known.
    #[error("the log is not known here")]
    UnknownLog,
    /// None of the log's keys signed it, or a line in one's name does not hold.
    #[error("no known key of the log has signed the checkpoint")]
    Unsigned,
    /// The old size is larger than the checkpoint's.
    #[error("the old size is beyond the checkpoint")]
    OldSizeBeyond,
    /// The old size is not that of the last checkpoint cosigned.
    #[error("the last checkpoint cosigned here has {size} records")]
    Elsewhere {
        /// Its size; 0: none was.
        size: u64,
    },
    /// The tree does not continue the one cosigned before: history was rewritten, or the proof is none.
    #[error("the checkpoint is not proven to continue the last one cosigned here")]
    Inconsistent,
}

impl Known {
    /// By these keys. A log has as many as there are of its name.
    #[must_use]
    pub fn new(keys: Vec<VerifierKey>) -> Self {
        Self(keys)
    }

    /// The origins of the logs, each once.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.0.iter().map(|key| key.name().to_owned()).collect();
        origins.sort_unstable();
        origins.dedup();
        origins
    }

    /// The tree head that a note says, if a known key of its log signed it.
    ///
    /// # Errors
    /// `Malformed`, `UnknownLog`, `Unsigned`.
    pub fn open(&self, note: &str) -> Result<TreeHead, Refusal> {
        let claimed = TreeHead::claimed(note).map_err(|_| Refusal::Malformed)?;
        let mut keys = self.0.iter().filter(|key| key.name() == claimed.origin).peekable();
        if keys.peek().is_none() {
            return Err(Refusal::UnknownLog);
        }
        let mut signed = false;
        for key in keys {
            match key.open(note) {
                Ok(_) => signed = true,
                Err(NoteError::Unsigned) => {}
                Err(NoteError::Key | NoteError::Malformed | NoteError::BadSignature) => return Err(Refusal::Unsigned),
            }
        }
        if signed { Ok(claimed) } else { Err(Refusal::Unsigned) }
    }
}

/// Whether `head` may be cosigned, where `last` is the last checkpoint of its log that was.
///
/// # Errors
/// `OldSizeBeyond`, `Elsewhere`, `Inconsistent`: the first that holds.
pub fn decide(head: &TreeHead, submission: &Submission, last: Option<&TreeHead>) -> Result<(), Refusal> {
    let (size, root) = last.map_or((0, Hash::of_nothing()), |last| (last.size, last.root));
    if submission.old_size > head.size {
        return Err(Refusal::OldSizeBeyond);
    }
    if submission.old_size != size {
        return Err(Refusal::Elsewhere { size });
    }
    check_consistency(&submission.proof, size, root, head.size, head.root).map_err(|_| Refusal::Inconsistent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use handsel_tlog::{CompactRange, SigningKey};

    const ORIGIN: &str = "handsel.example/audit";

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(ORIGIN, &[seed; 32]).unwrap()
    }

    fn leaf(index: u8) -> Hash {
        Hash::of_leaf(&[index])
    }

    fn head(size: u8) -> TreeHead {
        let mut range = CompactRange::new();
        (0..size).for_each(|index| range.push(leaf(index)));
        TreeHead { origin: ORIGIN.to_owned(), size: size.into(), root: range.root() }
    }

    fn submission(old_size: u64, proof: &[Hash]) -> Submission {
        Submission { old_size, proof: proof.to_vec(), note: String::new() }
    }

    #[test]
    fn what_continues_the_last_is_cosigned_and_nothing_else() {
        // Two leaves, then a third: its hash is the whole proof from 2, with the two before it as one.
        let from_two = [leaf(2)];
        let other = TreeHead { root: Hash::of(b"another"), ..head(3) };
        let empty = TreeHead { root: Hash::of(b"another"), ..head(0) };
        type Row = (&'static str, TreeHead, Submission, Option<TreeHead>, Result<(), Refusal>);
        let table: [Row; 11] = [
            ("the first", head(3), submission(0, &[]), None, Ok(())),
            ("the first, with a proof", head(3), submission(0, &from_two), None, Err(Refusal::Inconsistent)),
            ("the empty tree", head(0), submission(0, &[]), None, Ok(())),
            ("an empty tree with a root", empty, submission(0, &[]), None, Err(Refusal::Inconsistent)),
            ("the next", head(3), submission(2, &from_two), Some(head(2)), Ok(())),
            ("the same again", head(3), submission(3, &[]), Some(head(3)), Ok(())),
            (
                "the same size, another root",
                other.clone(),
                submission(3, &[]),
                Some(head(3)),
                Err(Refusal::Inconsistent),
            ),
            ("another root", other, submission(2, &from_two), Some(head(2)), Err(Refusal::Inconsistent)),
            ("no proof", head(3), submission(2, &[]), Some(head(2)), Err(Refusal::Inconsistent)),
            ("from elsewhere", head(3), submission(1, &[]), Some(head(2)), Err(Refusal::Elsewhere { size: 2 })),
            ("from beyond", head(1), submission(2, &[]), Some(head(2)), Err(Refusal::OldSizeBeyond)),
        ];
        for (what, head, submission, last, expected) in table {
            assert_eq!(decide(&head, &submission, last.as_ref()), expected, "{what}");
        }
    }

    #[test]
    fn a_log_is_known_by_its_keys() {
        let known = Known::new(vec![key(1).verifier().clone(), key(2).verifier().clone()]);
        let elsewhere = SigningKey::from_seed("handsel.other/audit", &[1; 32]).unwrap();
        let other = TreeHead { origin: "handsel.other/audit".to_owned(), ..head(1) };
        let signed = |seed| head(1).sign(&key(seed)).unwrap();
        assert_eq!(known.open(&signed(1)), Ok(head(1)));
        assert_eq!(known.open(&signed(2)), Ok(head(1)));
        assert_eq!(known.open(&signed(3)), Err(Refusal::Unsigned));
        assert_eq!(known.open(&signed(1).replace("\n1\n", "\n2\n")), Err(Refusal::Unsigned));
        assert_eq!(known.open(&other.sign(&elsewhere).unwrap()), Err(Refusal::UnknownLog));
        assert_eq!(known.open("no note"), Err(Refusal::Malformed));
        assert_eq!(known.origins(), [ORIGIN]);
    }
}
