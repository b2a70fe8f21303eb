//! Tax paid to the state: one person says so, another confirms that he has seen the payment, and only then do the books move.

use super::refusal::{Fault, Refusal};
use handsel_money::{Money, Timestamp};
use uuid::Uuid;

/// A remittance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remittance {
    /// Its id, and that of its transfer.
    pub id: Uuid,
    /// How much, above 0.
    pub amount: Money,
    /// What it was paid for: a year, a quarter or a month.
    pub period: String,
    /// The reference of the payment.
    pub reference: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Timestamp,
    /// None while it is proposed.
    pub confirmation: Option<Confirmation>,
}

/// That another person has seen the payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Remittance {
    /// Its name in the contract.
    pub fn name(&self) -> String {
        format!("tax-remittances/{}", self.id)
    }

    /// Its state, as stable text.
    pub fn state(&self) -> &'static str {
        match self.confirmation {
            None => "PROPOSED",
            Some(_) => "CONFIRMED",
        }
    }

    /// Proposes it. `payable` is what tax payable holds in its currency: below 0 where the state owes.
    ///
    /// # Errors
    /// In this order: [`Refusal::FieldInvalid`] for an amount that is not above 0, [`Refusal::TaxPayableExceeded`].
    pub fn propose(self, payable: Money) -> Result<Self, Refusal> {
        if !self.amount.is_positive() {
            return Err(Refusal::FieldInvalid(vec![Fault::new("amount", "must be above 0")]));
        }
        self.covered_by(payable)?;
        Ok(self)
    }

    /// Confirms it. `paid` is the remittance that was confirmed before under the same currency and reference.
    ///
    /// # Errors
    /// In this order: [`Refusal::StateConflict`] where it is confirmed already, [`Refusal::MakerIsChecker`] for whoever proposed
    /// it, by person or account, [`Refusal::AlreadyExists`] where its payment was confirmed before,
    /// [`Refusal::TaxPayableExceeded`].
    pub fn confirm(
        self,
        payable: Money,
        paid: Option<Uuid>,
        person: &str,
        account: &str,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if self.confirmation.is_some() {
            return Err(Refusal::StateConflict { name: self.name(), state: self.state(), act: "be confirmed" });
        }
        if self.proposed_by == person || self.proposed_by == account {
            return Err(Refusal::MakerIsChecker(self.name()));
        }
        if let Some(other) = paid {
            return Err(Refusal::AlreadyExists(format!("tax-remittances/{other} of the same payment")));
        }
        self.covered_by(payable)?;
        Ok(Self { confirmation: Some(Confirmation { by: person.to_owned(), at: now }), ..self })
    }

    fn covered_by(&self, payable: Money) -> Result<(), Refusal> {
        if self.amount.minor() > payable.minor() {
            return Err(Refusal::TaxPayableExceeded { asked: self.amount, held: payable });
        }
        Ok(())
    }
}
