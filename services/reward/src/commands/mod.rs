//! The writes of the reward service, one file each: lock and load, decide, save, tell the outbox, in one transaction.
//!
//! Never here: arithmetic on money, which `domain` does.

pub(crate) mod activate_plan;
pub(crate) mod activate_rate_grant;
pub(crate) mod activate_rate_product;
pub(crate) mod advance_horizon;
pub(crate) mod approve_rewards;
pub(crate) mod audit_holds;
pub(crate) mod begin_file;
mod books;
pub(crate) mod change_plan;
pub(crate) mod choose_reward;
pub(crate) mod close_ledger;
pub(crate) mod close_rates;
pub(crate) mod confirm_resolution;
pub(crate) mod create_plan;
pub(crate) mod create_plan_version;
pub(crate) mod create_rate_product;
pub(crate) mod deliver;
pub(crate) mod dossier;
pub(crate) mod end_rate_grant;
pub(crate) mod enter_file;
pub(crate) mod expire;
pub(crate) mod fall_due;
pub(crate) mod grant_rewards;
pub(crate) mod greet;
pub(crate) mod hand_out;
pub(crate) mod hand_out_rates;
pub(crate) mod instruct;
pub(crate) mod latch;
pub(crate) mod means;
pub(crate) mod move_file;
pub(crate) mod moves;
pub(crate) mod netting;
pub(crate) mod note_restored;
pub(crate) mod offer_rates;
pub(crate) mod place_hold;
pub(crate) mod propose_resolution;
pub(crate) mod rate_moves;
pub(crate) mod recompute_rates;
pub(crate) mod recompute_rewards;
pub(crate) mod record_gate;
pub(crate) mod record_recovery;
pub(crate) mod reject_reward;
pub(crate) mod release_hold;
pub(crate) mod remit_tax;
pub(crate) mod report_outcomes;
pub(crate) mod report_rates;
pub(crate) mod resolve_difference;
pub(crate) mod retry_payout;
pub(crate) mod reversals;
pub(crate) mod reverse_reward;
pub(crate) mod revoke_rate_grant;
pub(crate) mod room;
pub(crate) mod set_payee;
pub(crate) mod start_recomputation;
pub(crate) mod statements;
pub(crate) mod submit_plan;
pub(crate) mod submit_rate_product;
pub(crate) mod suspend_plan_version;
pub(crate) mod tell_taxes;
pub(crate) mod watch_clearing;
pub(crate) mod withdraw_file;

pub(crate) mod take_bank_file;

#[cfg(test)]
mod tests;
