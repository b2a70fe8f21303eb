//! Who hands messages in, how far each has come, and what was answered.

use crate::inbox::{Arrival, Place};
use handsel_proto::handsel::relay::v1 as wire;
use handsel_storage::{Column, Fault, LockTable, Tx, row};

row! {
    /// How far a source has come.
    struct SourceRow {
        epoch: i64,
        last_sequence: i64,
    }
    /// What was answered.
    pub(crate) struct ReceiptRow {
        pub(crate) sequence: i64,
        pub(crate) digest: Vec<u8>,
        pub(crate) outcome: String,
        pub(crate) reason: String,
        pub(crate) resource: String,
    }
}

/// Sources as locks of a batch.
pub(crate) static SOURCE: LockTable =
    LockTable { table: "inbox_source", sql: "SELECT 1 FROM inbox_source WHERE source = $1 FOR UPDATE" };

/// Locks a source and reads its place; nothing, if it is new.
pub(crate) async fn lock(tx: &mut Tx, source: &str) -> Result<Option<Place>, Fault> {
    let sql = tx.pick(
        "SELECT epoch, last_sequence FROM inbox_source WHERE source = $1 FOR UPDATE",
        "SELECT epoch, last_sequence FROM inbox_source WHERE source = $1",
    );
    let row: Option<SourceRow> = tx.opt(sql, (source.to_owned(),)).await?;
    Ok(row.map(|SourceRow { epoch, last_sequence }| Place { epoch, last_sequence }))
}

/// Enters a new source. Two first runs at once: the second is run again, and finds the first.
pub(crate) async fn insert(tx: &mut Tx, source: &str, place: Place) -> Result<(), Fault> {
    tx.exec_one(
        "INSERT INTO inbox_source (source, epoch, last_sequence) VALUES ($1, $2, $3) ON CONFLICT (source) DO NOTHING",
        (source.to_owned(), place.epoch, place.last_sequence),
    )
    .await
}

/// Moves a locked source on.
pub(crate) async fn advance(tx: &mut Tx, source: &str, place: Place) -> Result<(), Fault> {
    tx.exec_one(
        "UPDATE inbox_source SET epoch = $2, last_sequence = $3 WHERE source = $1",
        (source.to_owned(), place.epoch, place.last_sequence),
    )
    .await
}

/// What was answered from a number on, in order.
pub(crate) async fn receipts(tx: &mut Tx, source: &str, first: i64, count: usize) -> Result<Vec<ReceiptRow>, Fault> {
    let limit = i64::try_from(count).unwrap_or(i64::MAX);
    tx.all(
        "SELECT sequence, digest, outcome, reason, resource FROM inbox_receipt
         WHERE source = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3",
        (source.to_owned(), first, limit),
    )
    .await
}

/// Keeps answers; `arrivals` and `receipts` belong together, one by one.
pub(crate) async fn keep(
    tx: &mut Tx,
    source: &str,
    arrivals: &[Arrival],
    receipts: &[wire::Receipt],
) -> Result<(), Fault> {
    tx.bulk(
        "INSERT INTO inbox_receipt (source, sequence, digest, outcome, reason, resource)
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::text[], $5::text[], $6::text[])",
        "INSERT INTO inbox_receipt (source, sequence, digest, outcome, reason, resource) VALUES ($1, $2, $3, $4, $5, $6)",
        vec![
            Column::Text(vec![source.to_owned(); receipts.len()]),
            Column::Int(receipts.iter().map(|receipt| receipt.sequence).collect()),
            Column::Bytes(arrivals.iter().map(|arrival| arrival.digest.to_vec()).collect()),
            Column::Text(receipts.iter().map(|receipt| name(receipt.outcome()).to_owned()).collect()),
            Column::Text(receipts.iter().map(|receipt| receipt.reason.clone()).collect()),
            Column::Text(receipts.iter().map(|receipt| receipt.resource.clone()).collect()),
        ],
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

impl ReceiptRow {
    /// As it was answered, and is answered again.
    pub(crate) fn into_wire(self) -> Result<wire::Receipt, Fault> {
        let Self { sequence, digest: _, outcome, reason, resource } = self;
        let outcome = match outcome.as_str() {
            APPLIED => wire::Outcome::Applied,
            REFUSED => wire::Outcome::Refused,
            other => return Err(Fault::Invalid(format!("inbox_receipt.outcome is {other}"))),
        };
        Ok(wire::Receipt { sequence, outcome: outcome.into(), reason, resource })
    }
}

const APPLIED: &str = "APPLIED";
const REFUSED: &str = "REFUSED";

fn name(outcome: wire::Outcome) -> &'static str {
    match outcome {
        wire::Outcome::Applied => APPLIED,
        // The schema refuses the last one: a receipt without an outcome is never made.
        wire::Outcome::Refused => REFUSED,
        wire::Outcome::Unspecified => "",
    }
}
