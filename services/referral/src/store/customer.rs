//! `referee_customer`: which customer a referee turned out to be, and whether he has an account.

use crate::domain::intake::Bound;
use handsel_storage::{At, Column, Fault, Tx};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The referrals bound to these customers.
pub(crate) async fn referrals_of(tx: &mut Tx, customers: Vec<String>) -> Result<BTreeMap<String, Uuid>, Fault> {
    let rows: Vec<(String, Uuid)> = tx
        .all_by(
            "SELECT customer, referral_id FROM referee_customer WHERE customer = ANY($1)",
            "SELECT customer, referral_id FROM referee_customer WHERE customer = $1",
            Column::Text(customers),
        )
        .await?;
    Ok(rows.into_iter().collect())
}

/// Binds customers to referrals; contention if one of either is bound by now.
pub(crate) async fn bind(tx: &mut Tx, bound: &[Bound]) -> Result<(), Fault> {
    tx.bulk(
        "INSERT INTO referee_customer (customer, referral_id, contact_index, bound_at)
         SELECT u.customer, r.id, r.contact_index, u.bound_at
         FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS u(customer, referral_id, bound_at)
         JOIN referral r ON r.id = u.referral_id",
        "INSERT INTO referee_customer (customer, referral_id, contact_index, bound_at)
         SELECT $1, id, contact_index, $3 FROM referral WHERE id = $2",
        columns(bound),
    )
    .await
    .map(drop)
    .map_err(Fault::unique_is_race)
}

/// Notes that these customers have an account: from then on their contact is a customer's.
pub(crate) async fn open(tx: &mut Tx, opened: &[Bound]) -> Result<(), Fault> {
    tx.bulk(
        "UPDATE referee_customer k SET opened_at = u.opened_at
         FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS u(customer, referral_id, opened_at)
         WHERE k.customer = u.customer AND k.referral_id = u.referral_id AND k.opened_at IS NULL",
        "UPDATE referee_customer SET opened_at = $3 WHERE customer = $1 AND referral_id = $2 AND opened_at IS NULL",
        columns(opened),
    )
    .await
    .map(drop)
}

fn columns(bound: &[Bound]) -> Vec<Column> {
    vec![
        Column::Text(bound.iter().map(|each| each.customer.clone()).collect()),
        Column::Uuid(bound.iter().map(|each| each.referral).collect()),
        Column::At(bound.iter().map(|each| At(each.bound_at)).collect()),
    ]
}
