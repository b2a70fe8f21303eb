//! The referral service through its port, on both engines: what a branch, an administrator, core banking and the other
//! services see of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed, and says why")]

mod bank;
mod codes;
mod erasure;
mod facts;
mod inbox;
mod jobs;
mod listing;
mod log;
mod orders;
mod personal_data;
mod programs;
mod referrals;
mod reveal;
mod reward;
