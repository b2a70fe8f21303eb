//! Everything the referral service decides, as pure functions of state, input, policy and the instant they are told: no
//! clock, no chance, no database.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

pub(crate) mod checks;
pub(crate) mod code;
pub(crate) mod contact;
pub(crate) mod erasure;
pub(crate) mod fact;
pub(crate) mod intake;
pub(crate) mod program;
pub(crate) mod referral;
pub(crate) mod refusal;
pub(crate) mod success;
pub(crate) mod tier;
mod words;

use handsel_money::Timestamp;
use std::time::Duration;
use words::words;

const SECONDS_A_DAY: u64 = 86_400;
const SECONDS_AN_HOUR: u64 = 3_600;

/// The instant so many days of 24 hours later; the end of time where there is none.
pub(crate) fn days_after(start: Timestamp, days: u32) -> Timestamp {
    after(start, u64::from(days).saturating_mul(SECONDS_A_DAY))
}

/// The instant so many hours later; the end of time where there is none.
pub(crate) fn hours_after(start: Timestamp, hours: u32) -> Timestamp {
    after(start, u64::from(hours).saturating_mul(SECONDS_AN_HOUR))
}

fn after(start: Timestamp, seconds: u64) -> Timestamp {
    start.checked_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
