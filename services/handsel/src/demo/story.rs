//! The bank's history as a list of days: who is introduced, what happens, when tiers are evaluated.

use super::berka::{Bank, Fact, Introduction, Transaction};
use handsel_money::Date;
use std::collections::BTreeMap;

/// One day on which something happens.
#[derive(Debug, Default)]
pub(crate) struct Day<'bank> {
    /// Tiers are evaluated in the morning, by what had happened before.
    pub(crate) evaluation: bool,
    /// Introductions made at the counter.
    pub(crate) introductions: Vec<&'bank Introduction>,
    /// What happened to those introduced, on this day or before.
    pub(crate) facts: Vec<(&'bank Introduction, &'bank Fact)>,
    /// Owners' transactions.
    pub(crate) transactions: Vec<&'bank Transaction>,
    /// Payouts are approved in the evening.
    pub(crate) approval: bool,
}

/// The days, in order. With a limit, only the first introductions of the history, and what follows from them.
pub(crate) fn days(bank: &Bank, limit: usize) -> BTreeMap<Date, Day<'_>> {
    let mut days: BTreeMap<Date, Day<'_>> = BTreeMap::new();
    for introduction in bank.introductions.iter().take(limit) {
        days.entry(introduction.day).or_default().introductions.push(introduction);
        for fact in &introduction.facts {
            days.entry(fact.day).or_default().facts.push((introduction, fact));
        }
    }
    // What owners do matters as long as they introduce somebody.
    let Some(last) = bank.introductions.iter().take(limit).next_back().map(|one| one.day) else { return days };
    for transaction in bank.transactions.iter().filter(|transaction| transaction.day <= last) {
        days.entry(transaction.day).or_default().transactions.push(transaction);
    }
    // Transactions are known for 1993, so owners' tiers are evaluated each month of it, and once at its end.
    for month in 2..=13 {
        let date = Date::new(1993 + month / 13, i8::try_from((month - 1) % 12 + 1).unwrap_or(1), 1);
        if let Ok(date) = date
            && date <= last
        {
            days.entry(date).or_default().evaluation = true;
        }
    }
    let mut month = None;
    for (date, day) in &mut days {
        let this = Some((date.year(), date.month()));
        day.approval = month != this;
        month = this;
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_happens_before_its_introduction_and_nothing_is_lost() {
        let bank = Bank::read().unwrap();
        let days = days(&bank, usize::MAX);
        let mut introduced = std::collections::HashSet::new();
        let (mut introductions, mut facts, mut transactions) = (0, 0, 0);
        for day in days.values() {
            introductions += day.introductions.len();
            introduced.extend(day.introductions.iter().map(|one| one.number));
            facts += day.facts.len();
            assert!(day.facts.iter().all(|(introduction, _)| introduced.contains(&introduction.number)));
            transactions += day.transactions.len();
        }
        assert_eq!((introductions, transactions), (869, 28_205));
        assert!(facts > 1_300, "{facts}");
        assert_eq!(days.values().filter(|day| day.evaluation).count(), 12);
    }
}
