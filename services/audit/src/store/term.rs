//! The index of what statements say: pages of runs, and how many bundles of 256 leaves they tell of.

use super::column;
use crate::domain::{
    run::{Entry, Next, Page, newest_first},
    term::Term,
};
use handsel_storage::{Column, Fault, Tx, row};
use std::{collections::BTreeSet, ops::Range};

/// Pages that one statement reads at most: all that a log of fifteen million records has of one term.
const PROBES: usize = 256;

row! {
    struct PageRow {
        run: i64,
        first_term: i64,
        content: Vec<u8>,
    }
}

impl PageRow {
    fn entries(self) -> Result<Vec<Entry>, Fault> {
        let Self { run, first_term, content } = self;
        let unreadable =
            || Fault::Invalid(format!("run {run} of the search's index cannot be read: set its position to 0"));
        let first = Term(u32::try_from(first_term).map_err(|_| unreadable())?);
        Page { run: run.cast_unsigned(), first, content }.entries().ok_or_else(unreadable)
    }
}

/// The first bundle that no run tells of, its row locked: runs stay as they are until the transaction ends.
pub(crate) async fn position(tx: &mut Tx) -> Result<u64, Fault> {
    let sql = tx.pick(
        "SELECT next_bundle FROM record_term_position WHERE id = 1 FOR UPDATE",
        "SELECT next_bundle FROM record_term_position WHERE id = 1",
    );
    let (next,): (i64,) = tx.one(sql, ()).await?;
    Ok(next.cast_unsigned())
}

/// The same, for a reader of one moment.
pub(crate) async fn seen(tx: &mut Tx) -> Result<u64, Fault> {
    let (next,): (i64,) = tx.one("SELECT next_bundle FROM record_term_position WHERE id = 1", ()).await?;
    Ok(next.cast_unsigned())
}

/// Adds a run, in place of those that it takes in.
pub(crate) async fn add(tx: &mut Tx, next: Next, pages: &[Page]) -> Result<(), Fault> {
    let (first, end) = (column(next.first)?, column(next.end)?);
    tx.exec("DELETE FROM record_term_page WHERE run >= $1 AND run < $2", (first, end)).await?;
    let terms = pages.iter().map(|page| i64::from(page.first.0)).collect();
    let contents = pages.iter().map(|page| page.content.clone()).collect();
    tx.bulk(
        "INSERT INTO record_term_page (run, first_term, content) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BYTEA[])",
        "INSERT INTO record_term_page (run, first_term, content) VALUES ($1, $2, $3)",
        vec![Column::Int(vec![first; pages.len()]), Column::Int(terms), Column::Bytes(contents)],
    )
    .await?;
    tx.exec_one("UPDATE record_term_position SET next_bundle = $1 WHERE id = 1", (end,)).await
}

/// Everything that the runs of some bundles tell, run by run.
pub(crate) async fn entries(tx: &mut Tx, bundles: Range<u64>) -> Result<Vec<Entry>, Fault> {
    let sql =
        "SELECT run, first_term, content FROM record_term_page WHERE run >= $1 AND run < $2 ORDER BY run, first_term";
    let rows: Vec<PageRow> = tx.all(sql, (column(bundles.start)?, column(bundles.end)?)).await?;
    let mut entries = Vec::new();
    for row in rows {
        entries.extend(row.entries()?);
    }
    Ok(entries)
}

/// The last bundles, at most `limit`, up to `last` in which one of the terms is said, as far as the runs before `seen` tell.
pub(crate) async fn bundles(
    tx: &mut Tx,
    seen: u64,
    terms: &BTreeSet<Term>,
    last: u64,
    limit: usize,
) -> Result<BTreeSet<u64>, Fault> {
    let runs: Vec<u64> = newest_first(seen).into_iter().filter(|run| *run <= last).collect();
    let at_once = PROBES.checked_div(terms.len()).unwrap_or(PROBES).max(1);
    let mut found = BTreeSet::new();
    for runs in runs.chunks(at_once) {
        if found.len() >= limit {
            break;
        }
        let told = told(tx, runs, terms).await?;
        found.extend(told.into_iter().filter(|(term, _)| terms.contains(term)).map(|(_, bundle)| bundle));
        found = found.into_iter().rev().skip_while(|bundle| *bundle > last).take(limit).collect();
    }
    Ok(found)
}

/// What runs tell in the pages in which terms stand, if they do: of each run the last page that begins at or before the term.
async fn told(tx: &mut Tx, runs: &[u64], terms: &BTreeSet<Term>) -> Result<Vec<Entry>, Fault> {
    let (mut wanted_runs, mut wanted_terms) = (Vec::new(), Vec::new());
    for run in runs {
        for term in terms {
            wanted_runs.push(column(*run)?);
            wanted_terms.push(i64::from(term.0));
        }
    }
    let rows: Vec<PageRow> = tx
        .all_by(
            "SELECT page.run, page.first_term, page.content
             FROM unnest($1::BIGINT[], $2::BIGINT[]) AS wanted (run, term)
             CROSS JOIN LATERAL (
                 SELECT run, first_term, content FROM record_term_page
                 WHERE run = wanted.run AND first_term <= wanted.term ORDER BY first_term DESC LIMIT 1
             ) AS page",
            "SELECT run, first_term, content FROM record_term_page
             WHERE run = $1 AND first_term <= $2 ORDER BY first_term DESC LIMIT 1",
            vec![Column::Int(wanted_runs), Column::Int(wanted_terms)],
        )
        .await?;
    let mut entries = Vec::new();
    for row in rows {
        entries.extend(row.entries()?);
    }
    Ok(entries)
}
