//! What is owed and has no number yet.

use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};

/// One thing owed, ready to be written.
pub(crate) struct NewRow {
    pub(crate) destination: &'static str,
    pub(crate) aggregate: String,
    pub(crate) content: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) body_salt: Vec<u8>,
    pub(crate) traceparent: String,
}

row! {
    /// One thing owed.
    pub(crate) struct OwedRow {
        pub(crate) ordinal: i64,
        pub(crate) aggregate: String,
        pub(crate) content: Vec<u8>,
        pub(crate) body: Vec<u8>,
        pub(crate) body_salt: Vec<u8>,
        pub(crate) traceparent: String,
        pub(crate) created_at: At,
        pub(crate) owed_at: At,
    }
}

/// Writes all of them in one statement, in the order given.
pub(crate) async fn insert(tx: &mut Tx, rows: Vec<NewRow>, now: Timestamp) -> Result<(), Fault> {
    let count = rows.len();
    let (mut destinations, mut aggregates) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let (mut contents, mut bodies, mut salts) =
        (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
    let mut traceparents = Vec::with_capacity(count);
    for NewRow { destination, aggregate, content, body, body_salt, traceparent } in rows {
        destinations.push(destination.to_owned());
        aggregates.push(aggregate);
        contents.push(content);
        bodies.push(body);
        salts.push(body_salt);
        traceparents.push(traceparent);
    }
    // ORDINALITY and ORDER BY: ordinals are drawn in the order given.
    tx.bulk(
        "INSERT INTO outbox (destination, aggregate, content, body, body_salt, traceparent, created_at)
         SELECT destination, aggregate, content, body, body_salt, traceparent, created_at
         FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[], $6::text[], $7::timestamptz[])
              WITH ORDINALITY
              AS given (destination, aggregate, content, body, body_salt, traceparent, created_at, position)
         ORDER BY position",
        "INSERT INTO outbox (destination, aggregate, content, body, body_salt, traceparent, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        vec![
            Column::Text(destinations),
            Column::Text(aggregates),
            Column::Bytes(contents),
            Column::Bytes(bodies),
            Column::Bytes(salts),
            Column::Text(traceparents),
            Column::At(vec![At(now); count]),
        ],
    )
    .await?;
    Ok(())
}

/// Takes the first of a destination out of the table, in order. Never by a high-water mark: what commits late with a low
/// ordinal is found at the next look. What follows a message that is put aside waits.
pub(crate) async fn take(tx: &mut Tx, destination: &'static str, limit: i64) -> Result<Vec<OwedRow>, Fault> {
    let mut rows: Vec<OwedRow> = tx
        .all(
            "DELETE FROM outbox
             WHERE destination = $1
               AND ordinal IN (SELECT o.ordinal FROM outbox o
                               WHERE o.destination = $1
                                 AND NOT EXISTS (SELECT 1 FROM outbox_parked p
                                                 WHERE p.destination = o.destination AND p.aggregate = o.aggregate
                                                   AND p.released_as IS NULL)
                               ORDER BY o.ordinal LIMIT $2)
             RETURNING ordinal, aggregate, content, body, body_salt, traceparent, created_at, owed_at",
            (destination, limit),
        )
        .await?;
    rows.sort_unstable_by_key(|row| row.ordinal);
    Ok(rows)
}
