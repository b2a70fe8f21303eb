//! Facts: what core banking reports of a person, and which of them can be taken at all.

use super::words;
use handsel_money::{Money, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// How far a source's clock may be ahead of ours.
pub(crate) const FUTURE_BOUND: Duration = Duration::from_secs(5 * 60);

words! {
    /// What happened.
    pub(crate) enum FactKind {
        /// An account was opened and its holder verified.
        AccountOpened = "ACCOUNT_OPENED",
        /// The first deposit arrived.
        FirstDeposit = "FIRST_DEPOSIT",
        /// A card was issued.
        CardIssued = "CARD_ISSUED",
        /// A loan was drawn.
        LoanDrawn = "LOAN_DRAWN",
        /// The account was closed: it can only reverse.
        AccountClosed = "ACCOUNT_CLOSED",
    }
}

impl FactKind {
    /// Whether facts of this kind carry an amount.
    pub(crate) fn has_amount(self) -> bool {
        matches!(self, Self::FirstDeposit | Self::LoanDrawn)
    }
}

/// Something that happened to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// Its id at the source, unique there for ever.
    pub(crate) id: String,
    /// What happened.
    pub(crate) kind: FactKind,
    /// To whom: `customers/{customer}`.
    pub(crate) customer: String,
    /// The referral that brought him, where the source names it.
    pub(crate) referral: Option<Uuid>,
    /// How much, for kinds with an amount.
    pub(crate) amount: Option<Money>,
    /// When, as the source says.
    pub(crate) occurred_at: Timestamp,
}

/// Why one fact cannot be taken. Nothing is written of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FactRefusal {
    /// Not a fact: an amount that is missing, out of place, not above 0 or no money; a time that is none.
    #[error("{0}")]
    Invalid(String),
    /// The same with a nearer reason: an amount finer than its currency's minor unit, or beyond what is held.
    #[error("{1}")]
    Unfit(&'static str, String),
    /// It says that it happened later than five minutes from now.
    #[error("it is dated more than five minutes ahead")]
    FutureTime,
    /// Its id was taken with other content.
    #[error("its id belongs to another fact")]
    IdReused,
    /// It names a referral that does not exist.
    #[error("the referral that it names does not exist")]
    NotFound,
    /// It names a referral that was rejected.
    #[error("the referral that it names was rejected at registration")]
    Rejected,
    /// The referral has another customer, the customer another referral, or he is the referrer himself.
    #[error("the referral and the customer do not belong together")]
    CustomerConflict,
}

impl FactRefusal {
    /// The stable reason, UPPER_SNAKE.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "FIELD_INVALID",
            Self::Unfit(reason, _) => reason,
            Self::FutureTime => "FUTURE_TIME",
            Self::IdReused => "FACT_ID_REUSED",
            Self::NotFound => "NOT_FOUND",
            Self::Rejected => "STATE_CONFLICT",
            Self::CustomerConflict => "CUSTOMER_CONFLICT",
        }
    }
}

impl Fact {
    /// Whether it can be taken, whoever it belongs to. In this order: its amount, its time.
    ///
    /// # Errors
    /// The first thing against it.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), FactRefusal> {
        let kind = self.kind.as_str();
        match self.amount {
            None if self.kind.has_amount() => return Err(FactRefusal::Invalid(format!("amount: {kind} needs one"))),
            Some(_) if !self.kind.has_amount() => {
                return Err(FactRefusal::Invalid(format!("amount: {kind} has none")));
            }
            Some(amount) if !amount.is_positive() => {
                return Err(FactRefusal::Invalid("amount: must be above 0".to_owned()));
            }
            Some(_) | None => {}
        }
        if now.checked_add(FUTURE_BOUND).is_some_and(|bound| self.occurred_at > bound) {
            return Err(FactRefusal::FutureTime);
        }
        Ok(())
    }
}
