//! Activities: append-only, read back by id to know repeats, and by customer to measure.

use super::currency;
use crate::domain::activity::Activity;
use crate::domain::scoring::{Measures, whole_days};
use handsel_money::{Currency, Money, Timestamp};
use handsel_storage::{At, Column, Fault, Tx, row};

row! {
    struct ActivityRow {
        activity_id: String,
        customer: String,
        amount_minor: i64,
        currency: String,
        occurred_at: At,
    }
    struct MeasuresRow {
        customer: String,
        last_at: Option<At>,
        frequency: i64,
        monetary_minor: i64,
    }
}

/// What was taken under these ids. Give each id once.
pub(crate) async fn by_ids(tx: &mut Tx, ids: Vec<String>) -> Result<Vec<Activity>, Fault> {
    let rows: Vec<ActivityRow> = tx
        .all_by(
            "SELECT activity_id, customer, amount_minor, currency, occurred_at FROM activity WHERE activity_id = ANY($1)",
            "SELECT activity_id, customer, amount_minor, currency, occurred_at FROM activity WHERE activity_id = $1",
            vec![Column::Text(ids)],
        )
        .await?;
    rows.into_iter().map(ActivityRow::activity).collect()
}

/// Writes new activities.
pub(crate) async fn insert(tx: &mut Tx, activities: &[&Activity], received_at: Timestamp) -> Result<(), Fault> {
    if activities.is_empty() {
        return Ok(());
    }
    let texts = |field: fn(&Activity) -> &str| activities.iter().map(|one| field(one).to_owned()).collect();
    let columns = vec![
        Column::Text(texts(|one| &one.id)),
        Column::Text(texts(|one| &one.customer)),
        Column::Int(activities.iter().map(|one| one.amount.minor()).collect()),
        Column::Text(texts(|one| one.amount.currency().code())),
        Column::At(activities.iter().map(|one| At(one.occurred_at)).collect()),
        Column::At(vec![At(received_at); activities.len()]),
    ];
    tx.bulk(
        "INSERT INTO activity (activity_id, customer, amount_minor, currency, occurred_at, received_at)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::timestamptz[], $6::timestamptz[])",
        "INSERT INTO activity (activity_id, customer, amount_minor, currency, occurred_at, received_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        columns,
    )
    .await
    .map_err(Fault::unique_is_race)?;
    Ok(())
}

/// How many customers had done anything before an instant.
pub(crate) async fn count_customers(tx: &mut Tx, before: Timestamp) -> Result<i64, Fault> {
    let (count,): (i64,) =
        tx.one("SELECT COUNT(DISTINCT customer) FROM activity WHERE occurred_at < $1", (At(before),)).await?;
    Ok(count)
}

/// What the next customers after one did from an instant until before another, in one currency; in order of customer.
pub(crate) async fn measure(
    tx: &mut Tx,
    after: &str,
    (from, before): (Timestamp, Timestamp),
    currency: Currency,
    limit: i64,
) -> Result<Vec<(String, Measures)>, Fault> {
    let rows: Vec<MeasuresRow> = tx
        .all(
            "SELECT customer,
                    MAX(CASE WHEN occurred_at >= $2 THEN occurred_at END) AS last_at,
                    COUNT(CASE WHEN occurred_at >= $2 THEN 1 END) AS frequency,
                    CAST(COALESCE(SUM(CASE WHEN occurred_at >= $2 AND currency = $4 THEN amount_minor END), 0) AS BIGINT)
                        AS monetary_minor
             FROM activity WHERE customer > $1 AND occurred_at < $3
             GROUP BY customer ORDER BY customer LIMIT $5",
            (after, At(from), At(before), currency.code(), limit),
        )
        .await?;
    let window_days = whole_days(from, before);
    Ok(rows
        .into_iter()
        .map(|MeasuresRow { customer, last_at, frequency, monetary_minor }| {
            let recency_days = last_at.map_or(window_days, |At(last)| whole_days(last, before));
            (customer, Measures { recency_days, frequency, monetary_minor })
        })
        .collect())
}

impl ActivityRow {
    fn activity(self) -> Result<Activity, Fault> {
        let Self { activity_id, customer, amount_minor, currency: code, occurred_at } = self;
        let amount = Money::new(currency(&code)?, amount_minor);
        Ok(Activity { id: activity_id, customer, amount, occurred_at: occurred_at.0 })
    }
}
