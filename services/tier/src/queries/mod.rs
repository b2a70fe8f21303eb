//! What can be asked of the tier service.

use crate::domain::customer_tier::CustomerTier;
use crate::domain::policy::Recorded;
use crate::domain::refusal::Refusal;
use crate::store;
use handsel_money::Timestamp;
use handsel_storage::{Db, Fault};

/// One policy.
pub(crate) async fn policy(db: &Db, id: &str) -> Result<Option<Recorded>, Fault> {
    store::policy::read(db, id).await
}

/// A page of policies, newest first, that begins before the given instant and id.
pub(crate) async fn policies(db: &Db, before: Option<(Timestamp, String)>, limit: i64) -> Result<Vec<Recorded>, Fault> {
    let (at, id) = before.unwrap_or((Timestamp::MAX, String::new()));
    store::policy::page(db, (at, &id), limit).await
}

/// A customer's tier at an instant.
pub(crate) async fn tier(db: &Db, customer: &str, at: Timestamp) -> Result<Result<CustomerTier, Refusal>, Fault> {
    let found = store::customer_tier::at(db, customer, at).await?;
    Ok(found.ok_or(Refusal::NoTier))
}

/// Customers by tier at an instant.
pub(crate) async fn counts(db: &Db, at: Timestamp) -> Result<Vec<(String, i64)>, Fault> {
    store::customer_tier::counts(db, at).await
}
