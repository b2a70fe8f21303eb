//! Fields of personal data in a body: sealed there, committed to in the statement.
//!
//! The body carries each field as AES-256-GCM ciphertext under the key of (subject, purpose), in an array under
//! [`PERSONAL`]. Inside the ciphertext lie 32 random bytes and the plain text; the statement's `pii` holds the digest of both.
//! Whoever is shown the opening checks it against the log; once the key is destroyed, nothing is left to guess at.

use super::rules::{self, Malformed, require};
use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The field of a body under which its personal fields stand.
pub const PERSONAL: &str = "personal";
/// Random bytes before the plain text in a sealed field.
pub const BLIND_BYTES: usize = 32;

/// Most bytes of a sealed field: what a field of the contract can hold, with room to spare.
const MAX_SEALED_HEX: usize = 8_192;

/// A field of personal data as a body carries it. All of it is text, so that the body stays canonical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonalField {
    /// SHA-256(`"handsel/pii/v1"` 0x00 r32 plaintext), in hex: what the statement commits to.
    pub c: String,
    /// What of the person it is, e.g. `display_name`.
    pub field: String,
    /// What it is kept for; with the subject it names the key, e.g. `CONTRACT`.
    pub purpose: String,
    /// Nonce, ciphertext and tag, in hex.
    pub sealed: String,
    /// Whose it is, `subjects/…`: a random token.
    pub subject: String,
}

/// SHA-256(`"handsel/pii/v1"` 0x00 r32 plaintext).
#[must_use]
pub fn pii_commitment(blind: &[u8; BLIND_BYTES], plain: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"handsel/pii/v1\0");
    context.update(blind);
    context.update(plain);
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// The personal fields of a body, in their order; none where it has none.
///
/// # Errors
/// [`Malformed`] for an entry that is none.
pub fn personal_fields(body: &Value) -> Result<Vec<PersonalField>, Malformed> {
    let Some(entries) = body.get(PERSONAL) else { return Ok(Vec::new()) };
    let fields: Vec<PersonalField> = Deserialize::deserialize(entries)
        .map_err(|_| Malformed::Field { field: "body.personal", rule: "an array of sealed fields" })?;
    fields.iter().try_for_each(check)?;
    Ok(fields)
}

fn check(field: &PersonalField) -> Result<(), Malformed> {
    let word = |text: &str| !text.is_empty() && text.len() <= 64;
    require(rules::hex(&field.c, 64), "body.personal.c", "64 lower-case hex digits")?;
    require(word(&field.field) && word(&field.purpose), "body.personal", "field and purpose, at most 64 bytes each")?;
    require(field.subject.starts_with("subjects/"), "body.personal.subject", "subjects/…")?;
    let sealed = field.sealed.len() <= MAX_SEALED_HEX && rules::hex(&field.sealed, field.sealed.len());
    require(sealed && !field.sealed.is_empty(), "body.personal.sealed", "lower-case hex digits, at most 8,192")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_commitment_is_to_blind_and_plain_text() {
        let committed = pii_commitment(&[1; 32], b"Jan");
        assert_ne!(committed, pii_commitment(&[2; 32], b"Jan"));
        assert_ne!(committed, pii_commitment(&[1; 32], b"Eva"));
    }

    #[test]
    fn what_is_no_sealed_field_is_refused() {
        let good = || {
            json!({
                "c": "0".repeat(64), "field": "contact", "purpose": "CONTRACT", "sealed": "00ff", "subject": "subjects/1",
            })
        };
        let body = |entry: Value| json!({ PERSONAL: [entry] });
        assert_eq!(personal_fields(&json!({ "other": 1 })), Ok(Vec::new()));
        assert_eq!(personal_fields(&body(good())).map(|fields| fields.len()), Ok(1));
        for (name, value) in [
            ("c", json!("0")),
            ("field", json!("")),
            ("purpose", json!("x".repeat(65))),
            ("sealed", json!("Jan Novák")),
            ("sealed", json!("")),
            ("subject", json!("customers/1")),
            ("plain", json!("Jan")),
        ] {
            let mut entry = good();
            entry[name] = value;
            assert!(personal_fields(&body(entry)).is_err(), "{name}");
        }
        assert!(personal_fields(&json!({ PERSONAL: "Jan" })).is_err());
    }
}
