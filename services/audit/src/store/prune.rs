//! Prunes, how far they are, and the bodies that went.

use super::{
    column,
    leaf::LeafRow,
    unpacked::{BodyBytes, LeafBytes},
};
use crate::domain::{
    hold::Step,
    prune::{Progress, Prune},
};
use handsel_storage::{At, Column, Fault, Tx, row};

row! {
    struct PruneRow {
        id: String,
        types: String,
        before_at: At,
        proposer: String,
        proposed_at: At,
        person: Option<String>,
        confirmed_at: Option<At>,
        next_index: Option<i64>,
        pruned: Option<i64>,
        held: Option<i64>,
        done: Option<bool>,
    }

    /// A record of a prune, with its body.
    pub(crate) struct RecordOfPrune {
        pub(crate) content: LeafBytes,
        pub(crate) body: Option<BodyBytes>,
        pub(crate) salt: Option<Vec<u8>>,
    }
}

impl PruneRow {
    fn prune(self) -> Result<Prune, Fault> {
        let types = serde_json::from_str(&self.types).map_err(|error| Fault::Invalid(error.to_string()))?;
        let confirmed = self.person.zip(self.confirmed_at).map(|(by, at)| Step { by, at: at.0 });
        let progress = Progress {
            next: self.next_index.unwrap_or(0).cast_unsigned(),
            pruned: self.pruned.unwrap_or(0),
            held: self.held.unwrap_or(0),
            done: self.done.unwrap_or(false),
        };
        let proposed = Step { by: self.proposer, at: self.proposed_at.0 };
        Ok(Prune { id: self.id, types, before: self.before_at.0, proposed, confirmed, progress })
    }
}

/// One prune.
pub(crate) async fn load(tx: &mut Tx, id: &str) -> Result<Option<Prune>, Fault> {
    let row: Option<PruneRow> = tx
        .opt(
            "SELECT p.id, p.types, p.before_at, p.proposer, p.proposed_at, c.person, c.confirmed_at, g.next_index, g.pruned,
                    g.held, g.done
             FROM prune p LEFT JOIN prune_confirmation c ON c.prune_id = p.id
             LEFT JOIN prune_progress g ON g.prune_id = p.id WHERE p.id = $1",
            (id,),
        )
        .await?;
    row.map(PruneRow::prune).transpose()
}

/// Adds one, with the record of it.
pub(crate) async fn insert(tx: &mut Tx, prune: &Prune, index: i64) -> Result<(), Fault> {
    let types = serde_json::to_string(&prune.types).map_err(|error| Fault::Invalid(error.to_string()))?;
    tx.exec_one(
        "INSERT INTO prune (id, types, before_at, proposer, proposed_at, leaf_index) VALUES ($1, $2, $3, $4, $5, $6)",
        (prune.id.as_str(), types, At(prune.before), prune.proposed.by.as_str(), At(prune.proposed.at), index),
    )
    .await
}

/// A second person has agreed, with the record of that: it begins.
pub(crate) async fn confirm(tx: &mut Tx, id: &str, step: &Step, index: i64) -> Result<(), Fault> {
    tx.exec_one(
        "INSERT INTO prune_confirmation (prune_id, person, confirmed_at, leaf_index) VALUES ($1, $2, $3, $4)",
        (id, step.by.as_str(), At(step.at), index),
    )
    .await?;
    tx.exec_one(
        "INSERT INTO prune_progress (prune_id, next_index, pruned, held, done) VALUES ($1, 0, 0, 0, FALSE)",
        (id,),
    )
    .await
}

/// Those that are under way.
pub(crate) async fn under_way(tx: &mut Tx) -> Result<Vec<String>, Fault> {
    let sql = "SELECT prune_id FROM prune_progress WHERE NOT done ORDER BY prune_id";
    let rows: Vec<(String,)> = tx.all(sql, ()).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// How many bodies each prune says that it has pruned.
pub(crate) async fn counts(tx: &mut Tx) -> Result<Vec<(String, i64)>, Fault> {
    tx.all("SELECT prune_id, pruned FROM prune_progress ORDER BY prune_id", ()).await
}

/// Keeps how far one is.
pub(crate) async fn keep(tx: &mut Tx, id: &str, progress: Progress) -> Result<(), Fault> {
    let Progress { next, pruned, held, done } = progress;
    tx.exec_one(
        "UPDATE prune_progress SET next_index = $2, pruned = $3, held = $4, done = $5 WHERE prune_id = $1",
        (id, column(next)?, pruned, held, done),
    )
    .await
}

/// The leaves from `first` to before `end` that have a body, in order.
pub(crate) async fn with_bodies(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<LeafRow>, Fault> {
    tx.all(
        "SELECT leaf.leaf_index AS leaf_index, leaf.content AS content
         FROM leaf JOIN body ON body.leaf_index = leaf.leaf_index AND body.leaf_index >= $1 AND body.leaf_index < $2
         WHERE leaf.leaf_index >= $1 AND leaf.leaf_index < $2 ORDER BY leaf.leaf_index",
        (column(first)?, column(end)?),
    )
    .await
}

/// Takes bodies away, each on record as pruned by a record.
pub(crate) async fn take(tx: &mut Tx, indexes: &[u64], record: i64) -> Result<(), Fault> {
    let indexes: Vec<i64> = indexes.iter().map(|index| column(*index)).collect::<Result<_, _>>()?;
    let records = vec![record; indexes.len()];
    tx.bulk(
        "INSERT INTO pruned_body (leaf_index, record) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[])",
        "INSERT INTO pruned_body (leaf_index, record) VALUES ($1, $2)",
        vec![Column::Int(indexes.clone()), Column::Int(records)],
    )
    .await?;
    tx.bulk(
        "DELETE FROM body WHERE leaf_index = ANY($1)",
        "DELETE FROM body WHERE leaf_index = $1",
        vec![Column::Int(indexes)],
    )
    .await
    .map(drop)
}

/// What is said to be pruned of the leaves from `first` to before `end`, each with the record that is said to say so.
pub(crate) async fn pruned(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<(i64, i64)>, Fault> {
    let sql = "SELECT leaf_index, record FROM pruned_body WHERE leaf_index >= $1 AND leaf_index < $2";
    tx.all(sql, (column(first)?, column(end)?)).await
}

/// The record that a body is said to be pruned by.
pub(crate) async fn record(tx: &mut Tx, index: i64) -> Result<Option<RecordOfPrune>, Fault> {
    tx.opt(
        "SELECT leaf.content AS content, body.content AS body, body.salt AS salt
         FROM leaf LEFT JOIN body USING (leaf_index) WHERE leaf_index = $1",
        (index,),
    )
    .await
}
