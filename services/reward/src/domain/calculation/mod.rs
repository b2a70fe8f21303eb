//! The calculation of every amount and rate, exactly as the specification (`README.md` in this folder) says.
//!
//! | file | paragraph |
//! |---|---|
//! | `rule` | §3, steps 1 to 3: base, tier, bounds |
//! | `caps`, `window` | §4: count cap, amount cap, budget; the calendar windows |
//! | `tax` | §5: withheld, or borne by the bank |
//! | `cash` | §3 to §5 together: one cash reward |
//! | `trace`, `explanation` | §12: every step as text; the same in plain words |
//! | `error` | §1: what is refused, and its class |
//!
//! Everything is a pure function: the same input gives the same values, years later.
#![warn(clippy::arithmetic_side_effects)]

pub mod caps;
pub mod cash;
pub mod error;
pub mod rule;
pub mod tax;
pub mod trace;
pub mod window;

/// The version of this calculation, stored with every result. A change that gives any other value gets the next number,
/// and the old one is kept for what it computed.
pub const CALCULATION_VERSION: u32 = 1;
