//! Customers' tiers by date, as the tier service told them.

use handsel_money::Timestamp;
use handsel_storage::{At, Column, Fault, Tx, row};

row! {
    pub(crate) struct TierRow {
        pub customer: String,
        pub effective_at: At,
        pub tier: String,
    }
}

/// Records that a customer is of a tier from an instant on; told again of the same instant, the later word counts.
pub(crate) async fn record(
    tx: &mut Tx,
    customer: &str,
    tier: &str,
    effective_at: Timestamp,
    now: Timestamp,
) -> Result<(), Fault> {
    tx.exec(
        "INSERT INTO beneficiary_tier (customer, effective_at, tier, recorded_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (customer, effective_at) DO UPDATE SET tier = excluded.tier, recorded_at = excluded.recorded_at",
        (customer.to_owned(), At(effective_at), tier.to_owned(), At(now)),
    )
    .await?;
    Ok(())
}

/// Every tier these customers ever had: a few each.
pub(crate) async fn of_customers(tx: &mut Tx, customers: Vec<String>) -> Result<Vec<TierRow>, Fault> {
    tx.all_by(
        "SELECT customer, effective_at, tier FROM beneficiary_tier WHERE customer = ANY($1)",
        "SELECT customer, effective_at, tier FROM beneficiary_tier WHERE customer = $1",
        Column::Text(customers),
    )
    .await
}
