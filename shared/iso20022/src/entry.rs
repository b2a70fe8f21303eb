//! What a bank booked on an account.

use handsel_money::{Date, Money, Timestamp};
use std::sync::Arc;

/// Into the account or out of it, as seen by whoever owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Money came in: `CRDT`.
    Credit,
    /// Money went out: `DBIT`.
    Debit,
}

/// Whether an entry is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booking {
    /// `BOOK`: it stands.
    Booked,
    /// `PDNG`, `INFO`, `FUTR` and the bank's own: it may yet be otherwise.
    NotBooked,
}

/// One statement of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The statement's id.
    pub id: String,
    /// The account's number.
    pub account: String,
}

/// One transaction of an entry; an entry that is not broken down is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Which statement it is from.
    pub statement: Arc<Statement>,
    /// The entry's number within its statement, from 1.
    pub entry: u64,
    /// Whether it stands.
    pub booking: Booking,
    /// In or out; that of the transaction where it has its own.
    pub direction: Direction,
    /// Whether it takes back an earlier entry.
    pub reversal: bool,
    /// Whether it names itself a return, and the reason where it gives one.
    pub returned: Option<String>,
    /// What the payer called it; absent also where the bank says `NOTPROVIDED`.
    pub end_to_end_id: Option<String>,
    /// The payment information of the order that it comes from, where the bank repeats it.
    pub payment_information_id: Option<String>,
    /// What moved on the account; absent where an entry of several transactions does not say it of each.
    pub amount: Option<Money>,
    /// What was ordered, where the bank repeats it: another amount than moved, where currencies were exchanged.
    pub instructed: Option<Money>,
    /// The bank's reference: of the transaction, else of the entry.
    pub bank_reference: Option<String>,
    /// The day it was booked.
    pub booked_on: Option<Date>,
    /// The instant it was booked, where the bank says it.
    pub booked_at: Option<Timestamp>,
    /// How many transactions the entry says it has, where it says so and does not list them.
    pub unlisted: Option<u64>,
}
