//! What has its number, and what was answered.

use crate::{
    deliver::{Numbered, Outcome, Receipt},
    message,
};
use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};

/// A message that gets its number.
pub(crate) struct NewRow {
    pub(crate) numbered: Numbered,
    pub(crate) aggregate: String,
    pub(crate) created_at: At,
    pub(crate) owed_at: At,
}

row! {
    /// A message with its number.
    pub(crate) struct SentRow {
        pub(crate) sequence: i64,
        pub(crate) bytes: Vec<u8>,
        pub(crate) body: Vec<u8>,
        pub(crate) body_salt: Vec<u8>,
        pub(crate) traceparent: String,
        /// Why a marker goes in its place, if one does.
        pub(crate) parked: Option<String>,
    }
    /// What was answered.
    pub(crate) struct AnswerRow {
        pub(crate) outcome: String,
        pub(crate) reason: String,
    }
    /// When a message was answered.
    pub(crate) struct AnsweredRow {
        pub(crate) sequence: i64,
        pub(crate) delivered_at: At,
        /// Where it lies in the log, if it does.
        pub(crate) log_index: Option<i64>,
    }
}

impl From<SentRow> for Numbered {
    fn from(SentRow { sequence, bytes, body, body_salt, traceparent, parked }: SentRow) -> Self {
        let bytes = match parked {
            None => bytes,
            Some(reason) => message::marker(sequence, &traceparent, reason),
        };
        Self { sequence, bytes, body, body_salt, traceparent }
    }
}

/// Writes numbers and bytes. A number that is there already is another relay's: the key refuses it.
pub(crate) async fn insert(tx: &mut Tx, destination: &'static str, epoch: i64, rows: &[NewRow]) -> Result<(), Fault> {
    let text = |field: fn(&NewRow) -> String| Column::Text(rows.iter().map(field).collect());
    let bytes = |field: fn(&NewRow) -> Vec<u8>| Column::Bytes(rows.iter().map(field).collect());
    tx.bulk(
        "INSERT INTO outbox_sent (destination, sequence, epoch, aggregate, bytes, body, body_salt, traceparent, created_at, owed_at)
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[],
                              $8::text[], $9::timestamptz[], $10::timestamptz[])",
        "INSERT INTO outbox_sent (destination, sequence, epoch, aggregate, bytes, body, body_salt, traceparent, created_at, owed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        vec![
            Column::Text(vec![destination.to_owned(); rows.len()]),
            Column::Int(rows.iter().map(|row| row.numbered.sequence).collect()),
            Column::Int(vec![epoch; rows.len()]),
            text(|row| row.aggregate.clone()),
            bytes(|row| row.numbered.bytes.clone()),
            bytes(|row| row.numbered.body.clone()),
            bytes(|row| row.numbered.body_salt.clone()),
            text(|row| row.numbered.traceparent.clone()),
            Column::At(rows.iter().map(|row| row.created_at).collect()),
            Column::At(rows.iter().map(|row| row.owed_at).collect()),
        ],
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// The messages after a number, in order.
pub(crate) async fn after(
    tx: &mut Tx,
    destination: &'static str,
    number: i64,
    limit: i64,
) -> Result<Vec<SentRow>, Fault> {
    tx.all(
        "SELECT s.sequence, s.bytes, s.body, s.body_salt, s.traceparent, p.reason AS parked
         FROM outbox_sent s LEFT JOIN outbox_parked p USING (destination, sequence)
         WHERE s.destination = $1 AND s.sequence > $2 ORDER BY s.sequence LIMIT $3",
        (destination, number, limit),
    )
    .await
}

/// Whether a number is still there to be sent again.
pub(crate) async fn is_kept(tx: &mut Tx, destination: &'static str, sequence: i64) -> Result<bool, Fault> {
    let found: Option<(i64,)> = tx
        .opt("SELECT sequence FROM outbox_sent WHERE destination = $1 AND sequence = $2", (destination, sequence))
        .await?;
    Ok(found.is_some())
}

