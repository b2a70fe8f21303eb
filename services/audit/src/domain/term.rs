//! Terms: what a statement says in one field, as a number that an index holds. Two texts may share a number: an index narrows, and
//! the filter decides. Of ten million records with three subjects each, one in 150 searches meets one.

use crate::{filter::RecordFilter, tlog::Hash};
use serde_json::Value;
use std::collections::BTreeSet;

/// The first four bytes of a digest of a field and what is said in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term(pub(crate) u32);

/// The terms of a statement.
pub(crate) fn of_statement(statement: &Value) -> BTreeSet<Term> {
    let text = |path: &str| statement.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let kind = text("/type");
    let families = kind.match_indices('.').filter_map(|(dot, _)| kind.get(..=dot));
    let subjects = statement.get("subjects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let subjects = subjects.iter().filter_map(Value::as_str);
    let mut terms: BTreeSet<Term> = families.chain([kind]).map(|kind| term("type", kind)).collect();
    terms.extend(subjects.map(|subject| term("subject", subject)));
    terms.insert(term("source", text("/source")));
    terms.insert(term("staff", text("/actor/staff")));
    terms.insert(term("day", day_of(text("/time"))));
    terms
}

/// The term that every statement dated on this day has: `2026-11-22…`, by its source's time.
pub(crate) fn of_day(time: &str) -> Term {
    term("day", day_of(time))
}

fn day_of(time: &str) -> &str {
    time.get(.."2026-11-22".len()).unwrap_or_default()
}

/// Terms of which each record that a filter asks for has one at least, of the part that narrows most; none if no part is indexed.
pub(crate) fn of_filter(filter: &RecordFilter) -> BTreeSet<Term> {
    let parts =
        [("subject", &filter.subjects), ("staff", &filter.staff), ("type", &filter.types), ("source", &filter.sources)];
    let narrowest = parts.into_iter().find(|(_, wanted)| !wanted.is_empty());
    narrowest.map(|(field, wanted)| wanted.iter().map(|text| term(field, text)).collect()).unwrap_or_default()
}

/// The term of every statement that is about this.
pub(crate) fn of_subject(subject: &str) -> Term {
    term("subject", subject)
}

fn term(field: &str, text: &str) -> Term {
    let digest = Hash::of(format!("{field}\0{text}").as_bytes());
    let (first, _) = digest.as_bytes().split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    Term(u32::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_record_that_a_filter_asks_for_has_one_of_its_terms() {
        let statement = json!({
            "type": "reward.payout.settled", "source": "reward/audit", "actor": { "staff": "s" }, "subjects": ["a", "b"],
        });
        let terms = of_statement(&statement);
        let texts = |text: &str| vec![text.to_owned()];
        for filter in [
            RecordFilter { types: texts("reward."), ..RecordFilter::default() },
            RecordFilter { types: texts("reward.payout."), ..RecordFilter::default() },
            RecordFilter { types: texts("reward.payout.settled"), ..RecordFilter::default() },
            RecordFilter { subjects: texts("b"), types: texts("x"), ..RecordFilter::default() },
            RecordFilter { staff: texts("s"), ..RecordFilter::default() },
            RecordFilter { sources: texts("reward/audit"), ..RecordFilter::default() },
        ] {
            assert!(of_filter(&filter).iter().any(|term| terms.contains(term)), "{filter:?}");
        }
        assert!(of_filter(&RecordFilter { outcomes: texts("success"), ..RecordFilter::default() }).is_empty());
    }
}
