//! Cosignatures (C2SP tlog-cosignature, Ed25519, `cosignature/v1`): a witness says when it saw a tree, and that everything it
//! had seen of the log before is its beginning.

use crate::{
    NoteError,
    note::{self, split},
};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use signed_note::Signature;
use std::fmt;

/// The signature type of timestamped Ed25519 cosignatures in the encoding of keys.
const COSIGNATURE_V1: u8 = 0x04;
/// Bytes of the instant before the signature.
const TIME_BYTES: usize = 8;

/// A key that cosigns checkpoints. Its text is a secret: `PRIVATE+KEY+<name>+<hash>+<key>`.
pub struct CosigningKey {
    secret: String,
    pair: Ed25519KeyPair,
    verifier: CosignerKey,
}

/// A key that cosignatures are checked with. Its text: `<name>+<hash>+<key>`.
#[derive(Clone, PartialEq, Eq)]
pub struct CosignerKey {
    text: String,
    name: String,
    id: u32,
    public: [u8; 32],
}

/// A cosignature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// Whose: the cosigner's name.
    pub name: String,
    /// When it was made, in seconds since 1970, by the cosigner's clock.
    pub seconds: u64,
    /// The signature line, without its newline.
    pub line: String,
}

impl CosigningKey {
    /// The key that this seed makes, under a name: by convention a URL without its scheme.
    ///
    /// # Errors
    /// `Key` if the name is empty or holds white space or a plus.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::Key)?;
        let public: [u8; 32] = pair.public_key().as_ref().try_into().map_err(|_| NoteError::Key)?;
        let verifier = CosignerKey::new(name, public)?;
        let secret = format!("PRIVATE+KEY+{name}+{:08x}+{}", verifier.id, BASE64_STANDARD.encode(encoded(seed)));
        Ok(Self { secret, pair, verifier })
    }

    /// Reads a secret key.
    ///
    /// # Errors
    /// `Key` if it is malformed, or the key of something that is no cosigner.
    pub fn parse(secret: &str) -> Result<Self, NoteError> {
        let (name, seed) = note::seed_in(secret, COSIGNATURE_V1)?;
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
    pub fn verifier(&self) -> &CosignerKey {
        &self.verifier
    }

    /// Cosigns the checkpoint that a note says, as of an instant in seconds since 1970. The line, without its newline.
    ///
    /// # Errors
    /// `Malformed` if the note is no signed note, or the instant is 0 or beyond 2^63.
    pub fn cosign(&self, note: &str, seconds: u64) -> Result<String, NoteError> {
        let (text, _) = split(note)?;
        let message = message(text, seconds).ok_or(NoteError::Malformed)?;
        let signature = self.pair.sign(message.as_bytes());
        let timed = [&seconds.to_be_bytes(), signature.as_ref()].concat();
        let line = Signature::new(self.verifier.name.clone(), self.verifier.id, timed);
        let line = line.map_err(|_| NoteError::Malformed)?.to_bytes();
        String::from_utf8(line).map(|line| line.trim_end_matches('\n').to_owned()).map_err(|_| NoteError::Malformed)
    }
}

impl CosignerKey {
    fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        if !signed_note::is_key_name_valid(name) {
            return Err(NoteError::Key);
        }
        let id = signed_note::key_id(name, &encoded(&public));
        let text = format!("{name}+{id:08x}+{}", BASE64_STANDARD.encode(encoded(&public)));
        Ok(Self { text, name: name.to_owned(), id, public })
    }

    /// Reads a cosigner's key, and accepts one spelling of it only.
    ///
    /// # Errors
    /// `Key` if it is malformed, or a key of another kind.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let key = BASE64_STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let public = key.strip_prefix(&[COSIGNATURE_V1]).and_then(|key| key.try_into().ok()).ok_or(NoteError::Key)?;
        let made = Self::new(name, public)?;
        if made.text == text { Ok(made) } else { Err(NoteError::Key) }
    }

    /// The cosigner's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// This cosigner's signature under a note. Whether the log signed it is asked apart.
    ///
    /// # Errors
    /// `Malformed`; `Unsigned` if there is none; `BadSignature` if a line in the key's name does not hold.
    pub fn find(&self, note: &str) -> Result<Cosignature, NoteError> {
        let (text, lines) = split(note)?;
        let mut found = None;
        for (line, signature) in lines {
            if signature.name() != self.name || signature.id() != self.id {
                continue;
            }
            let seconds = self.check(text, signature.signature()).ok_or(NoteError::BadSignature)?;
            let later = Cosignature { name: self.name.clone(), seconds, line: line.to_owned() };
            found = found.filter(|earlier: &Cosignature| earlier.seconds >= seconds).or(Some(later));
        }
        found.ok_or(NoteError::Unsigned)
    }

    /// The instant of a signature that holds.
    fn check(&self, text: &str, timed: &[u8]) -> Option<u64> {
        let (time, signature) = timed.split_at_checked(TIME_BYTES)?;
        let seconds = u64::from_be_bytes(time.try_into().ok()?);
        let message = message(text, seconds)?;
        UnparsedPublicKey::new(&ED25519, &self.public).verify(message.as_bytes(), signature).ok()?;
        Some(seconds)
    }
}

