//! Every SQL statement of the reward service, and its rows. One file an entity.
//!
//! Never here: a decision.
//!
//! Locks are taken in one order: budget rows by plan, then rewards by id, then rate grants. A budget row guards every counter of its plan.

pub(crate) mod approval;
pub(crate) mod attempt;
pub(crate) mod balance;
pub(crate) mod bank_file;
pub(crate) mod budget_read;
pub(crate) mod campaign;
pub(crate) mod claim;
pub(crate) mod clearing;
pub(crate) mod conflict;
pub(crate) mod counter;
pub(crate) mod difference;
pub(crate) mod gate;
pub(crate) mod hold;
pub(crate) mod journal;
pub(crate) mod latch;
pub(crate) mod payee;
pub(crate) mod payment_file;
pub(crate) mod plan;
pub(crate) mod qualification;
pub(crate) mod rate_counter;
pub(crate) mod rate_grant;
pub(crate) mod rate_instruction;
pub(crate) mod rate_product;
pub(crate) mod rate_read;
pub(crate) mod recomputation;
pub(crate) mod recompute_rate;
pub(crate) mod resolution;
pub(crate) mod reversal;
pub(crate) mod reward;
pub(crate) mod reward_choice;
pub(crate) mod reward_read;
pub(crate) mod tax;
pub(crate) mod tax_remittance;
pub(crate) mod terms_sheet;
pub(crate) mod tier;
pub(crate) mod transfer;
pub(crate) mod withdrawal;

use handsel_money::{Currency, Money};
use handsel_storage::Fault;

/// What a column should never hold, and does: a defect of ours or a hand in the database.
pub(crate) fn corrupt(what: &str, value: &str) -> Fault {
    Fault::Invalid(format!("{what} holds {value:?}"))
}

pub(crate) fn currency(code: &str) -> Result<Currency, Fault> {
    code.parse().map_err(|_| corrupt("a currency column", code))
}

/// A sum that two 63-bit halves make: statements add `amount / 2^32` and `amount % 2^32` apart, so that no engine overflows
/// before we can say that it did.
pub(crate) fn wide(high: i64, low: i64) -> i128 {
    i128::from(high) * (1 << 32) + i128::from(low)
}

pub(crate) fn money(code: &str, minor: i64) -> Result<Money, Fault> {
    Ok(Money::new(currency(code)?, minor))
}
