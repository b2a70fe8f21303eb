//! What officers' acts left in tables, by the records that it points to.

use super::column;
use handsel_storage::{At, Fault, Tx, row};
use uuid::Uuid;

// Words are read as they stand: one that is none is a finding and no fault.
row! {
    /// A case that was opened.
    pub(crate) struct CaseKept {
        pub(crate) id: Uuid,
        pub(crate) reason: String,
        pub(crate) opened_by: String,
        pub(crate) opened_at: At,
        pub(crate) leaf_index: i64,
    }

    /// What was put into one.
    pub(crate) struct EntryKept {
        pub(crate) case_id: Uuid,
        pub(crate) number: i64,
        pub(crate) item: String,
        pub(crate) first_index: Option<i64>,
        pub(crate) end_index: Option<i64>,
        pub(crate) finding: Option<i64>,
        pub(crate) added_by: String,
        pub(crate) added_at: At,
        pub(crate) leaf_index: i64,
    }

    /// How one ended.
    pub(crate) struct ClosingKept {
        pub(crate) case_id: Uuid,
        pub(crate) outcome: String,
        pub(crate) closed_by: String,
        pub(crate) closed_at: At,
        pub(crate) leaf_index: i64,
    }

    /// A hold.
    pub(crate) struct HoldKept {
        pub(crate) id: Uuid,
        pub(crate) case_id: Option<Uuid>,
        pub(crate) scope: String,
        pub(crate) subject: Option<String>,
        pub(crate) token: Option<String>,
        pub(crate) first_index: Option<i64>,
        pub(crate) end_index: Option<i64>,
        pub(crate) source: Option<String>,
        pub(crate) record_type: Option<String>,
        pub(crate) reason: String,
        pub(crate) placed_by: String,
        pub(crate) placed_at: At,
        pub(crate) leaf_index: i64,
    }

    /// A step towards its release.
    pub(crate) struct ReleaseKept {
        pub(crate) hold_id: Uuid,
        pub(crate) step: String,
        pub(crate) person: String,
        pub(crate) released_at: At,
        pub(crate) leaf_index: i64,
    }

    /// What the reward service has answered.
    pub(crate) struct AnswerKept {
        pub(crate) hold_id: Uuid,
        pub(crate) step: String,
        pub(crate) reason: String,
        pub(crate) answered_at: At,
        pub(crate) leaf_index: i64,
    }

    /// A comparison, with the fingerprint of what it found.
    pub(crate) struct ReconciliationKept {
        pub(crate) id: Uuid,
        pub(crate) source: String,
        pub(crate) from_time: At,
        pub(crate) to_time: At,
        pub(crate) outcome: String,
        pub(crate) asked_by: String,
        pub(crate) finding: Option<i64>,
        pub(crate) fingerprint: Option<Vec<u8>>,
        pub(crate) reconciled_at: At,
        pub(crate) leaf_index: i64,
    }

    /// An erasure that was cleared.
    pub(crate) struct ClearanceKept {
        pub(crate) erasure: String,
        pub(crate) leaf_index: i64,
    }

    /// A prune.
    pub(crate) struct PruneKept {
        pub(crate) id: String,
        pub(crate) types: String,
        pub(crate) before_at: At,
        pub(crate) proposer: String,
        pub(crate) proposed_at: At,
        pub(crate) leaf_index: i64,
    }

    /// Who agreed to one.
    pub(crate) struct ConfirmationKept {
        pub(crate) prune_id: String,
        pub(crate) person: String,
        pub(crate) confirmed_at: At,
        pub(crate) leaf_index: i64,
    }
}

/// Everything that officers' acts left beside a run of records.
pub(crate) struct Kept {
    pub(crate) cases: Vec<CaseKept>,
    pub(crate) entries: Vec<EntryKept>,
    pub(crate) closings: Vec<ClosingKept>,
    pub(crate) holds: Vec<HoldKept>,
    pub(crate) releases: Vec<ReleaseKept>,
    pub(crate) answers: Vec<AnswerKept>,
    pub(crate) reconciliations: Vec<ReconciliationKept>,
    pub(crate) clearances: Vec<ClearanceKept>,
    pub(crate) prunes: Vec<PruneKept>,
    pub(crate) confirmations: Vec<ConfirmationKept>,
    /// Records that bodies are said to be pruned by, and how many.
    pub(crate) pruned: Vec<(i64, i64)>,
}

