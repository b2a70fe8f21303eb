//! What a log hands to a witness (C2SP tlog-witness, `add-checkpoint`): the size the witness has, the proof from there, the
//! checkpoint.

use crate::{HASH_BYTES, Hash};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::fmt::Write as _;
use thiserror::Error;

/// Proof lines that a client may send.
const MOST_PROOF_LINES: usize = 63;

/// A request to cosign a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Size of the last checkpoint that the witness cosigned; 0: none.
    pub old_size: u64,
    /// That the checkpoint extends it.
    pub proof: Vec<Hash>,
    /// The checkpoint, a signed note.
    pub note: String,
}

/// Text that is no such request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a request to add a checkpoint")]
pub struct MalformedSubmission;

impl Submission {
    /// The request's body.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("old {}\n", self.old_size);
        for hash in &self.proof {
            let _ = writeln!(text, "{}", BASE64_STANDARD.encode(hash.as_bytes()));
        }
        text.push('\n');
        text.push_str(&self.note);
        text
    }

    /// Reads a request's body.
    ///
    /// # Errors
    /// [`MalformedSubmission`]. The checkpoint itself is not looked at.
    pub fn parse(text: &str) -> Result<Self, MalformedSubmission> {
        let (head, note) = text.split_once("\n\n").ok_or(MalformedSubmission)?;
        let mut lines = head.split('\n');
        let old_size = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(MalformedSubmission)?;
        let old_size = decimal(old_size).ok_or(MalformedSubmission)?;
        let proof: Vec<Hash> = lines.map(hash_line).collect::<Option<_>>().ok_or(MalformedSubmission)?;
        if proof.len() > MOST_PROOF_LINES {
            return Err(MalformedSubmission);
        }
        Ok(Self { old_size, proof, note: note.to_owned() })
    }
}

/// A number as these formats write it: ASCII digits, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain && digits { text.parse().ok() } else { None }
}

/// A hash on a line of its own, in standard Base64.
pub(crate) fn hash_line(line: &str) -> Option<Hash> {
    let bytes: [u8; HASH_BYTES] = BASE64_STANDARD.decode(line).ok()?.try_into().ok()?;
    Some(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back_as_itself() {
        for proof in [vec![], vec![Hash::of(b"a"), Hash::of(b"b")]] {
            let submission = Submission { old_size: 20, proof, note: "origin\n21\nroot\n\n— key sig\n".to_owned() };
            assert_eq!(Submission::parse(&submission.to_text()), Ok(submission));
        }
    }

    #[test]
    fn what_is_not_written_exactly_so_is_refused() {
        let hash = BASE64_STANDARD.encode(Hash::of(b"a").as_bytes());
        let many = format!("old 1\n{}\nnote", format!("{hash}\n").repeat(64));
        let table = [
            "",
            "old 1",
            "old 1\nnote\n",
            "old 01\n\nnote",
            "old +1\n\nnote",
            "old -1\n\nnote",
            "old \n\nnote",
            "old 1 \n\nnote",
            "old 18446744073709551616\n\nnote",
            "new 1\n\nnote",
            "old 1\nAAAA\n\nnote",
            "old 1\r\n\r\nnote",
            many.as_str(),
        ];
        for text in table {
            assert_eq!(Submission::parse(text), Err(MalformedSubmission), "{text:?}");
        }
    }
}
