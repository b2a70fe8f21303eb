//! `customer_tier`: from which instant on a customer was of which tier.

use crate::domain::tier::TierFrom;
use handsel_storage::{At, Column, Fault, Tx};

/// Adds them; of two for the same customer and instant the later one told holds. Each (customer, instant) stands here
/// once.
pub(crate) async fn put(tx: &mut Tx, tiers: &[TierFrom]) -> Result<(), Fault> {
    let columns = vec![
        Column::Text(tiers.iter().map(|tier| tier.customer.clone()).collect()),
        Column::At(tiers.iter().map(|tier| At(tier.effective_at)).collect()),
        Column::Text(tiers.iter().map(|tier| tier.tier.clone()).collect()),
        Column::Bool(tiers.iter().map(|tier| tier.core).collect()),
    ];
    tx.bulk(
        "INSERT INTO customer_tier (customer, effective_at, tier, core)
         SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::boolean[])
         ON CONFLICT (customer, effective_at) DO UPDATE SET tier = excluded.tier, core = excluded.core",
        "INSERT INTO customer_tier (customer, effective_at, tier, core) VALUES ($1, $2, $3, $4)
         ON CONFLICT (customer, effective_at) DO UPDATE SET tier = excluded.tier, core = excluded.core",
        columns,
    )
    .await
    .map(drop)
}
