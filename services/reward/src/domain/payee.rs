//! Where a reward is paid to, where somebody named an account of its beneficiary's.

use handsel_money::Timestamp;
use uuid::Uuid;

/// Whose account a payout goes to, and which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// The beneficiary.
    pub payee: String,
    /// The bank's own reference of the account that people named; empty: the beneficiary's usual one.
    pub account_reference: String,
}

/// An account that a person named for a reward. Whoever approves the reward after it approves this account; a later one voids that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    /// The reward.
    pub reward: Uuid,
    /// Counts from 1: the last one counts.
    pub number: i64,
    /// The bank's own reference of the account; never its number.
    pub account_reference: String,
    /// Who named it.
    pub person: String,
    /// His account, for who made something with a token that named no human.
    pub account: String,
    /// When.
    pub set_at: Timestamp,
}
