//! Activities: append-only, read back by id to know repeats. An evaluation sums them up (`evaluation_customer`).

use super::currency;
use crate::domain::activity::Activity;
use handsel_money::{Money, Timestamp};
use handsel_storage::{At, Column, Fault, Tx, row};

row! {
    struct ActivityRow {
        activity_id: String,
        customer: String,
        amount_minor: i64,
        currency: String,
        occurred_at: At,
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

/// Writes new activities, each with the instant of its receipt.
pub(crate) async fn insert(tx: &mut Tx, activities: &[(&Activity, Timestamp)]) -> Result<(), Fault> {
    let texts = |field: fn(&Activity) -> &str| activities.iter().map(|(one, _)| field(one).to_owned()).collect();
    let columns = vec![
        Column::Text(texts(|one| &one.id)),
        Column::Text(texts(|one| &one.customer)),
        Column::Int(activities.iter().map(|(one, _)| one.amount.minor()).collect()),
        Column::Text(texts(|one| one.amount.currency().code())),
        Column::At(activities.iter().map(|(one, _)| At(one.occurred_at)).collect()),
        Column::At(activities.iter().map(|(_, received_at)| At(*received_at)).collect()),
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

impl ActivityRow {
    fn activity(self) -> Result<Activity, Fault> {
        let Self { activity_id, customer, amount_minor, currency: code, occurred_at } = self;
        let amount = Money::new(currency(&code)?, amount_minor);
        Ok(Activity { id: activity_id, customer, amount, occurred_at: occurred_at.0 })
    }
}
