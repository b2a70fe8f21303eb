//! The reward service through its port, on both engines: what a bank sees, refusals and their reasons, money and its ledger.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod access;
mod attack;
mod audit;
mod bank;
mod campaigns;
mod checks;
mod choices;
mod core_bank;
mod differences;
mod file_answers;
mod file_bank;
mod file_returns;
mod file_troubles;
mod files;
mod gate;
mod grants;
mod holds;
mod inbox;
mod latch;
mod ledger;
mod lifecycle;
mod outcomes;
mod payouts;
mod plans;
mod push;
mod races;
mod rate_desk;
mod rate_products;
mod rates;
mod reasons;
mod recompute;
mod resolutions;
mod taxes;
mod versions;
mod words;
