//! What was found wrong, and what people decided about it.

use crate::domain::{
    decision::{Decided, Finding},
    violation::{Consequence, Kind, Violation},
};
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row, text_enum};

text_enum! { for Kind {
    LeafTampered = "LEAF_TAMPERED", LeafMissing = "LEAF_MISSING", LeafBeyond = "LEAF_BEYOND",
    BodyTampered = "BODY_TAMPERED", BodyMissing = "BODY_MISSING", TileTampered = "TILE_TAMPERED",
    RootMismatch = "ROOT_MISMATCH", HeadTampered = "HEAD_TAMPERED", CheckpointForged = "CHECKPOINT_FORGED",
    CosignatureForged = "COSIGNATURE_FORGED", Fork = "FORK", Rollback = "ROLLBACK", IndexTampered = "INDEX_TAMPERED",
    SequenceBroken = "SEQUENCE_BROKEN", StatementsLost = "STATEMENTS_LOST", ClockFault = "CLOCK_FAULT",
    LedgerMismatch = "LEDGER_MISMATCH",
} }

row! {
    struct FindingRow {
        number: i64,
        kind: Kind,
        leaf_index: Option<i64>,
        place: String,
        expected: String,
        actual: String,
        checkpoints: String,
        found_at: At,
    }

    struct DecisionRow {
        person: String,
        comment: String,
        decided_at: At,
    }
}

/// The finding that this violation is, if it was found before.
pub(crate) async fn known(tx: &mut Tx, violation: &Violation) -> Result<Option<i64>, Fault> {
    let sql = "SELECT number FROM finding WHERE fingerprint = $1";
    let row: Option<(i64,)> = tx.opt(sql, (violation.fingerprint().to_vec(),)).await?;
    Ok(row.map(|(number,)| number))
}

/// Adds a finding under the next number, which it returns. The caller holds the sequencer's lock.
pub(crate) async fn add(tx: &mut Tx, violation: &Violation, now: Timestamp) -> Result<i64, Fault> {
    let (last,): (i64,) = tx.one("SELECT COALESCE(MAX(number), 0) FROM finding", ()).await?;
    let number = last.saturating_add(1);
    let freezes = violation.kind.consequence() == Consequence::Freeze;
    let checkpoints =
        serde_json::to_string(&violation.checkpoints).map_err(|error| Fault::Invalid(error.to_string()))?;
    tx.exec(
        "INSERT INTO finding (number, fingerprint, kind, leaf_index, place, expected, actual, checkpoints, freezes, found_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        (
            number,
            violation.fingerprint().to_vec(),
            violation.kind,
            violation.index,
            violation.place.as_str(),
            violation.expected.as_str(),
            violation.actual.as_str(),
            checkpoints,
            freezes,
            At(now),
        ),
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(number)
}

/// Whether something was found that nobody may append over: two people have not yet resumed over it.
pub(crate) async fn frozen(tx: &mut Tx) -> Result<bool, Fault> {
    let sql = tx.pick(
        "SELECT number FROM finding WHERE freezes
         AND (SELECT COUNT(*) FROM decision WHERE decision.finding = finding.number) < 2 LIMIT 1",
        "SELECT number FROM finding WHERE freezes
         AND (SELECT COUNT(*) FROM decision WHERE decision.finding = finding.number) < 2 LIMIT 1",
    );
    Ok(tx.opt::<(i64,)>(sql, ()).await?.is_some())
}

/// A finding with what was decided about it.
pub(crate) async fn load(tx: &mut Tx, number: i64) -> Result<Option<Finding>, Fault> {
    let sql = "SELECT number, kind, leaf_index, place, expected, actual, checkpoints, found_at FROM finding WHERE number = $1";
    match tx.opt(sql, (number,)).await? {
        Some(row) => Ok(Some(whole(tx, row).await?)),
        None => Ok(None),
    }
}

/// At most `most` findings below a number, the newest first.
pub(crate) async fn below(tx: &mut Tx, number: i64, open_only: bool, most: i64) -> Result<Vec<Finding>, Fault> {
    let rows: Vec<FindingRow> = tx
        .all(
            "SELECT number, kind, leaf_index, place, expected, actual, checkpoints, found_at FROM finding
             WHERE number < $1 AND (NOT $2
                OR (SELECT COUNT(*) FROM decision WHERE decision.finding = finding.number) < CASE WHEN freezes THEN 2 ELSE 1 END)
             ORDER BY number DESC LIMIT $3",
            (number, open_only, most),
        )
        .await?;
    let mut findings = Vec::with_capacity(rows.len());
    for row in rows {
        findings.push(whole(tx, row).await?);
    }
    Ok(findings)
}

/// Adds what a person decided.
pub(crate) async fn add_decision(tx: &mut Tx, finding: i64, decided: &Decided) -> Result<(), Fault> {
    let Decided { person, comment, at } = decided;
    tx.exec(
        "INSERT INTO decision (finding, person, comment, decided_at) VALUES ($1, $2, $3, $4)",
        (finding, person.as_str(), comment.as_str(), At(*at)),
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

async fn whole(tx: &mut Tx, row: FindingRow) -> Result<Finding, Fault> {
    let FindingRow { number, kind, leaf_index, place, expected, actual, checkpoints, found_at } = row;
    let sql = "SELECT person, comment, decided_at FROM decision WHERE finding = $1 ORDER BY decided_at, person";
    let decisions: Vec<DecisionRow> = tx.all(sql, (number,)).await?;
    let checkpoints = serde_json::from_str(&checkpoints).map_err(|error| Fault::Invalid(error.to_string()))?;
    Ok(Finding {
        number,
        violation: Violation { kind, index: leaf_index, place, expected, actual, checkpoints },
        found_at: found_at.0,
        decisions: decisions
            .into_iter()
            .map(|DecisionRow { person, comment, decided_at }| Decided { person, comment, at: decided_at.0 })
            .collect(),
    })
}
