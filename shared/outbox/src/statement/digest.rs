//! The two digests of a statement: of its body, salted, and of its bytes, which the next one carries as `prev`.

use aws_lc_rs::digest::{Context, SHA256, digest};

/// `prev` of a source's first statement.
pub const GENESIS: [u8; 32] = [0; 32];

/// SHA-256(`"handsel/body/v1"` 0x00 salt body). The salt keeps a body that could be guessed from being confirmed by its digest
/// once it has been pruned.
#[must_use]
pub fn body_digest(salt: &[u8; 32], body: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"handsel/body/v1\0");
    context.update(salt);
    context.update(body);
    fixed(context.finish().as_ref())
}

/// SHA-256 of a statement's bytes, exactly as sealed.
#[must_use]
pub fn statement_digest(bytes: &[u8]) -> [u8; 32] {
    fixed(digest(&SHA256, bytes).as_ref())
}

fn fixed(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(bytes);
    out
}
