//! Recency, frequency and monetary value, each scored 1 to 5. Both ways of scoring come down to four cut-offs a measure: fixed
//! ones from the policy's bands, or those that the ranks of all customers give.

use handsel_money::Timestamp;
use serde::{Deserialize, Serialize};

const SECONDS_PER_DAY: u64 = 86_400;

/// What a customer did before an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measures {
    /// Whole days since the last activity, however long ago.
    pub(crate) recency_days: i64,
    /// Number of activities in the window.
    pub(crate) frequency: i64,
    /// Sum of those in the policy's currency, in minor units; what is beyond 2^63 − 1 counts as that.
    pub(crate) monetary_minor: i64,
}

/// A customer's scores, each 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scores {
    pub(crate) recency: i64,
    pub(crate) frequency: i64,
    pub(crate) monetary: i64,
}

impl Scores {
    /// 3 to 15.
    pub(crate) fn total(self) -> i64 {
        self.recency.saturating_add(self.frequency).saturating_add(self.monetary)
    }
}

/// The values that reach scores 5, 4, 3 and 2, best first; what reaches none scores 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CutOffs {
    pub(crate) recency: [i64; 4],
    pub(crate) frequency: [i64; 4],
    pub(crate) monetary: [i64; 4],
}

/// Whole days of 24 hours from one instant to a later one; 0 if it is not later.
pub(crate) fn whole_days(from: Timestamp, to: Timestamp) -> i64 {
    i64::try_from(to.saturating_since(from).as_secs() / SECONDS_PER_DAY).unwrap_or(i64::MAX)
}

/// The scores that these cut-offs give.
pub(crate) fn score(measures: Measures, cut_offs: &CutOffs) -> Scores {
    Scores {
        recency: reached(&cut_offs.recency, |cut_off| measures.recency_days <= cut_off),
        frequency: reached(&cut_offs.frequency, |cut_off| measures.frequency >= cut_off),
        monetary: reached(&cut_offs.monetary, |cut_off| measures.monetary_minor >= cut_off),
    }
}

/// The cut-offs of all customers' ranks: the best fifth scores 5, and equal values score alike, as the best of them does.
/// `None` without customers.
pub(crate) fn quintiles(all: &[Measures]) -> Option<CutOffs> {
    let fifths = |mut values: Vec<i64>, best_first: fn(&mut Vec<i64>)| -> Option<[i64; 4]> {
        best_first(&mut values);
        let mut cut_offs = [0; 4];
        for (cut_off, fifth) in cut_offs.iter_mut().zip(1usize..) {
            // The last customer of the best `fifth` fifths, rounded up: fewer than that many are better than he.
            let last = values.len().checked_mul(fifth)?.div_ceil(5).checked_sub(1)?;
            *cut_off = *values.get(last)?;
        }
        Some(cut_offs)
    };
    let rising: fn(&mut Vec<i64>) = |values| values.sort_unstable();
    let falling: fn(&mut Vec<i64>) = |values| values.sort_unstable_by(|one, other| other.cmp(one));
    Some(CutOffs {
        recency: fifths(all.iter().map(|one| one.recency_days).collect(), rising)?,
        frequency: fifths(all.iter().map(|one| one.frequency).collect(), falling)?,
        monetary: fifths(all.iter().map(|one| one.monetary_minor).collect(), falling)?,
    })
}

/// 5 for the first cut-off, 4 for the second, and so on.
fn reached(cut_offs: &[i64; 4], reaches: impl Fn(i64) -> bool) -> i64 {
    cut_offs.iter().zip([5, 4, 3, 2]).find(|(cut_off, _)| reaches(**cut_off)).map_or(1, |(_, score)| score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn measures(recency_days: i64, frequency: i64, monetary_minor: i64) -> Measures {
        Measures { recency_days, frequency, monetary_minor }
    }

    #[test]
    fn bands_by_table() {
        let bands =
            CutOffs { recency: [7, 30, 60, 90], frequency: [50, 20, 10, 3], monetary: [10_000, 5_000, 1_000, 100] };
        for (given, expected) in [
            (measures(0, 60, 20_000), (5, 5, 5)),
            (measures(7, 50, 10_000), (5, 5, 5)),
            (measures(8, 49, 9_999), (4, 4, 4)),
            (measures(60, 10, 1_000), (3, 3, 3)),
            (measures(61, 3, 100), (2, 2, 2)),
            (measures(91, 2, 99), (1, 1, 1)),
            (measures(365, 0, 0), (1, 1, 1)),
        ] {
            let scores = score(given, &bands);
            assert_eq!((scores.recency, scores.frequency, scores.monetary), expected, "{given:?}");
        }
    }

    #[test]
    fn ten_customers_make_five_pairs_and_ties_score_as_the_best() {
        let all: Vec<Measures> = (1..=10).map(|n| measures(n, n, n)).collect();
        let cut_offs = quintiles(&all).unwrap();
        let monetary: Vec<i64> = all.iter().map(|one| score(*one, &cut_offs).monetary).collect();
        assert_eq!(monetary, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
        let recency: Vec<i64> = all.iter().map(|one| score(*one, &cut_offs).recency).collect();
        assert_eq!(recency, [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]);

        let equal = vec![measures(5, 5, 5); 7];
        let cut_offs = quintiles(&equal).unwrap();
        assert!(equal.iter().all(|one| score(*one, &cut_offs).total() == 15), "all are the best");
        assert_eq!(quintiles(&[]), None);
    }

    proptest! {
        /// The definition itself: 5 less the fifths of all customers who are strictly better.
        #[test]
        fn quintiles_are_by_rank(values in prop::collection::vec(0i64..20, 1..60)) {
            let all: Vec<Measures> = values.iter().map(|value| measures(*value, *value, *value)).collect();
            let cut_offs = quintiles(&all).unwrap();
            for one in &all {
                let better = all.iter().filter(|other| other.monetary_minor > one.monetary_minor).count();
                prop_assert_eq!(score(*one, &cut_offs).monetary, 5 - i64::try_from(better * 5 / all.len()).unwrap());
                let sooner = all.iter().filter(|other| other.recency_days < one.recency_days).count();
                prop_assert_eq!(score(*one, &cut_offs).recency, 5 - i64::try_from(sooner * 5 / all.len()).unwrap());
            }
        }
    }
}
