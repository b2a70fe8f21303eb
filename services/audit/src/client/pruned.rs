//! What a record of a prune says: which bodies went, each by its place. Read by the scrubber, and by whoever checks an export.

use crate::tlog::body_digest;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The log's own source, and the type of its records of prunes.
const OWN_SOURCE: &str = "audit/audit";
/// See [`OWN_SOURCE`].
const PRUNED: &str = "bodies.pruned";

/// What one record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PruneSaid {
    /// The type of the statements.
    pub(crate) kind: String,
    /// First and last of each run of places.
    pub(crate) runs: Vec<[u64; 2]>,
}

impl PruneSaid {
    /// How many bodies went.
    #[must_use]
    pub(crate) fn bodies(&self) -> u64 {
        self.runs.iter().map(|[first, last]| last.saturating_sub(*first).saturating_add(1)).sum()
    }
}

/// Bodies that went, or are not there, by type of statement.
pub(crate) type Places = BTreeMap<String, Vec<[u64; 2]>>;

#[derive(Deserialize)]
struct Body {
    count: u64,
    runs: Vec<[u64; 2]>,
}

/// Whether a statement is a record of a prune.
pub(crate) fn is_prune(statement: &Value) -> bool {
    let text = |field: &str| statement.get(field).and_then(Value::as_str);
    text("type") == Some(PRUNED) && text("source") == Some(OWN_SOURCE)
}

/// Reads a record of a prune: it must be the log's own, its body the one that it commits to, its runs in order, all before itself, and
/// as many as it says.
pub(crate) fn read(index: u64, statement: &Value, salt: &[u8], body: &[u8]) -> Option<PruneSaid> {
    let digest = statement.pointer("/body/digest").and_then(Value::as_str)?;
    if !is_prune(statement) || salt.len() != 32 || body_digest(salt, body).to_string() != digest {
        return None;
    }
    let kind = statement.get("subjects")?.as_array()?.iter().find_map(|name| name.as_str()?.strip_prefix("types/"))?;
    let Body { count, runs } = serde_json::from_slice(body).ok()?;
    let (mut behind, mut counted) = (0_u64, 0_u64);
    for [first, last] in &runs {
        if *first < behind || last < first || *last >= index {
            return None;
        }
        behind = last.checked_add(1)?;
        counted = counted.checked_add(last.checked_sub(*first)?.checked_add(1)?)?;
    }
    (counted == count).then(|| PruneSaid { kind: kind.to_owned(), runs })
}

/// Adds a place to those of a type: places come in order.
pub(crate) fn add(places: &mut Places, kind: &str, index: u64) {
    let runs = places.entry(kind.to_owned()).or_default();
    match runs.last_mut() {
        Some([_, last]) if last.checked_add(1) == Some(index) => *last = index,
        _ => runs.push([index, index]),
    }
}

/// The first place that is not among those that are explained.
pub(crate) fn unexplained(absent: &Places, explained: Places) -> Option<u64> {
    let explained: Places = explained.into_iter().map(|(kind, runs)| (kind, merged(runs))).collect();
    let nothing = Vec::new();
    let mut found = Vec::new();
    for (kind, runs) in absent {
        let explained = explained.get(kind).unwrap_or(&nothing);
        for [first, last] in runs {
            let at = explained.partition_point(|[start, _]| start <= first);
            let end = at.checked_sub(1).and_then(|at| explained.get(at)).map_or(0, |[_, end]| *end);
            if at == 0 || end < *first {
                found.push(*first);
            } else if end < *last {
                found.push(end.saturating_add(1));
            }
        }
    }
    found.into_iter().min()
}

fn merged(mut runs: Vec<[u64; 2]>) -> Vec<[u64; 2]> {
    runs.sort_unstable();
    let mut merged: Vec<[u64; 2]> = Vec::with_capacity(runs.len());
    for [first, last] in runs {
        match merged.last_mut() {
            Some([_, end]) if first <= end.saturating_add(1) => *end = (*end).max(last),
            _ => merged.push([first, last]),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(runs: &[[u64; 2]]) -> Places {
        Places::from([("a.b".to_owned(), runs.to_vec())])
    }

    #[test]
    fn what_is_absent_is_explained_place_by_place() {
        for (absent, explained, first) in [
            (&[][..], &[][..], None),
            (&[[3, 5]], &[], Some(3)),
            (&[[3, 5]], &[[3, 5]], None),
            (&[[3, 5]], &[[5, 5], [3, 4]], None),
            (&[[3, 5]], &[[3, 4]], Some(5)),
            (&[[3, 5]], &[[4, 9]], Some(3)),
            (&[[3, 5], [7, 7]], &[[0, 5]], Some(7)),
        ] {
            assert_eq!(unexplained(&places(absent), places(explained)), first, "{absent:?} {explained:?}");
        }
        let other = Places::from([("a.c".to_owned(), vec![[3, 5]])]);
        assert_eq!(unexplained(&places(&[[3, 5]]), other), Some(3), "of another type");
    }

    #[test]
    fn places_come_together() {
        let mut places = Places::new();
        for index in [1, 2, 4, 5, 6] {
            add(&mut places, "a.b", index);
        }
        assert_eq!(places["a.b"], [[1, 2], [4, 6]]);
    }
}
