//! The budgets of a plan beside that of its limits.

use super::super::{
    calculation::{rule::Payable as _, window::Window},
    refusal::Fault,
};
use handsel_money::{Currency, Money};
use serde::{Deserialize, Serialize};

/// What a plan may grant in a season, and cost in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budgets {
    /// What it may cost with the tax that the bank bears on top; absent: no limit.
    pub cost: Option<Money>,
    /// A budget that begins anew with each window; absent: no seasons.
    pub season: Option<Season>,
}

/// A budget that begins anew with each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Season {
    /// How long it is, by the qualifying instant.
    pub window: Window,
    /// What may be granted in it.
    pub budget: Money,
}

impl Budgets {
    /// Whether there is any.
    pub fn any(&self) -> bool {
        self.cost.is_some() || self.season.is_some()
    }

    /// Everything wrong with them in a plan of this currency.
    pub(super) fn faults(&self, currency: Currency) -> Vec<Fault> {
        let amounts = [("cost_budget", self.cost), ("season.budget", self.season.map(|season| season.budget))];
        let faults = amounts.into_iter().filter_map(|(field, amount)| {
            let error = amount?.check(currency).err()?;
            Some(Fault::new(field, error.to_string()))
        });
        let endless = self.season.is_some_and(|season| season.window == Window::Lifetime);
        faults.chain(endless.then(|| Fault::new("season.window", "a season ends"))).collect()
    }
}
