//! Leaves, and the bodies beside them.

use super::{
    column, hash,
    unpacked::{BodyBytes, LeafBytes},
};
use crate::{
    domain::extension::Leaf,
    packed::{HEAD_BYTES, Packed},
    tlog::Hash,
};
use handsel_storage::{Column, Fault, Tx, row};

row! {
    /// A leaf with its body, if it has one.
    pub(crate) struct RecordRow {
        pub(crate) leaf_index: i64,
        pub(crate) content: LeafBytes,
        pub(crate) body: Option<BodyBytes>,
        pub(crate) salt: Option<Vec<u8>>,
        /// A finding says that the body is damaged or missing.
        pub(crate) withheld: bool,
        /// The record that says that the body was pruned.
        pub(crate) pruned_by: Option<i64>,
    }

    /// A leaf and the hash stored with it.
    pub(crate) struct HashedRow {
        pub(crate) leaf_index: i64,
        pub(crate) content: LeafBytes,
        pub(crate) hash: Vec<u8>,
    }
}

/// Adds leaves and their bodies.
pub(crate) async fn add(tx: &mut Tx, leaves: Vec<Leaf>) -> Result<(), Fault> {
    let (mut indexes, mut contents, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    let (mut body_indexes, mut bodies, mut salts) = (Vec::new(), Vec::new(), Vec::new());
    for Leaf { index, content, hash, body } in leaves {
        indexes.push(index);
        contents.push(Packed::Leaf.pack(&content));
        hashes.push(hash.to_vec());
        if let Some(body) = body {
            body_indexes.push(index);
            bodies.push(Packed::Body.pack(&body.content));
            salts.push(body.salt);
        }
    }
    tx.bulk(
        "INSERT INTO leaf (leaf_index, content, hash) SELECT * FROM unnest($1::BIGINT[], $2::BYTEA[], $3::BYTEA[])",
        "INSERT INTO leaf (leaf_index, content, hash) VALUES ($1, $2, $3)",
        vec![Column::Int(indexes), Column::Bytes(contents), Column::Bytes(hashes)],
    )
    .await
    .map_err(Fault::unique_is_race)?;
    tx.bulk(
        "INSERT INTO body (leaf_index, content, salt) SELECT * FROM unnest($1::BIGINT[], $2::BYTEA[], $3::BYTEA[])",
        "INSERT INTO body (leaf_index, content, salt) VALUES ($1, $2, $3)",
        vec![Column::Int(body_indexes), Column::Bytes(bodies), Column::Bytes(salts)],
    )
    .await?;
    Ok(())
}

/// The records from `first` to before `end`, in order.
///
/// Here and wherever bodies are read with their leaves, the range is said of both: PostgreSQL does not conclude it of the one from the
/// other, and before it has counted the tables it would read every body up to the range.
pub(crate) async fn records(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<RecordRow>, Fault> {
    tx.all(
        "SELECT leaf.leaf_index AS leaf_index, leaf.content AS content, body.content AS body, body.salt AS salt,
                EXISTS (SELECT 1 FROM finding WHERE finding.leaf_index = leaf.leaf_index
                        AND kind IN ('BODY_TAMPERED', 'BODY_MISSING')) AS withheld,
                (SELECT record FROM pruned_body WHERE pruned_body.leaf_index = leaf.leaf_index) AS pruned_by
         FROM leaf LEFT JOIN body ON body.leaf_index = leaf.leaf_index AND body.leaf_index >= $1 AND body.leaf_index < $2
         WHERE leaf.leaf_index >= $1 AND leaf.leaf_index < $2 ORDER BY leaf.leaf_index",
        (column(first)?, column(end)?),
    )
    .await
}

row! {
    /// A leaf.
    pub(crate) struct LeafRow {
        pub(crate) leaf_index: i64,
        pub(crate) content: LeafBytes,
    }

    /// How a record's columns begin, and how long they are.
    struct WeightRow {
        leaf: Vec<u8>,
        leaf_stored: i64,
        body: Option<Vec<u8>>,
        body_stored: Option<i64>,
    }
}

/// The leaves from `first` to before `end` without their bodies, in order.
pub(crate) async fn contents(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<LeafRow>, Fault> {
    let sql = "SELECT leaf_index, content FROM leaf WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index";
    tx.all(sql, (column(first)?, column(end)?)).await
}

/// Bytes of each record from `first` to before `end` at most, in order: what a batch would weigh, without reading it.
pub(crate) async fn weights(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<u64>, Fault> {
    let rows: Vec<WeightRow> = tx
        .all(
            "SELECT substr(leaf.content, 1, $3) AS leaf, CAST(length(leaf.content) AS BIGINT) AS leaf_stored,
                    substr(body.content, 1, $3) AS body, CAST(length(body.content) AS BIGINT) AS body_stored
             FROM leaf LEFT JOIN body ON body.leaf_index = leaf.leaf_index AND body.leaf_index >= $1 AND body.leaf_index < $2
             WHERE leaf.leaf_index >= $1 AND leaf.leaf_index < $2 ORDER BY leaf.leaf_index",
            (column(first)?, column(end)?, HEAD_BYTES),
        )
        .await?;
    Ok(rows.into_iter().map(WeightRow::bytes).collect())
}

impl WeightRow {
    fn bytes(self) -> u64 {
        let Self { leaf, leaf_stored, body, body_stored } = self;
        let leaf = Packed::Leaf.weight(&leaf, leaf_stored.cast_unsigned());
        let body = Packed::Body.weight(&body.unwrap_or_default(), body_stored.unwrap_or_default().cast_unsigned());
        leaf.saturating_add(body)
    }
}

/// The leaf hashes from `first` to before `end`, in order.
pub(crate) async fn hashes(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<Hash>, Fault> {
    let sql = "SELECT hash FROM leaf WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index";
    let rows: Vec<(Vec<u8>,)> = tx.all(sql, (column(first)?, column(end)?)).await?;
    rows.iter().map(|(bytes,)| hash(bytes)).collect()
}

/// The leaves from `first` on with their hashes, at most 256 of them: what a start checks.
pub(crate) async fn hashed_from(tx: &mut Tx, first: u64) -> Result<Vec<HashedRow>, Fault> {
    let sql = "SELECT leaf_index, content, hash FROM leaf WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT 256";
    tx.all(sql, (column(first)?,)).await
}
