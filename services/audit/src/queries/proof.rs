//! Proofs, made of tiles as they lie in storage.

use crate::{
    store,
    tlog::{Hash, Question, TreeError},
};
use handsel_storage::{Db, Fault, Tx};
use thiserror::Error;

/// Why there is no proof.
#[derive(Debug, Error)]
pub(crate) enum ProofError {
    /// The tree was asked for what it has not, or storage does not hold what the tree needs.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Storage does not answer.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The answer to a question about the log's tree. The caller has seen to it that the log has such a tree.
pub(crate) async fn answer(db: &Db, question: Question) -> Result<Vec<Hash>, ProofError> {
    answer_in(&mut db.read().await?, question).await
}

/// The same within a snapshot.
pub(super) async fn answer_in(tx: &mut Tx, question: Question) -> Result<Vec<Hash>, ProofError> {
    let tiles = store::tile::load(tx, &question.needs()?).await?;
    Ok(question.answer(&tiles)?)
}

/// The root of the log when it had this size.
pub(crate) async fn root(db: &Db, size: u64) -> Result<Hash, ProofError> {
    root_in(&mut db.read().await?, size).await
}

/// The same within a snapshot.
pub(super) async fn root_in(tx: &mut Tx, size: u64) -> Result<Hash, ProofError> {
    let answer = answer_in(tx, Question::Root { size }).await?;
    Ok(answer.first().copied().unwrap_or_else(Hash::of_nothing))
}

/// That the tree of `from` leaves is the beginning of the tree of `to`; empty where that needs no proof.
pub(super) async fn extends_in(tx: &mut Tx, from: u64, to: u64) -> Result<Vec<Hash>, ProofError> {
    if from == 0 || from == to { Ok(Vec::new()) } else { answer_in(tx, Question::Consistency { from, to }).await }
}
