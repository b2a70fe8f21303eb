//! Currency, money, rates, rounding, dates and day counts: checked and exact.
//!
//! | file | holds |
//! |---|---|
//! | `currency` | ISO 4217 codes and their minor units |
//! | `money` | an amount: a currency and a whole number of its minor units |
//! | `decimal` | bounded decimals as they cross the wire, and [`Rate`], a fraction not below zero |
//! | `digits` | how amounts and fractions become text |
//! | `exact` | [`Exact`], the fraction that every `round(…)` is given; `big` is its slow path |
//! | `rounding` | the four modes, and the only places where a value is rounded |
//! | `annuity` | level payments from exact powers, and internal rates; `fixed` are the numbers of the latter |
//! | `timestamp`, `zone`, `date` | instants, IANA time zones, civil dates |
//! | `day_count` | year fractions by convention |
//! | `written` | values as texts of their own: what traces are made of |
//! | `error` | what can be wrong, and which class of refusal that is |
//!
//! Nothing here reads a clock, a file or the network, uses a float, or panics.
#![warn(clippy::arithmetic_side_effects)]

#[macro_use]
mod text;

mod annuity;
mod big;
mod currency;
mod date;
mod day_count;
mod decimal;
mod digits;
mod error;
mod exact;
mod fixed;
mod money;
mod rounding;
mod timestamp;
mod written;
mod zone;

pub use annuity::{internal_rate, level_payment};
pub use currency::Currency;
pub use date::Date;
pub use day_count::{DayCount, YearFraction};
pub use decimal::{Rate, parse_decimal};
pub use error::{Class, MoneyError};
pub use exact::Exact;
pub use money::Money;
pub use rounding::{Rounding, round_to_decimal, round_to_minor, round_to_whole};
pub use rust_decimal::Decimal;
pub use timestamp::Timestamp;
pub use written::Written;
pub use zone::Zone;
