//! How far each evaluation is, so that a broken one is taken up where it stopped.

use crate::domain::scoring::CutOffs;
use handsel_money::Timestamp;
use handsel_storage::{At, Fault, Tx, row};

row! {
    struct EvaluationRow {
        cut_offs: Vec<u8>,
        total: i64,
        evaluated: i64,
        changed: i64,
        reached: String,
        finished: bool,
    }
}

/// One evaluation of every customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evaluation {
    pub(crate) cut_offs: CutOffs,
    pub(crate) total: i64,
    pub(crate) evaluated: i64,
    pub(crate) changed: i64,
    /// The last customer evaluated; empty before the first.
    pub(crate) reached: String,
    pub(crate) finished: bool,
}

/// The evaluation under a policy as of an instant, if it was begun.
pub(crate) async fn find(tx: &mut Tx, policy: &str, as_of: Timestamp) -> Result<Option<Evaluation>, Fault> {
    let sql = tx.pick(
        "SELECT cut_offs, total, evaluated, changed, reached, finished FROM evaluation
         WHERE policy = $1 AND as_of = $2 FOR UPDATE",
        "SELECT cut_offs, total, evaluated, changed, reached, finished FROM evaluation WHERE policy = $1 AND as_of = $2",
    );
    let row: Option<EvaluationRow> = tx.opt(sql, (policy, At(as_of))).await?;
    row.map(EvaluationRow::evaluation).transpose()
}

/// True if tiers have been evaluated as of a later instant.
pub(crate) async fn any_later(tx: &mut Tx, as_of: Timestamp) -> Result<bool, Fault> {
    let (count,): (i64,) = tx.one("SELECT COUNT(*) FROM evaluation WHERE as_of > $1", (At(as_of),)).await?;
    Ok(count > 0)
}

/// Begins one.
pub(crate) async fn insert(tx: &mut Tx, policy: &str, as_of: Timestamp, evaluation: &Evaluation) -> Result<(), Fault> {
    let cut_offs = serde_json::to_vec(&evaluation.cut_offs).map_err(|error| Fault::Invalid(error.to_string()))?;
    tx.exec(
        "INSERT INTO evaluation (policy, as_of, cut_offs, total, evaluated, changed, reached, finished)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        (
            policy,
            At(as_of),
            cut_offs,
            evaluation.total,
            evaluation.evaluated,
            evaluation.changed,
            evaluation.reached.as_str(),
            evaluation.finished,
        ),
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// Writes how far it is.
pub(crate) async fn update(tx: &mut Tx, policy: &str, as_of: Timestamp, evaluation: &Evaluation) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE evaluation SET evaluated = $3, changed = $4, reached = $5, finished = $6 WHERE policy = $1 AND as_of = $2",
        (
            policy,
            At(as_of),
            evaluation.evaluated,
            evaluation.changed,
            evaluation.reached.as_str(),
            evaluation.finished,
        ),
    )
    .await
}

impl EvaluationRow {
    fn evaluation(self) -> Result<Evaluation, Fault> {
        let Self { cut_offs, total, evaluated, changed, reached, finished } = self;
        let cut_offs = serde_json::from_slice(&cut_offs).map_err(|error| Fault::Invalid(error.to_string()))?;
        Ok(Evaluation { cut_offs, total, evaluated, changed, reached, finished })
    }
}