/// The cosignatures under a note, of those whose keys are known. Lines of others count nothing.
///
/// # Errors
/// `Malformed`, or `BadSignature` if a line in a known cosigner's name does not hold.
pub fn cosigned(note: &str, known: &[CosignerKey]) -> Result<Vec<Cosignature>, NoteError> {
    let mut found = Vec::new();
    for key in known {
        match key.find(note) {
            Ok(cosignature) => found.push(cosignature),
            Err(NoteError::Unsigned) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// What is signed: two lines, and the checkpoint's text.
fn message(text: &str, seconds: u64) -> Option<String> {
    let told = seconds > 0 && i64::try_from(seconds).is_ok();
    told.then(|| format!("cosignature/v1\ntime {seconds}\n{text}"))
}

fn encoded(key: &[u8; 32]) -> Vec<u8> {
    [&[COSIGNATURE_V1], key.as_slice()].concat()
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for CosignerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cosigning key of {}", self.verifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CompactRange, SigningKey, TreeHead, with_lines};

    fn key() -> CosigningKey {
        CosigningKey::from_seed("witness.example/w1", &[3; 32]).unwrap()
    }

    fn note(size: u64) -> String {
        let log = SigningKey::from_seed("handsel.example/audit", &[7; 32]).unwrap();
        let root = CompactRange::new().root();
        TreeHead { origin: "handsel.example/audit".to_owned(), size, root }.sign(&log).unwrap()
    }

    #[test]
    fn a_cosignature_holds_for_its_checkpoint_and_its_instant_alone() {
        let (note, line) = (note(0), key().cosign(&note(0), 1_700_000_000).unwrap());
        let both = with_lines(&note, &[&line]);
        let found = key().verifier().find(&both).unwrap();
        assert_eq!(
            (found.name.as_str(), found.seconds, found.line),
            ("witness.example/w1", 1_700_000_000, line.clone())
        );

        let elsewhere = with_lines(&self::note(1), &[&line]);
        assert_eq!(key().verifier().find(&elsewhere), Err(NoteError::BadSignature));
        assert_eq!(key().verifier().find(&note), Err(NoteError::Unsigned));
        let stranger = CosigningKey::from_seed("witness.example/w1", &[4; 32]).unwrap();
        assert_eq!(stranger.verifier().find(&both), Err(NoteError::Unsigned));
        for seconds in [0, u64::MAX] {
            assert_eq!(key().cosign(&note, seconds), Err(NoteError::Malformed));
        }
    }

    #[test]
    fn the_specification_s_own_example_has_this_key_id_and_holds() {
        // The signed lines are those of C2SP tlog-cosignature; the key is not published there, so only the form is held to it.
        let line = "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
        let signature = Signature::from_bytes(line.as_bytes()).unwrap();
        let (time, rest) = signature.signature().split_at(TIME_BYTES);
        assert_eq!((u64::from_be_bytes(time.try_into().unwrap()), rest.len()), (1_679_315_147, 64));
    }

    #[test]
    fn a_key_has_one_spelling_and_one_kind() {
        let key = key();
        assert_eq!(CosigningKey::parse(key.secret()).unwrap().verifier(), key.verifier());
        assert_eq!(&CosignerKey::parse(&key.verifier().to_string()).unwrap(), key.verifier());
        let log = SigningKey::from_seed("witness.example/w1", &[3; 32]).unwrap();
        assert!(CosignerKey::parse(&log.verifier().to_string()).is_err(), "a log's key is no cosigner's");
        assert!(CosigningKey::parse(log.secret()).is_err());
        assert!(CosignerKey::parse(&key.verifier().to_string().to_uppercase()).is_err());
    }
}
