//! A small bank: its rules, the introductions that its customers make, and the people who work with them.
//!
//! What each introduction must come to is known beforehand; how its calls fare on the way is not.

mod closing;
mod introduction;
mod latch;
mod rules;
mod work;

pub use closing::{Closing, OWING};
pub use introduction::{Due, Fate, Introduction, REFERRERS};
pub use work::{Bank, Registered, disordered};

use handsel_proto::google::r#type::{Decimal, Money};
use uuid::Uuid;

/// The program that every introduction belongs to.
pub const PROGRAM: &str = "programs/friends";
/// The plan that pays.
pub const PLAN: &str = "plans/friends";
/// The policy that tiers are evaluated under.
pub const TIER_POLICY: &str = "tierPolicies/value";

/// The name space of request ids: what a request is about is its id, so a call made again is the same call.
const NAMESPACE: Uuid = Uuid::from_u128(0x2f6b_1c52_7a0e_5d0b_8f3a_90c1_6f0d_4e77);

pub(crate) fn request_id(about: &str) -> String {
    Uuid::new_v5(&NAMESPACE, about.as_bytes()).to_string()
}

/// An amount in hellers, hundredths of a crown.
///
/// # Panics
/// Never: below 100 hellers there are few nanos.
#[must_use]
pub fn hellers(minor: i64) -> Money {
    let nanos = i32::try_from(minor % 100 * 10_000_000).expect("below a crown");
    Money { currency_code: "CZK".to_owned(), units: minor / 100, nanos }
}

/// The hellers of an amount; 0 where there is none.
#[must_use]
pub fn minor(money: Option<&Money>) -> i64 {
    money.map_or(0, |money| money.units * 100 + i64::from(money.nanos) / 10_000_000)
}

fn crowns(units: i64) -> Money {
    hellers(units * 100)
}

fn decimal(value: &str) -> Decimal {
    Decimal { value: value.to_owned() }
}
