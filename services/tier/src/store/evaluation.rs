//! Evaluations: what each goes by, and how far it is, so that a broken one is taken up where it stopped.

use crate::domain::evaluation::{Evaluation, Others};
use crate::domain::scoring::CutOffs;
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Lock, LockTable, Tx, row};

static TURN: LockTable =
    LockTable { table: "evaluation_turn", sql: "SELECT 1 FROM evaluation_turn WHERE id = $1 FOR UPDATE" };

row! {
    struct EvaluationRow {
        policy: String,
        as_of: At,
        cut_offs: Vec<u8>,
        total: i64,
        evaluated: i64,
        changed: i64,
        reached: String,
    }
    struct UnfinishedRow {
        policy: String,
        as_of: At,
    }
}

/// The turn to begin an evaluation or to go on with it: one at a time, among all processes.
pub(crate) fn turn() -> Lock {
    Lock::new(&TURN, 1)
}

/// The evaluation under a policy as of an instant, if it was begun.
pub(crate) async fn find(tx: &mut Tx, policy: &str, as_of: Timestamp) -> Result<Option<Evaluation>, Fault> {
    let row: Option<EvaluationRow> = tx
        .opt(
            "SELECT policy, as_of, cut_offs, total, evaluated, changed, reached FROM evaluation
             WHERE as_of = $2 AND policy = $1",
            (policy, At(as_of)),
        )
        .await?;
    row.map(EvaluationRow::evaluation).transpose()
}

/// What stands in the way of a new one as of an instant.
pub(crate) async fn others(tx: &mut Tx, as_of: Timestamp) -> Result<Others, Fault> {
    let later: Option<(i32,)> = tx.opt("SELECT 1 FROM evaluation WHERE as_of >= $1 LIMIT 1", (At(as_of),)).await?;
    let unfinished: Option<UnfinishedRow> =
        tx.opt("SELECT policy, as_of FROM evaluation WHERE NOT finished", ()).await?;
    Ok(Others {
        same_or_later: later.is_some(),
        unfinished: unfinished.map(|UnfinishedRow { policy, as_of }| (policy, as_of.0)),
    })
}

/// Begins one.
pub(crate) async fn insert(tx: &mut Tx, evaluation: &Evaluation) -> Result<(), Fault> {
    let Evaluation { policy, as_of, cut_offs, total, evaluated, changed, reached } = evaluation;
    let cut_offs = serde_json::to_vec(cut_offs).map_err(|error| Fault::Invalid(error.to_string()))?;
    tx.exec(
        "INSERT INTO evaluation (policy, as_of, cut_offs, total, evaluated, changed, reached, finished)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        (
            policy.as_str(),
            At(*as_of),
            cut_offs,
            *total,
            *evaluated,
            *changed,
            reached.as_str(),
            evaluation.is_finished(),
        ),
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// Writes how far it is.
pub(crate) async fn update(tx: &mut Tx, evaluation: &Evaluation) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE evaluation SET evaluated = $2, changed = $3, reached = $4, finished = $5 WHERE as_of = $1",
        (
            At(evaluation.as_of),
            evaluation.evaluated,
            evaluation.changed,
            evaluation.reached.as_str(),
            evaluation.is_finished(),
        ),
    )
    .await
}

impl EvaluationRow {
    fn evaluation(self) -> Result<Evaluation, Fault> {
        let Self { policy, as_of, cut_offs, total, evaluated, changed, reached } = self;
        let cut_offs: CutOffs = serde_json::from_slice(&cut_offs).map_err(|error| Fault::Invalid(error.to_string()))?;
        Ok(Evaluation { policy, as_of: as_of.0, cut_offs, total, evaluated, changed, reached })
    }
}
