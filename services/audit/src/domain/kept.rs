//! What tables keep of officers' acts beside their records, and what those records say must stand there. A row says nothing that its
//! record does not say, and no record of an act is without its row: so neither a hold that is gone nor one that was invented is
//! believed for longer than a round.

use super::violation::{Kind, Violation};
use std::collections::{BTreeMap, BTreeSet};

/// Bodies that went, as a record of a prune has them counted.
pub(crate) const PRUNED_BODIES: &str = "pruned_body";

/// A row, column by column as text. Columns that hold nothing are left out; people are named by pseudonym, findings by fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its table.
    pub(crate) table: &'static str,
    columns: BTreeMap<&'static str, String>,
}

impl Row {
    /// Of a table.
    #[must_use]
    pub(crate) fn of<const N: usize>(table: &'static str, columns: [(&'static str, Option<String>); N]) -> Self {
        let columns = columns.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect();
        Self { table, columns }
    }

    /// How many bodies went, if it is about bodies that were pruned.
    #[must_use]
    pub(crate) fn pruned(&self) -> Option<u64> {
        let rows = self.columns.get("rows").filter(|_| self.table == PRUNED_BODIES)?;
        rows.parse().ok()
    }

    /// In words, for a finding.
    #[must_use]
    pub(super) fn told(&self) -> String {
        let told = self.columns.iter().map(|(name, value)| format!("{name} {value}"));
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Holds the rows that point to a record to what it says.
pub(crate) fn compare(index: i64, said: Option<&Row>, stored: &[Row], found: &mut Vec<Violation>) {
    let mut tampered = |place: String, expected: &str, actual: &str| {
        found.push(Violation::new(Kind::IndexTampered, place, expected, actual).of_record(index));
    };
    let mut of_it = None;
    for row in stored {
        match said.filter(|said| said.table == row.table && of_it.is_none()) {
            Some(_) => of_it = Some(row),
            None => tampered(row.table.to_owned(), "no such row", &row.told()),
        }
    }
    match (said, of_it) {
        (Some(said), None) => tampered(said.table.to_owned(), &said.told(), "absent"),
        (Some(said), Some(row)) => {
            let names: BTreeSet<_> = said.columns.keys().chain(row.columns.keys()).collect();
            let value = |row: &Row, name: &str| row.columns.get(name).cloned().unwrap_or_else(|| "absent".to_owned());
            for name in names.into_iter().filter(|name| said.columns.get(*name) != row.columns.get(*name)) {
                tampered(format!("{}.{name}", said.table), &value(said, name), &value(row, name));
            }
        }
        (None, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_what_its_record_says_and_there_is_one() {
        let row = |id: &str, reason: Option<&str>| {
            Row::of("hold", [("id", Some(id.to_owned())), ("reason", reason.map(str::to_owned))])
        };
        let said = row("h", Some("A"));
        let other = Row::of("prune", [("id", Some("p".to_owned()))]);
        for (said, stored, places) in [
            (None, vec![], &[][..]),
            (Some(&said), vec![said.clone()], &[]),
            (Some(&said), vec![], &["hold: id h, reason A / absent"]),
            (Some(&said), vec![row("h", Some("B"))], &["hold.reason: A / B"]),
            (Some(&said), vec![row("g", None)], &["hold.id: h / g", "hold.reason: A / absent"]),
            (Some(&said), vec![said.clone(), other.clone()], &["prune: no such row / id p"]),
            (Some(&said), vec![said.clone(), row("g", None)], &["hold: no such row / id g"]),
            (None, vec![other], &["prune: no such row / id p"]),
        ] {
            let mut found = Vec::new();
            compare(7, said, &stored, &mut found);
            let told = |one: &Violation| format!("{}: {} / {}", one.place, one.expected, one.actual);
            assert_eq!(found.iter().map(told).collect::<Vec<_>>(), places);
            assert!(found.iter().all(|one| (one.kind, one.index) == (Kind::IndexTampered, Some(7))));
        }
    }
}
