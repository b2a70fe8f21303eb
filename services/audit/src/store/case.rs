//! Cases, what was put into them, and how they ended.

use super::column;
use crate::domain::{
    case::{Case, Entry, Item, State},
    hold::Step,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row, text_enum};
use uuid::Uuid;

text_enum! {
    enum ItemWord { Records = "RECORDS", Finding = "FINDING", Note = "NOTE" }
}

row! {
    struct CaseRow {
        id: Uuid,
        reason: String,
        opened_by: String,
        opened_at: At,
        leaf_index: i64,
        outcome: Option<String>,
        closed_by: Option<String>,
        closed_at: Option<At>,
        entries: i64,
        holds: i64,
    }

    struct EntryRow {
        number: i64,
        item: ItemWord,
        first_index: Option<i64>,
        end_index: Option<i64>,
        finding: Option<i64>,
        added_by: String,
        added_at: At,
        leaf_index: i64,
    }
}

/// Adds a case.
pub(crate) async fn insert(tx: &mut Tx, case: &Case) -> Result<(), Fault> {
    tx.exec_one(
        "INSERT INTO case_file (id, reason, opened_by, opened_at, leaf_index) VALUES ($1, $2, $3, $4, $5)",
        (case.id, case.reason.as_str(), case.opened.by.as_str(), At(case.opened.at), case.index),
    )
    .await
}

/// Adds what was put into a case.
pub(crate) async fn add_entry(tx: &mut Tx, case: Uuid, entry: &Entry) -> Result<(), Fault> {
    let (word, first, end, finding) = match entry.item {
        Item::Records { first, end } => (ItemWord::Records, Some(column(first)?), Some(column(end)?), None),
        Item::Finding(number) => (ItemWord::Finding, None, None, Some(number)),
        Item::Note => (ItemWord::Note, None, None, None),
    };
    tx.exec_one(
        "INSERT INTO case_entry (case_id, number, item, first_index, end_index, finding, added_by, added_at, leaf_index)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        (case, entry.number, word, first, end, finding, entry.added.by.as_str(), At(entry.added.at), entry.index),
    )
    .await
    .map_err(Fault::unique_is_race)
}

/// Adds how a case ended.
pub(crate) async fn close(tx: &mut Tx, case: Uuid, outcome: &str, closed: &Step, index: i64) -> Result<(), Fault> {
    tx.exec_one(
        "INSERT INTO case_closing (case_id, outcome, closed_by, closed_at, leaf_index) VALUES ($1, $2, $3, $4, $5)",
        (case, outcome, closed.by.as_str(), At(closed.at), index),
    )
    .await
    .map_err(Fault::unique_is_race)
}

/// One case.
pub(crate) async fn load(tx: &mut Tx, id: Uuid) -> Result<Option<Case>, Fault> {
    let row: Option<CaseRow> = tx
        .opt(
            "SELECT f.id, f.reason, f.opened_by, f.opened_at, f.leaf_index, c.outcome, c.closed_by, c.closed_at,
                    (SELECT COUNT(*) FROM case_entry e WHERE e.case_id = f.id) AS entries,
                    (SELECT COUNT(*) FROM hold h WHERE h.case_id = f.id AND NOT EXISTS (
                        SELECT 1 FROM hold_release r WHERE r.hold_id = h.id AND r.step = 'CONFIRMED')) AS holds
             FROM case_file f LEFT JOIN case_closing c ON c.case_id = f.id WHERE f.id = $1",
            (id,),
        )
        .await?;
    row.map(CaseRow::restore).transpose()
}

/// Which cases are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// All.
    All,
    /// Those that are not closed.
    Open,
}

/// At most `most` cases opened before a position, the newest first.
pub(crate) async fn page(
    tx: &mut Tx,
    which: Which,
    before: Option<(Timestamp, Uuid)>,
    most: i64,
) -> Result<Vec<Case>, Fault> {
    let (at, id) = before.map(|(at, id)| (At(at), id)).unzip();
    let rows: Vec<CaseRow> = tx
        .all(
            "SELECT f.id, f.reason, f.opened_by, f.opened_at, f.leaf_index, c.outcome, c.closed_by, c.closed_at,
                    (SELECT COUNT(*) FROM case_entry e WHERE e.case_id = f.id) AS entries,
                    (SELECT COUNT(*) FROM hold h WHERE h.case_id = f.id AND NOT EXISTS (
                        SELECT 1 FROM hold_release r WHERE r.hold_id = h.id AND r.step = 'CONFIRMED')) AS holds
             FROM case_file f LEFT JOIN case_closing c ON c.case_id = f.id
             WHERE (NOT $1 OR c.outcome IS NULL) AND ($2 IS NULL OR (f.opened_at, f.id) < ($2, $3))
             ORDER BY f.opened_at DESC, f.id DESC LIMIT $4",
            (which == Which::Open, at, id, most),
        )
        .await?;
    rows.into_iter().map(CaseRow::restore).collect()
}

/// At most `most` entries of a case after a number, in order.
pub(crate) async fn entries(tx: &mut Tx, case: Uuid, after: i64, most: i64) -> Result<Vec<Entry>, Fault> {
    let rows: Vec<EntryRow> = tx
        .all(
            "SELECT number, item, first_index, end_index, finding, added_by, added_at, leaf_index FROM case_entry
             WHERE case_id = $1 AND number > $2 ORDER BY number LIMIT $3",
            (case, after, most),
        )
        .await?;
    rows.into_iter().map(EntryRow::restore).collect()
}

impl CaseRow {
    fn restore(self) -> Result<Case, Fault> {
        let Self { id, reason, opened_by, opened_at, leaf_index, outcome, closed_by, closed_at, entries, holds } = self;
        let state = match (outcome, closed_by, closed_at) {
            (None, None, None) => State::Open,
            (Some(outcome), Some(by), Some(at)) => State::Closed { outcome, closed: Step { by, at: at.0 } },
            _ => return Err(Fault::Invalid(format!("case {id} is not one"))),
        };
        let opened = Step { by: opened_by, at: opened_at.0 };
        Ok(Case { id, reason, opened, index: leaf_index, state, entries, holds })
    }
}

impl EntryRow {
    fn restore(self) -> Result<Entry, Fault> {
        let Self { number, item, first_index, end_index, finding, added_by, added_at, leaf_index } = self;
        let item = match (item, first_index.zip(end_index), finding) {
            (ItemWord::Records, Some((first, end)), None) => {
                Item::Records { first: first.cast_unsigned(), end: end.cast_unsigned() }
            }
            (ItemWord::Finding, None, Some(finding)) => Item::Finding(finding),
            (ItemWord::Note, None, None) => Item::Note,
            _ => return Err(Fault::Invalid(format!("an entry of a case at record {leaf_index} is not one"))),
        };
        Ok(Entry { number, item, added: Step { by: added_by, at: added_at.0 }, index: leaf_index })
    }
}
