//! Between the contract's messages and the domain's types, both ways, for handlers and for the jobs that call the bank.
//!
//! Never here: a decision.

pub(crate) mod bank_file;
mod campaign;
mod check;
pub(crate) mod choice;
pub(crate) mod claim;
pub(crate) mod difference;
pub(crate) mod gate;
pub(crate) mod hold;
pub(crate) mod ledger;
mod noncash;
mod payment;
pub(crate) mod plan;
pub(crate) mod qualification;
pub(crate) mod quote;
pub(crate) mod rate_grant;
pub(crate) mod rate_product;
pub(crate) mod rate_rule;
pub(crate) mod resolution;
pub(crate) mod reward;
pub(crate) mod rule;
pub(crate) mod settlement;
pub(crate) mod tax;
pub(crate) mod tax_statement;
pub(crate) mod terms;
pub(crate) mod withdrawal;
