//! What caps and budget cut: money by its minor units, points one by one, items whole or not at all.

use handsel_money::{Money, MoneyError};

use super::OnExceed;

/// What is to be capped: so many units of one value. Cash is its own minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stock {
    pub(crate) unit: Money,
    pub(crate) quantity: i64,
    /// Whether REDUCE may take a part of it.
    pub(crate) parts: Parts,
}

/// Whether a stock can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// Unit by unit.
    Units,
    /// It stands or falls together.
    None,
}

impl Stock {
    pub(crate) fn cash(amount: Money) -> Self {
        Self { unit: Money::new(amount.currency(), 1), quantity: amount.minor(), parts: Parts::Units }
    }

    pub(crate) fn value(self) -> Result<Money, MoneyError> {
        self.unit.checked_times(self.quantity)
    }

    /// How many units the room leaves.
    pub(super) fn fitted(self, room: Money, on_exceed: OnExceed) -> Result<i64, MoneyError> {
        let value = self.value()?;
        value.same_currency(room)?;
        if value.minor() <= room.minor() {
            return Ok(self.quantity);
        }
        Ok(match (on_exceed, self.parts) {
            (OnExceed::Reduce, Parts::Units) => self.most_within(room),
            (OnExceed::Reduce, Parts::None) | (OnExceed::Reject, _) => 0,
        })
    }

    /// The most whole units whose value fits; all of them where they have none.
    fn most_within(self, room: Money) -> i64 {
        let room = room.minor().max(0);
        room.checked_div(self.unit.minor()).unwrap_or(self.quantity)
    }
}
