//! Two sides of the same payouts, the log's and the ledger's: added up, and held to each other.
//!
//! Each side is read once as a [`Tally`], which takes the same room however many payouts there are; only the buckets in which two
//! tallies differ are read again, payout by payout.

use crate::tlog::Hash;
use handsel_money::Money;
use std::collections::{BTreeMap, BTreeSet};

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flow {
    /// To the beneficiary.
    Paid,
    /// Back.
    Returned,
}

/// A payout, as one side has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Payout {
    /// The transfer's id.
    pub(crate) transfer: String,
    /// `rewards/{reward}`.
    pub(crate) reward: String,
    /// What it is.
    pub(crate) side: Side,
}

/// What one side says of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    /// Which way.
    pub(crate) flow: Flow,
    /// How much.
    pub(crate) amount: Money,
}

/// Count and sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Total {
    /// How many.
    pub(crate) count: u64,
    /// In minor units; wide enough for any number of amounts.
    pub(crate) sum_minor: i128,
}

/// By currency code and by which way money went.
pub(crate) type Totals = BTreeMap<(&'static str, Flow), Total>;

/// Everything of one side, added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// What people read.
    pub(crate) totals: Totals,
    /// A sum of digests for each bucket: the same payouts make the same, in whatever order they come.
    buckets: [u128; 256],
}

impl Default for Tally {
    fn default() -> Self {
        Self { totals: Totals::new(), buckets: [0; 256] }
    }
}

impl Payout {
    /// Where it is looked for again.
    #[must_use]
    pub(crate) fn bucket(&self) -> u8 {
        Hash::of(self.transfer.as_bytes()).as_bytes().first().copied().unwrap_or_default()
    }

    fn digest(&self) -> u128 {
        let Side { flow, amount } = self.side;
        let said =
            format!("{}\n{}\n{flow:?}\n{}\n{}", self.transfer, self.reward, amount.currency().code(), amount.minor());
        let digest = Hash::of(said.as_bytes());
        let (first, _) = digest.as_bytes().split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        u128::from_be_bytes(*first)
    }
}

impl Tally {
    /// Adds a payout.
    pub(crate) fn add(&mut self, payout: &Payout) {
        let Side { flow, amount } = payout.side;
        let total = self.totals.entry((amount.currency().code(), flow)).or_default();
        total.count = total.count.saturating_add(1);
        total.sum_minor = total.sum_minor.saturating_add(i128::from(amount.minor()));
        if let Some(bucket) = self.buckets.get_mut(usize::from(payout.bucket())) {
            *bucket = bucket.wrapping_add(payout.digest());
        }
    }

    /// The buckets in which two sides differ.
    #[must_use]
    pub(crate) fn differs(&self, other: &Self) -> BTreeSet<u8> {
        let pairs = self.buckets.iter().zip(&other.buckets);
        (0..=u8::MAX).zip(pairs).filter(|(_, (one, two))| one != two).map(|(bucket, _)| bucket).collect()
    }

    /// In words, for a finding.
    #[must_use]
    pub(crate) fn told(&self) -> String {
        let total = |((currency, flow), Total { count, sum_minor }): (&(&str, Flow), &Total)| {
            format!("{flow:?} {count} {currency} {sum_minor} minor")
        };
        let told: Vec<String> = self.totals.iter().map(total).collect();
        if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
    }
}

/// A payout that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The transfer's id.
    pub(crate) transfer: String,
    /// `rewards/{reward}`, as the ledger has it, or else the log.
    pub(crate) reward: String,
    /// What the ledger says; none: it has none such.
    pub(crate) ledger: Option<Side>,
    /// What the log says, as often as it says so.
    pub(crate) log: Vec<Side>,
}

/// The payouts of both sides that differ, by reward and transfer.
#[must_use]
pub(crate) fn differences(ledger: Vec<Payout>, log: Vec<Payout>) -> Vec<Difference> {
    let mut sides: BTreeMap<String, Difference> = BTreeMap::new();
    for Payout { transfer, reward, side } in ledger {
        let found = Difference { transfer: transfer.clone(), reward, ledger: Some(side), log: Vec::new() };
        sides.insert(transfer, found);
    }
    for Payout { transfer, reward, side } in log {
        let new = || Difference { transfer: transfer.clone(), reward, ledger: None, log: Vec::new() };
        sides.entry(transfer.clone()).or_insert_with(new).log.push(side);
    }
    let mut differ: Vec<Difference> = sides.into_values().filter(|one| !one.agrees()).collect();
    differ.sort_by(|one, two| (&one.reward, &one.transfer).cmp(&(&two.reward, &two.transfer)));
    differ
}

impl Difference {
    fn agrees(&self) -> bool {
        matches!((self.ledger, self.log.as_slice()), (Some(ledger), [log]) if ledger == *log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handsel_money::Currency;

    fn payout(transfer: &str, minor: i64) -> Payout {
        let amount = Money::new("CZK".parse::<Currency>().unwrap(), minor);
        Payout {
            transfer: transfer.to_owned(),
            reward: "rewards/1".to_owned(),
            side: Side { flow: Flow::Paid, amount },
        }
    }

    fn tally(payouts: &[Payout]) -> Tally {
        let mut tally = Tally::default();
        payouts.iter().for_each(|payout| tally.add(payout));
        tally
    }

    #[test]
    fn what_is_the_same_in_any_order_is_the_same_and_anything_else_is_found() {
        let both = [payout("a", 5), payout("b", 7)];
        let turned = [payout("b", 7), payout("a", 5)];
        assert_eq!(tally(&both), tally(&turned));
        assert_eq!(tally(&both).told(), "Paid 2 CZK 12 minor");
        assert_eq!(tally(&[]).told(), "nothing");
        // (the log's side, transfers that differ, whether count and sum alone would have shown it)
        for (log, differ, shown) in [
            (vec![payout("a", 5), payout("b", 7)], vec![], false),
            (vec![payout("a", 5)], vec!["b"], true),
            (vec![payout("a", 5), payout("b", 7), payout("c", 1)], vec!["c"], true),
            (vec![payout("a", 6), payout("b", 6)], vec!["a", "b"], false),
            (vec![payout("a", 5), payout("a", 7)], vec!["a", "b"], false),
            (vec![payout("a", 5), payout("b", 7), payout("b", 7)], vec!["b"], true),
        ] {
            assert_eq!(tally(&both).totals != tally(&log).totals, shown, "{log:?}");
            assert_eq!(tally(&both).differs(&tally(&log)).is_empty(), differ.is_empty(), "{log:?}");
            let found = differences(both.to_vec(), log);
            assert_eq!(found.iter().map(|one| one.transfer.as_str()).collect::<Vec<_>>(), differ);
        }
    }
}
