//! What each customer had done when an evaluation began. Taken in one statement, so that all of them are judged by one moment
//! however long the evaluation lasts and whatever arrives meanwhile.

use crate::domain::scoring::{Measures, whole_days};
use handsel_money::{Currency, Timestamp};
use handsel_storage::{At, Fault, Tx, row};

row! {
    struct CustomerRow {
        customer: String,
        last_at: At,
        frequency: i64,
        monetary_minor: i64,
    }
    struct MeasuresRow {
        last_at: At,
        frequency: i64,
        monetary_minor: i64,
    }
}

/// Takes down every customer who had done anything before an instant; how many there are. Frequency and sum are those of the
/// window that begins at `from`.
pub(crate) async fn insert(tx: &mut Tx, as_of: Timestamp, from: Timestamp, currency: Currency) -> Result<i64, Fault> {
    // The sum is carried in two parts, because SQLite fails where it would leave 63 bits: one customer must not stop all others.
    let customers = tx
        .exec(
            "INSERT INTO evaluation_customer (as_of, customer, last_at, frequency, monetary_minor)
             SELECT $1, customer, last_at, frequency,
                    CASE WHEN billions + rest / 1000000000 < 9223372036
                         THEN CAST(billions * 1000000000 + rest AS BIGINT) ELSE 9223372036854775807 END
             FROM (SELECT customer, MAX(occurred_at) AS last_at, COUNT(*) FILTER (WHERE occurred_at >= $2) AS frequency,
                          COALESCE(SUM(amount_minor / 1000000000) FILTER (WHERE occurred_at >= $2 AND currency = $3), 0)
                              AS billions,
                          COALESCE(SUM(amount_minor % 1000000000) FILTER (WHERE occurred_at >= $2 AND currency = $3), 0)
                              AS rest
                   FROM activity WHERE occurred_at < $1 GROUP BY customer) AS known",
            (At(as_of), At(from), currency.code()),
        )
        .await
        .map_err(Fault::unique_is_race)?;
    i64::try_from(customers).map_err(|error| Fault::Invalid(error.to_string()))
}

/// What all of them did.
pub(crate) async fn all(tx: &mut Tx, as_of: Timestamp) -> Result<Vec<Measures>, Fault> {
    let rows: Vec<MeasuresRow> = tx
        .all("SELECT last_at, frequency, monetary_minor FROM evaluation_customer WHERE as_of = $1", (At(as_of),))
        .await?;
    Ok(rows
        .into_iter()
        .map(|MeasuresRow { last_at, frequency, monetary_minor }| Measures {
            recency_days: whole_days(last_at.0, as_of),
            frequency,
            monetary_minor,
        })
        .collect())
}

/// The next customers after one, in their order, and what they did.
pub(crate) async fn next(
    tx: &mut Tx,
    as_of: Timestamp,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, Measures)>, Fault> {
    let rows: Vec<CustomerRow> = tx
        .all(
            "SELECT customer, last_at, frequency, monetary_minor FROM evaluation_customer
             WHERE as_of = $1 AND customer > $2 ORDER BY customer LIMIT $3",
            (At(as_of), after, limit),
        )
        .await?;
    Ok(rows
        .into_iter()
        .map(|CustomerRow { customer, last_at, frequency, monetary_minor }| {
            let recency_days = whole_days(last_at.0, as_of);
            (customer, Measures { recency_days, frequency, monetary_minor })
        })
        .collect())
}

/// Lets go of those up to one, who have been evaluated.
pub(crate) async fn delete(tx: &mut Tx, as_of: Timestamp, reached: &str) -> Result<(), Fault> {
    tx.exec("DELETE FROM evaluation_customer WHERE as_of = $1 AND customer <= $2", (At(as_of), reached)).await?;
    Ok(())
}
