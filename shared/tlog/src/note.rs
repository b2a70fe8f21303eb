//! Signed notes (C2SP signed-note), Ed25519: signing them, and opening them strictly.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use signed_note::{Note, Signature, StandardSigner, StandardVerifier, Verifier as _};
use std::fmt;
use thiserror::Error;

/// The signature type of Ed25519 in the encoding of keys.
const ED25519: u8 = 0x01;
/// More than any note of ours: origin, size, root, a handful of signature lines.
const MAX_NOTE_BYTES: usize = 16 * 1024;

/// A key that signs notes. Its text is a secret: `PRIVATE+KEY+<name>+<hash>+<key>`, as Go's `note` tool writes it.
pub struct SigningKey {
    secret: String,
    signer: StandardSigner,
    verifier: VerifierKey,
}

/// A key that notes are checked with. Its text: `<name>+<hash>+<key>`.
#[derive(Clone)]
pub struct VerifierKey {
    text: String,
    verifier: StandardVerifier,
}

/// Why a key or a note is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoteError {
    /// A key's text is not one of the format above, or its hash does not match.
    #[error("the key is malformed")]
    Key,
    /// Not a signed note: text, empty line, signature lines.
    #[error("the note is malformed")]
    Malformed,
    /// No signature by the key expected.
    #[error("the note is not signed by the key expected")]
    Unsigned,
    /// A signature line in the key's name does not verify.
    #[error("the note's signature is not valid")]
    BadSignature,
}

impl SigningKey {
    /// The key that this seed makes, under a name.
    ///
    /// # Errors
    /// `Key` if the name is empty or holds white space or a plus.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::Key)?;
        let public = encoded(pair.public_key().as_ref());
        let id = signed_note::key_id(name, &public);
        let verifier = VerifierKey::parse(&format!("{name}+{id:08x}+{}", BASE64_STANDARD.encode(&public)))?;
        let secret = format!("PRIVATE+KEY+{name}+{id:08x}+{}", BASE64_STANDARD.encode(encoded(seed)));
        let signer = StandardSigner::new(&secret).map_err(|_| NoteError::Key)?;
        Ok(Self { secret, signer, verifier })
    }

    /// Reads a secret key.
    ///
    /// # Errors
    /// `Key` if it is malformed.
    pub fn parse(secret: &str) -> Result<Self, NoteError> {
        let (name, seed) = seed_in(secret, ED25519)?;
        let made = Self::from_seed(name, &seed)?;
        if made.secret == secret { Ok(made) } else { Err(NoteError::Key) }
    }

    /// The secret's text, to be kept where nobody else reads.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text that ends in a newline.
    ///
    /// # Errors
    /// `Malformed` if it does not, or holds control characters.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        let mut note = Note::new(text.as_bytes(), &[]).map_err(|_| NoteError::Malformed)?;
        note.add_sigs(&[&self.signer]).map_err(|_| NoteError::Malformed)?;
        String::from_utf8(note.to_bytes()).map_err(|_| NoteError::Malformed)
    }
}

impl SigningKey {
    /// A note that another key has signed, with this key's signature beneath it too: how one key hands over to the next.
    ///
    /// # Errors
    /// `Malformed` if it is no signed note.
    pub fn sign_also(&self, note: &str) -> Result<String, NoteError> {
        let own = self.sign(split(note)?.0)?;
        let (_, lines) = split(&own)?;
        let lines: Vec<&str> = lines.iter().map(|(line, _)| *line).collect();
        Ok(with_lines(note, &lines))
    }
}

impl VerifierKey {
    /// Reads a verifier key, and accepts one spelling of it only: the hash in lower case.
    ///
    /// # Errors
    /// `Key` if it is malformed.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let verifier = StandardVerifier::new(text).map_err(|_| NoteError::Key)?;
        let hash = text.split('+').nth(1).unwrap_or_default();
        if hash != format!("{:08x}", verifier.key_id()) {
            return Err(NoteError::Key);
        }
        Ok(Self { text: text.to_owned(), verifier })
    }

    /// Whose it is: for a log, its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// The text that a note says, if this key signed it.
    ///
    /// Stricter than the crate: it reads only the first signature line of a key and skips the others; here every line in this
    /// key's name must verify. Lines of other keys (witnesses, a key being rotated in) must be well-formed, and count nothing.
    ///
    /// # Errors
    /// `Malformed`, `Unsigned` or `BadSignature`.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let (text, lines) = split(note)?;
        let mut signed = false;
        for (_, signature) in lines {
            if signature.name() != self.verifier.name() || signature.id() != self.verifier.key_id() {
                continue;
            }
            if !self.verifier.verify(text.as_bytes(), signature.signature()) {
                return Err(NoteError::BadSignature);
            }
            signed = true;
        }
        if signed { Ok(text) } else { Err(NoteError::Unsigned) }
    }
}

/// A signature line, and what it says.
pub(crate) type Line<'a> = (&'a str, Signature);

/// A note's text, and each signature line beneath it with what it says.
///
/// # Errors
/// `Malformed` if a line is no signature, or the whole is too long to be a note of anybody's.
pub(crate) fn split(note: &str) -> Result<(&str, Vec<Line<'_>>), NoteError> {
    if note.len() > MAX_NOTE_BYTES {
        return Err(NoteError::Malformed);
    }
    let parsed = Note::from_bytes(note.as_bytes()).map_err(|_| NoteError::Malformed)?;
    let text = note.get(..parsed.text().len()).ok_or(NoteError::Malformed)?;
    let lines = note.get(text.len().saturating_add(1)..).ok_or(NoteError::Malformed)?;
    let read = |line| Signature::from_bytes(str::as_bytes(line)).map(|signature| (line, signature));
    let lines = lines.lines().map(read).collect::<Result<_, _>>().map_err(|_| NoteError::Malformed)?;
    Ok((text, lines))
}

/// A note with more signature lines beneath it, each without its newline.
#[must_use]
pub fn with_lines<L: AsRef<str>>(note: &str, lines: &[L]) -> String {
    let mut longer = note.to_owned();
    for line in lines {
        longer.push_str(line.as_ref());
        longer.push('\n');
    }
    longer
}

/// The name and the seed in a secret key's text, if it is of the kind asked for.
pub(crate) fn seed_in(secret: &str, kind: u8) -> Result<(&str, [u8; 32]), NoteError> {
    let parts: Vec<&str> = secret.splitn(5, '+').collect();
    let [_, _, name, _, key] = parts.as_slice() else { return Err(NoteError::Key) };
    let key = BASE64_STANDARD.decode(key).map_err(|_| NoteError::Key)?;
    let seed = key.strip_prefix(&[kind]).and_then(|seed| seed.try_into().ok()).ok_or(NoteError::Key)?;
    Ok((name, seed))
}

fn encoded(key: &[u8]) -> Vec<u8> {
    [&[ED25519], key].concat()
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "signing key of {}", self.verifier)
    }
}
