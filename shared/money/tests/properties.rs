//! What holds for all values: rounding against a plain oracle, arithmetic on both paths, prints that are read back.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the oracle is written in whole numbers without bound")]

use std::str::FromStr;

use handsel_money::{
    Currency, Date, DayCount, Decimal, Exact, Money, Rate, Rounding, Timestamp, internal_rate, round_to_decimal,
    round_to_minor,
};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use proptest::prelude::*;

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["CNY", "JPY", "KWD", "CLF"]).prop_map(|code| code.parse().unwrap())
}

fn rounding() -> impl Strategy<Value = Rounding> {
    prop::sample::select(vec![Rounding::HalfUp, Rounding::HalfEven, Rounding::Down, Rounding::Up])
}

fn decimal() -> impl Strategy<Value = Decimal> {
    let mantissa = prop_oneof![-10_000_i128..10_000, -(1_i128 << 96) + 1..(1_i128 << 96)];
    (mantissa, 0_u32..=28).prop_map(|(mantissa, scale)| Decimal::from_i128_with_scale(mantissa, scale))
}

fn exact() -> impl Strategy<Value = Exact> {
    prop_oneof![
        decimal().prop_map(Exact::from),
        (any::<i64>(), 1_i64..).prop_map(|(above, below)| Exact::fraction(above, below).unwrap()),
        (decimal(), decimal()).prop_map(|(one, other)| Exact::from(one).times(&Exact::from(other))),
    ]
}