/// Keeps receipts. The first one of a message stays: a receiver that was restored answers anew what it has forgotten.
pub(crate) async fn answer(tx: &mut Tx, destination: &'static str, receipts: &[Receipt]) -> Result<(), Fault> {
    let count = receipts.len();
    let (mut outcomes, mut reasons, mut resources) =
        (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
    let (mut indexes, mut leaves) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for receipt in receipts {
        let (outcome, reason, resource, index, leaf) = columns(&receipt.outcome);
        outcomes.push(outcome.to_owned());
        reasons.push(reason.to_owned());
        resources.push(resource.to_owned());
        indexes.push(index);
        leaves.push(leaf.to_vec());
    }
    tx.bulk(
        "INSERT INTO outbox_receipt (destination, sequence, outcome, reason, resource, log_index, leaf)
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[])
         ON CONFLICT (destination, sequence) DO NOTHING",
        "INSERT INTO outbox_receipt (destination, sequence, outcome, reason, resource, log_index, leaf)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (destination, sequence) DO NOTHING",
        vec![
            Column::Text(vec![destination.to_owned(); count]),
            Column::Int(receipts.iter().map(|receipt| receipt.sequence).collect()),
            Column::Text(outcomes),
            Column::Text(reasons),
            Column::Text(resources),
            Column::OptInt(indexes),
            Column::Bytes(leaves),
        ],
    )
    .await?;
    Ok(())
}

/// The first messages of a destination that have an answer, in order, and when it came.
pub(crate) async fn first_answered(
    tx: &mut Tx,
    destination: &'static str,
    limit: i64,
) -> Result<Vec<AnsweredRow>, Fault> {
    tx.all(
        "SELECT sequence, delivered_at, log_index FROM outbox_receipt WHERE destination = $1 ORDER BY sequence LIMIT $2",
        (destination, limit),
    )
    .await
}

/// What was answered to the messages about an aggregate, in order. Where one is put aside, the answer to its marker is none to it.
pub(crate) async fn answers(tx: &mut Tx, destination: &str, aggregate: &str) -> Result<Vec<AnswerRow>, Fault> {
    tx.all(
        "SELECT r.outcome, r.reason FROM outbox_sent s JOIN outbox_receipt r USING (destination, sequence)
         WHERE s.destination = $1 AND s.aggregate = $2
           AND NOT EXISTS (SELECT 1 FROM outbox_parked p
                           WHERE p.destination = s.destination AND p.sequence = s.sequence)
         ORDER BY s.sequence",
        (destination.to_owned(), aggregate.to_owned()),
    )
    .await
}

/// Forgets messages up to a number, and their receipts with them; how many. What is put aside stays.
pub(crate) async fn delete_up_to(tx: &mut Tx, destination: &'static str, sequence: i64) -> Result<u64, Fault> {
    tx.exec(
        "DELETE FROM outbox_sent
         WHERE destination = $1 AND sequence <= $2
           AND NOT EXISTS (SELECT 1 FROM outbox_parked p
                           WHERE p.destination = outbox_sent.destination AND p.sequence = outbox_sent.sequence
                             AND p.released_as IS NULL)",
        (destination, sequence),
    )
    .await
}

impl AnsweredRow {
    /// Whether it was answered before an instant.
    pub(crate) fn is_before(&self, instant: Timestamp) -> bool {
        self.delivered_at.0 < instant
    }

    /// Whether the log, as far as it is covered, has it; what lies in no log, always.
    pub(crate) fn is_covered(&self, covered_size: i64) -> bool {
        self.log_index.is_none_or(|index| index < covered_size)
    }
}

/// (outcome, reason, resource, index, leaf)
fn columns(outcome: &Outcome) -> (&'static str, &str, &str, Option<i64>, &[u8]) {
    match outcome {
        Outcome::Applied { resource } => ("APPLIED", "", resource, None, &[]),
        Outcome::Refused { reason } => ("REFUSED", reason, "", None, &[]),
        Outcome::Sealed { index, leaf } => ("SEALED", "", "", Some(*index), leaf),
    }
}
