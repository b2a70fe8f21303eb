//! What a beneficiary owes back: it is met out of his next rewards, or in money. The original is linked, never edited.

use super::refusal::Refusal;
use handsel_money::{Money, Timestamp};
use uuid::Uuid;

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub id: Uuid,
    /// The reward that was paid and is claimed.
    pub reward: Uuid,
    /// Who owes it, by his resource name.
    pub beneficiary: String,
    /// Why.
    pub reason: String,
    /// How much, above 0.
    pub claimed: Money,
    /// How much of it was met out of other rewards.
    pub netted: Money,
    /// How much of it was met in money.
    pub recovered: Money,
    /// Counts its changes from 1; its etag.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How a claim is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// Out of another reward of the same beneficiary.
    Netting,
    /// In money.
    Money,
}

impl Claim {
    /// A new claim on who was paid a reward.
    pub fn new(id: Uuid, reward: Uuid, beneficiary: String, reason: String, claimed: Money, now: Timestamp) -> Self {
        let nothing = Money::zero(claimed.currency());
        let (netted, recovered) = (nothing, nothing);
        Self {
            id,
            reward,
            beneficiary,
            reason,
            claimed,
            netted,
            recovered,
            revision: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Its resource name.
    pub fn name(&self) -> String {
        format!("claims/{}", self.id)
    }

    /// What is still owed of it.
    pub fn open(&self) -> Money {
        let met = self.netted.minor().saturating_add(self.recovered.minor());
        Money::new(self.claimed.currency(), self.claimed.minor().saturating_sub(met).max(0))
    }

    /// So much of it is met.
    ///
    /// # Errors
    /// In this order: [`Refusal::CurrencyMismatch`], [`Refusal::MoreThanClaimed`] where that is not above 0 or more than is open.
    pub fn meet(mut self, how: Means, amount: Money, now: Timestamp) -> Result<Self, Refusal> {
        if amount.currency() != self.claimed.currency() {
            return Err(Refusal::CurrencyMismatch("amount"));
        }
        if !amount.is_positive() || amount.minor() > self.open().minor() {
            return Err(Refusal::MoreThanClaimed { name: self.name(), open: self.open().to_string() });
        }
        let met = match how {
            Means::Netting => &mut self.netted,
            Means::Money => &mut self.recovered,
        };
        *met = met.checked_add(amount).map_err(|_| Refusal::OutOfRange("what is met"))?;
        let revision = self.revision.saturating_add(1);
        Ok(Self { revision, updated_at: now, ..self })
    }
}

/// What of an amount owed is kept for these claims, the oldest first, one entry for each that is met in part or whole.
pub fn keep(owed: Money, claims: &[Claim]) -> Vec<(Uuid, Money)> {
    let mut left = owed.minor().max(0);
    let mut kept = Vec::new();
    for claim in claims.iter().filter(|claim| claim.claimed.currency() == owed.currency()) {
        let part = claim.open().minor().min(left);
        if part > 0 {
            left = left.saturating_sub(part);
            kept.push((claim.id, Money::new(owed.currency(), part)));
        }
    }
    kept
}
