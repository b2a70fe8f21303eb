//! Every SQL statement of the tier service, and its rows: one file an entity.

pub(crate) mod activity;
pub(crate) mod customer_tier;
pub(crate) mod evaluation;
pub(crate) mod evaluation_customer;
pub(crate) mod policy;

use handsel_money::Currency;
use handsel_storage::{Fault, Migration};

/// The service's own tables.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 100,
    name: "tier",
    postgres: include_str!("../../migrations/postgres/0100_tier.sql"),
    sqlite: include_str!("../../migrations/sqlite/0100_tier.sql"),
}];

/// A currency column as a currency.
fn currency(code: &str) -> Result<Currency, Fault> {
    code.parse().map_err(|_| Fault::Invalid(format!("the currency column holds {code:?}")))
}
