//! Messages put aside: a marker has gone in their place, they wait until somebody releases them.

use handsel_storage::{At, Column, Db, Fault, Tx, row};

row! {
    /// A message put aside.
    pub(crate) struct ParkedRow {
        pub(crate) sequence: i64,
        pub(crate) aggregate: String,
        pub(crate) reason: String,
        pub(crate) parked_at: At,
    }
    /// The same, with what it says.
    pub(crate) struct ContentRow {
        pub(crate) sequence: i64,
        pub(crate) bytes: Vec<u8>,
        pub(crate) traceparent: String,
        pub(crate) created_at: At,
        pub(crate) owed_at: At,
    }
}

/// Puts a message aside, and what has its number and follows of the same aggregate; how many.
pub(crate) async fn park(tx: &mut Tx, destination: &str, sequence: i64, reason: &str) -> Result<u64, Fault> {
    tx.exec(
        "INSERT INTO outbox_parked (destination, sequence, aggregate, reason)
         SELECT later.destination, later.sequence, later.aggregate, $3
         FROM outbox_sent this
         JOIN outbox_sent later ON later.destination = this.destination AND later.aggregate = this.aggregate
                               AND later.sequence >= this.sequence
         WHERE this.destination = $1 AND this.sequence = $2
           AND NOT EXISTS (SELECT 1 FROM outbox_parked p
                           WHERE p.destination = later.destination AND p.sequence = later.sequence)",
        (destination.to_owned(), sequence, reason.to_owned()),
    )
    .await
}

/// How many aggregates wait.
pub(crate) async fn aggregates(tx: &mut Tx, destination: &str) -> Result<i64, Fault> {
    let (count,): (i64,) = tx
        .one(
            "SELECT COUNT(DISTINCT aggregate) FROM outbox_parked WHERE destination = $1 AND released_as IS NULL",
            (destination.to_owned(),),
        )
        .await?;
    Ok(count)
}

/// What waits, lowest number first.
pub(crate) async fn waiting(db: &Db, destination: &str, limit: i64) -> Result<Vec<ParkedRow>, Fault> {
    db.all(
        "SELECT sequence, aggregate, reason, parked_at FROM outbox_parked
         WHERE destination = $1 AND released_as IS NULL ORDER BY sequence LIMIT $2",
        (destination.to_owned(), limit),
    )
    .await
}

/// What waits of an aggregate, in order, with what it says.
pub(crate) async fn contents(tx: &mut Tx, destination: &str, aggregate: &str) -> Result<Vec<ContentRow>, Fault> {
    tx.all(
        "SELECT s.sequence, s.bytes, s.traceparent, s.created_at, s.owed_at
         FROM outbox_parked p JOIN outbox_sent s USING (destination, sequence)
         WHERE p.destination = $1 AND p.aggregate = $2 AND p.released_as IS NULL ORDER BY s.sequence",
        (destination.to_owned(), aggregate.to_owned()),
    )
    .await
}

/// Notes under which numbers messages come after all: pairs of the old number and the new.
pub(crate) async fn release(tx: &mut Tx, destination: &str, numbers: &[(i64, i64)]) -> Result<(), Fault> {
    tx.bulk(
        "UPDATE outbox_parked SET released_as = given.released_as
         FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS given (destination, sequence, released_as)
         WHERE outbox_parked.destination = given.destination AND outbox_parked.sequence = given.sequence",
        "UPDATE outbox_parked SET released_as = $3 WHERE destination = $1 AND sequence = $2",
        vec![
            Column::Text(vec![destination.to_owned(); numbers.len()]),
            Column::Int(numbers.iter().map(|(old, _)| *old).collect()),
            Column::Int(numbers.iter().map(|(_, new)| *new).collect()),
        ],
    )
    .await?;
    Ok(())
}
