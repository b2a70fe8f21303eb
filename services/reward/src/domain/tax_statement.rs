//! A beneficiary's statement of a year: a line for each reward of which he was paid something, and a total for each jurisdiction and
//! currency.

use super::{
    refusal::Refusal,
    reward::Kind,
    tax_year::{Flag, Total, YearKey},
};
use handsel_money::{Currency, Date, Money};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// One entry of a reward in the year: a payout, or what of it came back.
#[derive(Clone, Debug)]
pub struct Movement {
    /// The reward.
    pub reward: Uuid,
    /// Its plan.
    pub plan: String,
    /// What it is.
    pub kind: Kind,
    /// The profile of its plan.
    pub jurisdiction: String,
    /// When, in the plan's zone.
    pub date: Date,
    /// The reward before tax; below 0 where it came back.
    pub amount: Money,
    /// The tax.
    pub tax: Money,
    /// What was received.
    pub net: Money,
    /// Whether the year first exceeded a threshold with it.
    pub flagged: bool,
    /// The bank's reference of the newest payout; empty: there was none, as of what was netted with a claim.
    pub payout_reference: String,
}

/// One reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The reward.
    pub reward: Uuid,
    /// Its plan.
    pub plan: String,
    /// What it is.
    pub kind: Kind,
    /// The profile of its plan.
    pub jurisdiction: String,
    /// When the first of it was paid.
    pub date: Date,
    /// The reward and its tax.
    pub sums: Sums,
    /// Whether the year first exceeded a threshold with it.
    pub flagged: bool,
    /// The bank's reference of the newest payout.
    pub payout_reference: String,
}

/// What was paid in a year, of one reward or of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Rewards paid, before tax.
    pub paid: Money,
    /// What of them came back or was taken back, before tax.
    pub reversed: Money,
    /// The tax on what is left.
    pub tax: Money,
    /// What he has received and kept.
    pub net: Money,
}

/// One jurisdiction and currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The profile of the plans.
    pub jurisdiction: String,
    /// The sums of its lines.
    pub sums: Sums,
    /// The payout with which the year first exceeded a threshold.
    pub flag: Option<Flag>,
}

/// A year of a beneficiary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose.
    pub beneficiary: String,
    /// The calendar year.
    pub year: i64,
    /// By when they were first paid.
    pub lines: Vec<Line>,
    /// By jurisdiction and currency.
    pub totals: Vec<Sum>,
}

impl Statement {
    /// Puts together what happened in a year, in the order in which it did, and the year's totals, which know the flags.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] for a sum beyond what money holds.
    pub fn of(
        beneficiary: String,
        year: i64,
        movements: Vec<Movement>,
        years: &[(YearKey, Total)],
    ) -> Result<Self, Refusal> {
        let mut lines: Vec<Line> = Vec::new();
        let mut places: HashMap<Uuid, usize> = HashMap::new();
        for movement in movements {
            let place = *places.entry(movement.reward).or_insert(lines.len());
            match lines.get_mut(place) {
                Some(line) => line.take(&movement)?,
                None => lines.push(Line::first(movement)?),
            }
        }
        let mut totals: BTreeMap<(String, Currency), Sum> = BTreeMap::new();
        for line in &lines {
            let currency = line.sums.net.currency();
            let total = totals.entry((line.jurisdiction.clone(), currency)).or_insert_with(|| Sum {
                jurisdiction: line.jurisdiction.clone(),
                sums: Sums::zero(currency),
                flag: flag_of(years, &line.jurisdiction, currency),
            });
            total.sums = total.sums.plus(&line.sums)?;
        }
        Ok(Self { beneficiary, year, lines, totals: totals.into_values().collect() })
    }
}

fn flag_of(years: &[(YearKey, Total)], jurisdiction: &str, currency: Currency) -> Option<Flag> {
    let of = years.iter().find(|((_, _, profile, of), _)| profile == jurisdiction && *of == currency);
    of.and_then(|(_, total)| total.flag.clone())
}

impl Line {
    fn first(movement: Movement) -> Result<Self, Refusal> {
        let sums = Sums::zero(movement.net.currency()).plus(&Sums::of(&movement)?)?;
        let Movement { reward, plan, kind, jurisdiction, date, flagged, payout_reference, .. } = movement;
        Ok(Self { reward, plan, kind, jurisdiction, date, sums, flagged, payout_reference })
    }

    fn take(&mut self, movement: &Movement) -> Result<(), Refusal> {
        self.sums = self.sums.plus(&Sums::of(movement)?)?;
        self.flagged |= movement.flagged;
        Ok(())
    }
}

impl Sums {
    fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { paid: zero, reversed: zero, tax: zero, net: zero }
    }

    fn of(movement: &Movement) -> Result<Self, Refusal> {
        let Movement { amount, tax, net, .. } = *movement;
        let zero = Money::zero(amount.currency());
        let (paid, reversed) =
            if amount.is_negative() { (zero, zero.checked_sub(amount).map_err(beyond)?) } else { (amount, zero) };
        Ok(Self { paid, reversed, tax, net })
    }

    fn plus(&self, other: &Self) -> Result<Self, Refusal> {
        let Self { paid, reversed, tax, net } = other;
        Ok(Self {
            paid: self.paid.checked_add(*paid).map_err(beyond)?,
            reversed: self.reversed.checked_add(*reversed).map_err(beyond)?,
            tax: self.tax.checked_add(*tax).map_err(beyond)?,
            net: self.net.checked_add(*net).map_err(beyond)?,
        })
    }
}

fn beyond(_: handsel_money::MoneyError) -> Refusal {
    Refusal::OutOfRange("a sum of the statement")
}
