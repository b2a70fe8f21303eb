//! How long a cash reward and a loan of 360 months take as calls of the library, with their traces; and what stands before a handler.
#![expect(clippy::unwrap_used, reason = "made-up input that is known to be right")]

use crate::quotes;
use bytes::Bytes;
use handsel_access::{Branch, DevIssuer, DevToken, Role, Rules};
use handsel_money::{Currency, Money, Rate, Rounding, parse_decimal};
use handsel_proto::{POOL, codec, handsel::reward::v1::QuoteRewardRequest};
use handsel_reward::domain::calculation::{
    caps::{Limits, OnExceed, Used},
    cash::{self, CashInput, CashTerms},
    concession::Concession,
    loan::{self, InterestBasis, Loan, Method},
    rule::{Base, Rule},
    tax::{Basis, BorneBy, FlatTax, Tax},
};
use prost::Message as _;
use serde::Serialize;
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

/// Rounds of which the fastest counts: whatever else the machine does only makes one slower.
const ROUNDS: u32 = 7;

/// What the calculations take.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Library {
    /// A cash reward, in nanoseconds.
    pub(crate) cash_nanos: u64,
    /// A loan of 360 months with its yearly cost, in microseconds.
    pub(crate) loan_micros: u64,
    /// What stands before the handler of a quote: the token's bearer and whether he may, decoding, the field rules; in nanoseconds.
    pub(crate) checks_nanos: u64,
}

/// Measures both.
pub(crate) fn measure() -> Library {
    let (terms, input) = reward();
    let cash = fastest(20_000, || drop(black_box(cash::decide(black_box(&terms), black_box(&input)))));
    let of_360 = loan_of(360);
    let loan = fastest(100, || drop(black_box(loan::decide(black_box(&of_360)))));
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    Library {
        cash_nanos: nanos(cash),
        loan_micros: u64::try_from(loan.as_micros()).unwrap_or(u64::MAX),
        checks_nanos: nanos(checks()),
    }
}

/// A token that has been seen before, as nearly all have.
fn checks() -> Duration {
    let issuer = DevIssuer::from_seed(&[7; 32], Arc::new(|| 1_767_603_600)).unwrap();
    let teller = DevToken { branch: Branch::One("0101".into()), ..DevToken::of_role(Role::BranchStaff, "anna") };
    let (token, verifier, rules) =
        (issuer.issue(&teller).unwrap(), issuer.verifier().unwrap(), Rules::read(&POOL).unwrap());
    let request = Bytes::from(quotes::request().encode_to_vec());
    fastest(20_000, || {
        let caller = verifier.verify(black_box(&token)).unwrap();
        rules.of(quotes::QUOTE).unwrap().admits(&caller).unwrap();
        black_box(codec::read::<QuoteRewardRequest>(request.clone()).unwrap());
    })
}

/// The time of one call, in the fastest round of so many calls.
fn fastest(calls: u32, mut call: impl FnMut()) -> Duration {
    let round = || {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().checked_div(calls).unwrap_or_default()
    };
    std::iter::repeat_with(round).take(ROUNDS as usize).min().unwrap_or_default()
}

fn yuan(text: &str) -> Money {
    Money::parse_major("CNY".parse().unwrap(), text).unwrap()
}

/// One percent, 10 to 500, a quarter more for a tier, under every limit, a fifth withheld.
fn reward() -> (CashTerms, CashInput) {
    let currency: Currency = "CNY".parse().unwrap();
    let terms = CashTerms {
        currency,
        rounding: Rounding::HalfUp,
        rule: Rule {
            base: Base::Percent { rate: Rate::parse("0.01").unwrap() },
            multipliers: [("GOLD".to_owned(), Rate::parse("1.25").unwrap())].into(),
            minimum: Some(yuan("10.00")),
            maximum: Some(yuan("500.00")),
        },
        limits: Limits {
            count_cap: Some(10),
            amount_cap: Some(yuan("800.00")),
            budget: Some(yuan("100000.00")),
            on_exceed: OnExceed::Reduce,
        },
        tax: Tax::Flat(FlatTax {
            rate: Rate::parse("0.20").unwrap(),
            exempt_up_to: yuan("0"),
            basis: Basis::Whole,
            borne_by: BorneBy::Recipient,
        }),
    };
    let input = CashInput {
        qualifying_amount: yuan("5000.00"),
        tier: Some("GOLD".to_owned()),
        window: Some("2025-06".to_owned()),
        used: Used::nothing(currency),
    };
    (terms, input)
}

/// A loan in equal instalments, at a discount.
fn loan_of(instalments: u32) -> Loan {
    Loan {
        principal: yuan("1200000.00"),
        drawdown: "2025-01-15".parse().unwrap(),
        instalments,
        base_rate: parse_decimal("0.0435").unwrap(),
        discounts: vec![Concession { source: "referral".to_owned(), bps: parse_decimal("15").unwrap() }],
        max_discount_bps: None,
        rate_floor: None,
        discount_months: None,
        interest_basis: InterestBasis::Twelfth,
        method: Method::EqualInstalment,
        rounding: Rounding::HalfUp,
    }
}
