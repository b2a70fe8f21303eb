//! A file of payouts on its way to the bank: who is in it is decided first, then its bytes, then it is put where the bank finds it.

use super::refusal::Refusal;
use handsel_money::{Currency, Date, Money, Timestamp};

super::codes! {
    /// Where a file stands.
    pub enum FileState {
        /// Payouts enter.
        Gathering = "GATHERING",
        /// Its payouts are decided.
        Closed = "CLOSED",
        /// Its bytes are decided.
        Sealed = "SEALED",
        /// It lies where the bank finds it, or did.
        Written = "WRITTEN",
        /// Two people have taken it off its way.
        Withdrawn = "WITHDRAWN",
    }
}

/// A file's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFile {
    /// From 1, in the order begun.
    pub number: i64,
    /// The id of the message in it.
    pub message_id: String,
    /// The day that the money is to leave.
    pub execution_date: Date,
    /// Where it stands.
    pub state: FileState,
    /// Payouts in it.
    pub payouts: i64,
    /// What they come to; its currency is the file's.
    pub sum: Money,
    /// How many ever entered: the position of the last.
    pub entered: i64,
    /// SHA-256 of its bytes in hexadecimal; empty before it is sealed.
    pub sha256: String,
    /// How many bytes it has.
    pub size_bytes: i64,
    /// From when on it may lie where the bank finds it; none: it never has, as far as anybody here put it there.
    pub placed_at: Option<Timestamp>,
    /// Who had it begun.
    pub requested_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The id of a file's message: the same for ever from the same bank and number.
#[must_use]
pub fn message_id(bank: &str, number: i64) -> String {
    format!("{bank}-{number:010}")
}

impl PaymentFile {
    /// A file without payouts.
    #[must_use]
    pub fn begin(
        bank: &str,
        number: i64,
        currency: Currency,
        execution_date: Date,
        by: String,
        now: Timestamp,
    ) -> Self {
        Self {
            number,
            message_id: message_id(bank, number),
            execution_date,
            state: FileState::Gathering,
            payouts: 0,
            sum: Money::zero(currency),
            entered: 0,
            sha256: String::new(),
            size_bytes: 0,
            placed_at: None,
            requested_by: by,
            created_at: now,
            updated_at: now,
        }
    }

    /// `paymentFiles/{number}`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("paymentFiles/{}", self.number)
    }

    /// Payouts enter, each under the position after the last.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] once it is closed; [`Refusal::OutOfRange`], [`Refusal::CurrencyMismatch`].
    pub fn enter(mut self, amounts: &[Money], now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(FileState::Gathering, "take payouts")?;
        for amount in amounts {
            self.sum = self.sum.checked_add(*amount).map_err(|error| match error {
                handsel_money::MoneyError::CurrencyMismatch { .. } => Refusal::CurrencyMismatch("a payout"),
                _ => Refusal::OutOfRange("the file's sum"),
            })?;
        }
        let count = i64::try_from(amounts.len()).map_err(|_| Refusal::OutOfRange("the file's count"))?;
        self.payouts = self.payouts.saturating_add(count);
        self.entered = self.entered.saturating_add(count);
        self.updated_at = now;
        Ok(self)
    }

    /// Payouts leave it again, for their payees are known no more, or what became of them is; others may enter in their place.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] once it is sealed; [`Refusal::OutOfRange`], [`Refusal::CurrencyMismatch`].
    pub fn leave_out(mut self, amounts: &[Money], now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(FileState::Closed, "leave payouts out")?;
        for amount in amounts {
            self.sum = self.sum.checked_sub(*amount).map_err(|_| Refusal::OutOfRange("the file's sum"))?;
        }
        let count = i64::try_from(amounts.len()).map_err(|_| Refusal::OutOfRange("the file's count"))?;
        self.payouts = self.payouts.saturating_sub(count);
        self.state = FileState::Gathering;
        self.updated_at = now;
        Ok(self)
    }

    /// Its payouts are decided.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] where it has none, or they are decided already.
    pub fn close(mut self, now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(FileState::Gathering, "be closed")?;
        if self.payouts == 0 {
            return Err(self.conflict("be closed without payouts"));
        }
        self.state = FileState::Closed;
        self.updated_at = now;
        Ok(self)
    }

    /// Its bytes are decided. `ended` of its payouts are paid or refused already: the bank would make them all the same.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] where they are already, or its payouts are not, or any has ended.
    pub fn seal(mut self, sha256: String, size_bytes: i64, ended: i64, now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(FileState::Closed, "be sealed")?;
        if ended > 0 {
            return Err(self.conflict("be sealed: what became of a payout in it is known"));
        }
        self.state = FileState::Sealed;
        self.sha256 = sha256;
        self.size_bytes = size_bytes;
        self.updated_at = now;
        Ok(self)
    }

    /// It is about to be put where the bank finds it: from now on it may lie there, whatever happens next. `ended` of its payouts are
    /// paid or refused already. Said again, the first time stays.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] where its bytes are not decided, it was withdrawn, or a payout in it has ended.
    pub fn place(mut self, ended: i64, now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(FileState::Sealed, "be put where the bank finds it")?;
        if ended > 0 {
            return Err(self.conflict("be put where the bank finds it: what became of a payout in it is known"));
        }
        self.placed_at.get_or_insert(now);
        self.updated_at = now;
        Ok(self)
    }

    /// It is not to go to the bank any more.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] unless its bytes are decided and it is not known to lie where the bank finds it.
    pub fn withdraw(mut self, now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(FileState::Sealed, "be withdrawn")?;
        self.state = FileState::Withdrawn;
        self.updated_at = now;
        Ok(self)
    }

    /// It lies where the bank finds it.
    ///
    /// # Errors
    /// [`Refusal::StateConflict`] where its bytes are not decided, or it does already.
    pub fn written(mut self, now: Timestamp) -> Result<Self, Refusal> {
        self.must_be(FileState::Sealed, "be written")?;
        self.state = FileState::Written;
        self.updated_at = now;
        Ok(self)
    }

    fn must_be(&self, state: FileState, act: &'static str) -> Result<(), Refusal> {
        if self.state == state { Ok(()) } else { Err(self.conflict(act)) }
    }

    fn conflict(&self, act: &'static str) -> Refusal {
        Refusal::StateConflict { name: self.name(), state: self.state.code(), act }
    }
}
