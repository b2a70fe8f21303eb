//! What personal data is kept for: each purpose has a key of its own, so that one can end before another.

use super::words;

words! {
    /// What personal data is kept for. Each has a key of its own, so that one can end before another.
    pub(crate) enum Purpose {
        /// To contact the person: what the desk shows. It rests on his consent.
        Marketing = "MARKETING",
        /// To prove who was introduced: what the log holds. Rewards rest on it.
        Contract = "CONTRACT",
        /// To report to the tax office.
        Tax = "TAX",
    }
}

impl Purpose {
    /// Every one.
    pub(crate) const ALL: [Self; 3] = [Self::Marketing, Self::Contract, Self::Tax];
}
