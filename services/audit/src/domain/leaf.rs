//! A leaf: the statement's bytes as they came, sealed with the instant at which we logged them.

use handsel_money::Timestamp;
use thiserror::Error;

/// Bytes of the longest leaf: its length in a tlog-tiles entry bundle is an unsigned 16-bit number.
pub(crate) const MAX_LEAF_BYTES: usize = 65_535;

/// A statement that would make a leaf of more than [`MAX_LEAF_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the leaf would be longer than {MAX_LEAF_BYTES} bytes")]
pub(crate) struct LeafTooLong;

/// `{"logged_at":"…","statement":…}`: canonical (RFC 8785) if the statement is, since its keys are in order and the instant needs
/// no escape. The statement is put in as it is and never encoded again, or its source's own digest of it would be lost.
///
/// # Errors
/// [`LeafTooLong`]. The contract's limit on statements leaves room, so a statement that was read does not come here.
pub(crate) fn compose(logged_at: Timestamp, statement: &[u8]) -> Result<Vec<u8>, LeafTooLong> {
    let mut leaf = format!("{{\"logged_at\":\"{logged_at}\",\"statement\":").into_bytes();
    leaf.extend_from_slice(statement);
    leaf.push(b'}');
    if leaf.len() > MAX_LEAF_BYTES { Err(LeafTooLong) } else { Ok(leaf) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_canonical_when_its_statement_is() {
        let leaf = compose(Timestamp::from_micros(1_750_000_000_000_001), br#"{"a":"1","b":[]}"#).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&leaf).unwrap();
        assert_eq!(serde_json_canonicalizer::to_vec(&value).unwrap(), leaf);
        assert_eq!(leaf, br#"{"logged_at":"2025-06-15T15:06:40.000001Z","statement":{"a":"1","b":[]}}"#);
    }

    #[test]
    fn a_leaf_has_a_limit() {
        let now = Timestamp::from_micros(0);
        let around = compose(now, b"").unwrap().len();
        assert!(compose(now, &vec![b'x'; MAX_LEAF_BYTES - around]).is_ok());
        assert_eq!(compose(now, &vec![b'x'; MAX_LEAF_BYTES - around + 1]), Err(LeafTooLong));
    }
}
