//! How much of a file is read before it is refused.

/// Limits on an untrusted file. Everything that a sender decides has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole file.
    pub file_bytes: u64,
    /// Bytes of one piece of markup or text between two pieces of markup.
    pub piece_bytes: u64,
    /// Elements within elements.
    pub depth: usize,
    /// Transactions.
    pub entries: u64,
}

impl Default for Limits {
    /// A quarter of a million transactions of two kilobytes each: what must be remembered of them, their ids, stays below 40 MB.
    fn default() -> Self {
        Self { file_bytes: 512 * 1024 * 1024, piece_bytes: 16 * 1024, depth: 32, entries: 250_000 }
    }
}
