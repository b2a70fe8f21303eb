//! How much of a reward an event moves: its net, and the tax that goes with it.

use crate::domain::{refusal::Refusal, reward::Amounts};
use handsel_money::Money;

/// What of a reward is moved: all of it, what is left of it, or the part that a reversal takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// What the beneficiary receives, or would have.
    pub net: Money,
    /// The tax on it.
    pub tax: Money,
}

impl Share {
    /// The whole of a reward.
    pub fn whole(amounts: &Amounts) -> Self {
        Self { net: amounts.net, tax: amounts.tax }
    }

    /// Nothing of a reward in this currency.
    pub fn nothing(amounts: &Amounts) -> Self {
        let zero = Money::zero(amounts.net.currency());
        Self { net: zero, tax: zero }
    }

    /// What a reversal of `reversed`, with its share of the tax, takes: a tax that was withheld was part of the reward, a tax
    /// that the bank bore came on top of it.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] where a share is below 0 or above what the reward has; [`Refusal::CurrencyMismatch`].
    pub fn reversed(amounts: &Amounts, reversed: Money, tax_reversed: Money) -> Result<Self, Refusal> {
        let withheld = amounts.cost == amounts.reward;
        let net = if withheld { less(reversed, tax_reversed)? } else { reversed };
        let share = Self { net, tax: tax_reversed };
        Self::whole(amounts).less(&share)?;
        Ok(share)
    }

    /// What is left once another share is gone.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] where the other is more than this; [`Refusal::CurrencyMismatch`].
    pub fn less(&self, other: &Self) -> Result<Self, Refusal> {
        Ok(Self { net: less(self.net, other.net)?, tax: less(self.tax, other.tax)? })
    }
}

/// Neither below 0, nor taken from another currency.
fn less(from: Money, part: Money) -> Result<Money, Refusal> {
    if from.currency() != part.currency() {
        return Err(Refusal::CurrencyMismatch("a share of a reward"));
    }
    let rest = from.checked_sub(part).map_err(|_| Refusal::OutOfRange("a share of a reward"))?;
    if rest.is_negative() || part.is_negative() { Err(Refusal::OutOfRange("a share of a reward")) } else { Ok(rest) }
}
