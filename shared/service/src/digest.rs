//! What makes two requests the same request: the digest of their business content.

use aws_lc_rs::digest::{SHA256, digest as sha256};
use prost::Message;

/// SHA-256 of the encoded message. The caller clears what does not belong to the business content (`request_id`) first. The
/// contract has no `map` fields, whose order an encoding does not keep; fields this build does not know are not in it.
#[must_use]
pub fn digest<M: Message>(message: &M) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(sha256(&SHA256, &message.encode_to_vec()).as_ref());
    bytes
}