fn date() -> impl Strategy<Value = Date> {
    (1_i16..=9998, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

/// Rounding as one would write it on paper: the floor of the magnitude, and what is above it.
fn oracle(value: &BigRational, rounding: Rounding) -> BigInt {
    let floor = value.abs().floor().to_integer();
    let above = value.abs() - BigRational::from_integer(floor.clone());
    let half = BigRational::new(1.into(), 2.into());
    let up = match rounding {
        Rounding::Down => false,
        Rounding::Up => !above.is_zero(),
        Rounding::HalfUp => above >= half,
        Rounding::HalfEven => above > half || (above == half && !(&floor % BigInt::from(2)).is_zero()),
    };
    let magnitude = if up { floor + 1 } else { floor };
    if value.is_negative() { -magnitude } else { magnitude }
}

fn round_trips<T: FromStr + ToString + PartialEq + std::fmt::Debug>(value: &T) -> bool
where
    T::Err: std::fmt::Debug,
{
    value.to_string().parse::<T>().unwrap() == *value
}

proptest! {
    #[test]
    fn rounds_as_the_oracle_does(value in exact(), currency in currency(), rounding in rounding()) {
        let scale = BigRational::from_integer(BigInt::from(currency.minor_per_major()));
        let expected = oracle(&(value.to_big() * scale), rounding);
        let ours = round_to_minor(&value, currency, rounding).map(|money| BigInt::from(money.minor()));
        match ours {
            Ok(ours) => prop_assert_eq!(ours, expected),
            Err(_) => prop_assert!(expected.abs() > BigInt::from(i64::MAX)),
        }
    }

    #[test]
    fn rounds_ties_as_the_oracle_does(minor in -1_000_i64..1_000, currency in currency(), rounding in rounding()) {
        let tie = Exact::fraction(minor, 2 * currency.minor_per_major()).unwrap();
        let scale = BigRational::from_integer(BigInt::from(currency.minor_per_major()));
        let ours = round_to_minor(&tie, currency, rounding).unwrap().minor();
        prop_assert_eq!(BigInt::from(ours), oracle(&(tie.to_big() * scale), rounding));
    }

    #[test]
    fn reckons_as_fractions_without_bound_do(left in exact(), right in exact()) {
        let (big_left, big_right) = (left.to_big(), right.to_big());
        prop_assert_eq!(left.plus(&right).to_big(), &big_left + &big_right);
        prop_assert_eq!(left.minus(&right).to_big(), &big_left - &big_right);
        prop_assert_eq!(left.times(&right).to_big(), &big_left * &big_right);
        prop_assert_eq!(left.cmp(&right), big_left.cmp(&big_right));
        prop_assert_eq!(left.is_negative(), big_left.is_negative());
        match left.over(&right) {
            Some(quotient) => prop_assert_eq!(quotient.to_big(), &big_left / &big_right),
            None => prop_assert!(big_right.is_zero()),
        }
    }

    #[test]
    fn decimals_print_as_fractions_do(value in decimal()) {
        let printed = Exact::from(value).to_string();
        prop_assert_eq!(printed, value.normalize().to_string());
    }

    #[test]
    fn prints_are_read_back(
        currency in currency(), minor in -i64::MAX..=i64::MAX, value in decimal(), date in date(),
        micros in Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros(),
    ) {
        prop_assert!(round_trips(&Money::new(currency, minor)));
        prop_assert!(round_trips(&Timestamp::from_micros(micros)));
        prop_assert!(round_trips(&date));
        if let Ok(rate) = Rate::from_decimal(value) {
            prop_assert!(round_trips(&rate));
        }
    }

    #[test]
    fn text_of_instants_sorts_as_time_does(one in any::<i64>(), other in any::<i64>()) {
        let (one, other) = (Timestamp::from_micros(one), Timestamp::from_micros(other));
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }

    #[test]
    fn malformed_text_is_refused_and_nothing_worse(text in ".{0,40}") {
        let _ = Money::parse_major("CNY".parse().unwrap(), &text);
        let _ = (text.parse::<Rate>(), text.parse::<Date>(), text.parse::<Timestamp>());
    }

    #[test]
    fn days_add_up(start in date(), days in 0_i32..200_000) {
        if let Ok(end) = start.plus_days(days) {
            prop_assert_eq!(start.days_until(end), i64::from(days));
            prop_assert_eq!(end.plus_days(-days), Ok(start));
            let actual = DayCount::Act365F.year_fraction(start, end).unwrap().exact();
            prop_assert_eq!(actual, Exact::fraction(i64::from(days), 365).unwrap());
        }
    }

    #[test]
    fn isda_years_add_up(start in date(), first in 0_i32..5_000, second in 0_i32..5_000) {
        let days = |from: Date, days| from.plus_days(days);
        if let Ok(middle) = days(start, first) && let Ok(end) = days(middle, second) {
            let years = |from, to| DayCount::ActActIsda.year_fraction(from, to).unwrap().exact();
            prop_assert_eq!(years(start, middle).plus(&years(middle, end)), years(start, end));
        }
    }

    #[test]
    fn an_internal_rate_discounts_the_payments_to_the_principal(
        payments in prop::collection::vec(0_i64..1_000_000_000, 1..9), part in 1_i64..=100, guess in 0_i64..5_000_000,
    ) {
        let sum: i64 = payments.iter().sum();
        let principal = sum / 100 * part;
        prop_assume!(principal > 0);
        let cny: Currency = "CNY".parse().unwrap();
        let money: Vec<Money> = payments.iter().map(|minor| Money::new(cny, *minor)).collect();
        let guess = Exact::fraction(guess, 1_000_000).unwrap();
        let rate = internal_rate(Money::new(cny, principal), &money, &guess).unwrap();
        prop_assert!(!rate.is_negative());
        let one = Exact::ONE.to_big();
        let discount = &one / (&one + rate.to_big());
        let worth = payments.iter().rev().fold(BigRational::zero(), |worth, payment| {
            (worth + BigRational::from(BigInt::from(*payment))) * &discount
        });
        let off = (worth - BigRational::from(BigInt::from(principal))).abs();
        prop_assert!(off < BigRational::new(1.into(), BigInt::from(10_u8).pow(20)), "{off} minor units off");
        let from_nothing = internal_rate(Money::new(cny, principal), &money, &Exact::ZERO).unwrap();
        let shown = |rate: &Exact| round_to_decimal(rate, 20, Rounding::HalfUp).unwrap();
        let apart = (shown(&rate) - shown(&from_nothing)).abs();
        prop_assert!(apart <= Decimal::new(1, 20), "{rate} and {from_nothing}");
    }
}
