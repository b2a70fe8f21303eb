//! What a bank says of an order or of one transfer in it.

use crate::{Fault, values};
use handsel_money::{Money, Timestamp};
use std::fmt;

/// A status code (ISO 20022 external code set `ExternalPaymentTransactionStatus1Code` and its siblings), as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(String);

/// What a status code means for whoever waits for the money to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusMeaning {
    /// The bank has it and will try.
    Accepted,
    /// Settlement is completed: on the debtor's account (`ACSC`) or the creditor's (`ACCC`).
    Settled,
    /// It will never be paid under this id: `RJCT`, or `CANC` after a request to cancel.
    Rejected,
    /// Each transfer has its own.
    Each,
    /// Neither: people decide.
    Unclear,
}

impl Status {
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        values::code(text).map(Self)
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0
    }

    /// What it means. A code that is not known here is unclear; it is never guessed at.
    #[must_use]
    pub fn meaning(&self) -> StatusMeaning {
        match self.0.as_str() {
            "ACTC" | "ACCP" | "ACSP" | "ACWC" | "ACWP" | "ACFC" | "RCVD" | "PDNG" | "PATC" => StatusMeaning::Accepted,
            "ACSC" | "ACCC" => StatusMeaning::Settled,
            "RJCT" | "CANC" => StatusMeaning::Rejected,
            "PART" => StatusMeaning::Each,
            _ => StatusMeaning::Unclear,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// What the bank says of one transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The payment information that it is in; the report need not say.
    pub payment_information_id: Option<String>,
    /// Absent where the bank could not read it.
    pub end_to_end_id: Option<String>,
    /// Its own status; absent where that of its payment information, or of the whole, holds.
    pub status: Option<Status>,
    /// Why, as a code or in the bank's own words.
    pub reason: Option<String>,
    /// The bank's reference of the payment.
    pub bank_reference: Option<String>,
    /// What was to be paid, where the bank repeats it.
    pub amount: Option<Money>,
    /// When the bank accepted it.
    pub accepted_at: Option<Timestamp>,
}