/// What points to the records from `first` to before `end`.
pub(crate) async fn between(tx: &mut Tx, first: u64, end: u64) -> Result<Kept, Fault> {
    let run = (column(first)?, column(end)?);
    Ok(Kept {
        cases: tx
            .all(
                "SELECT id, reason, opened_by, opened_at, leaf_index FROM case_file
                 WHERE leaf_index >= $1 AND leaf_index < $2",
                run,
            )
            .await?,
        entries: tx
            .all(
                "SELECT case_id, number, item, first_index, end_index, finding, added_by, added_at, leaf_index FROM case_entry
                 WHERE leaf_index >= $1 AND leaf_index < $2",
                run,
            )
            .await?,
        closings: tx
            .all(
                "SELECT case_id, outcome, closed_by, closed_at, leaf_index FROM case_closing
                 WHERE leaf_index >= $1 AND leaf_index < $2",
                run,
            )
            .await?,
        holds: tx
            .all(
                "SELECT id, case_id, scope, subject, token, first_index, end_index, source, record_type, reason, placed_by,
                        placed_at, leaf_index FROM hold
                 WHERE leaf_index >= $1 AND leaf_index < $2",
                run,
            )
            .await?,
        releases: tx
            .all(
                "SELECT hold_id, step, person, released_at, leaf_index FROM hold_release
                 WHERE leaf_index >= $1 AND leaf_index < $2",
                run,
            )
            .await?,
        answers: tx
            .all(
                "SELECT hold_id, step, reason, answered_at, leaf_index FROM hold_answer
                 WHERE leaf_index >= $1 AND leaf_index < $2",
                run,
            )
            .await?,
        reconciliations: tx
            .all(
                "SELECT r.id AS id, source, from_time, to_time, outcome, asked_by, r.finding AS finding, fingerprint,
                        reconciled_at, r.leaf_index AS leaf_index
                 FROM reconciliation r LEFT JOIN finding ON finding.number = r.finding
                 WHERE r.leaf_index >= $1 AND r.leaf_index < $2",
                run,
            )
            .await?,
        clearances: tx
            .all("SELECT erasure, leaf_index FROM clearance WHERE leaf_index >= $1 AND leaf_index < $2", run)
            .await?,
        prunes: tx
            .all(
                "SELECT id, types, before_at, proposer, proposed_at, leaf_index FROM prune
                 WHERE leaf_index >= $1 AND leaf_index < $2",
                run,
            )
            .await?,
        confirmations: tx
            .all(
                "SELECT prune_id, person, confirmed_at, leaf_index FROM prune_confirmation
                 WHERE leaf_index >= $1 AND leaf_index < $2",
                run,
            )
            .await?,
        pruned: tx
            .all(
                "SELECT record, COUNT(*) FROM pruned_body WHERE record >= $1 AND record < $2 GROUP BY record",
                run,
            )
            .await?,
    })
}

/// How many rows of each table point to no record of a log of this size.
pub(crate) async fn beyond(tx: &mut Tx, size: u64) -> Result<Vec<(&'static str, i64)>, Fault> {
    let tables = [
        ("case_file", "SELECT COUNT(*) FROM case_file WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("case_entry", "SELECT COUNT(*) FROM case_entry WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("case_closing", "SELECT COUNT(*) FROM case_closing WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("hold", "SELECT COUNT(*) FROM hold WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("hold_release", "SELECT COUNT(*) FROM hold_release WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("hold_answer", "SELECT COUNT(*) FROM hold_answer WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("reconciliation", "SELECT COUNT(*) FROM reconciliation WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("clearance", "SELECT COUNT(*) FROM clearance WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("prune", "SELECT COUNT(*) FROM prune WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("prune_confirmation", "SELECT COUNT(*) FROM prune_confirmation WHERE leaf_index >= $1 OR leaf_index < 0"),
        ("pruned_body", "SELECT COUNT(*) FROM pruned_body WHERE leaf_index >= $1 OR record >= $1 OR leaf_index < 0"),
    ];
    let size = column(size)?;
    let mut found = Vec::with_capacity(tables.len());
    for (table, sql) in tables {
        let (rows,): (i64,) = tx.one(sql, (size,)).await?;
        found.push((table, rows));
    }
    Ok(found)
}
