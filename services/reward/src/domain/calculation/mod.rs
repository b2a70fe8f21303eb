//! The calculation of every amount and rate, exactly as the specification (`README.md` in this folder) says.
//!
//! | file | paragraph |
//! |---|---|
//! | `rule` | §3, steps 1 to 3: base, tier, bounds |
//! | `caps`, `window`, `series` | §4: count cap, amount cap, budget; the calendar windows; a row of rewards under them |
//! | `tax`, `reporting` | §5: withheld, or borne by the bank; the yearly threshold |
//! | `cash`, `noncash` | §3 to §5 together: one reward in money, in points or in kind |
//! | `milestones` | §6: what the n-th referral fires |
//! | `allocation` | §7: a total over weights |
//! | `reversal` | §8: what is taken back |
//! | `concession`, `deposit`, `loan` | §10 and §11: preferential rates, and what they are worth |
//! | `trace`, `explanation` | §12: every step as text; the same in plain words |
//! | `choice` | cash against a preferential rate: which is worth more |
//! | `bounds`, `error` | how large an input may be; §1: what is refused, and its class |
//!
//! Numbers, rounding, dates and day counts (§1, §2, §9) are `handsel_money`.
//!
//! Everything is a pure function: the same input gives the same values, years later.
#![warn(clippy::arithmetic_side_effects)]

pub mod allocation;
pub mod bounds;
pub mod caps;
pub mod cash;
pub mod choice;
pub mod concession;
pub mod deposit;
pub mod error;
pub mod explanation;
pub mod loan;
pub mod milestones;
pub mod noncash;
pub mod reporting;
pub mod reversal;
pub mod rule;
pub mod series;
pub mod tax;
pub mod trace;
pub mod window;

/// The version of this calculation, stored with every result. A change that gives any other value gets the next number,
/// and the old one is kept for what it computed.
pub const CALCULATION_VERSION: u32 = 1;
