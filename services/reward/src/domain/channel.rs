//! The way by which an attempt reaches the bank. One payout, one channel: the first by which it leaves is its own for ever.

super::codes! {
    /// How an attempt leaves.
    pub enum Channel {
        /// Core banking lists it.
        Pull = "PULL",
        /// It is sent to core banking.
        Push = "PUSH",
        /// It is in a payment file.
        File = "FILE",
    }
}
