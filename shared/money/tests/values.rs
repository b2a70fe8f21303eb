//! What values accept, refuse and print, row by row.
#![cfg(test)]

use std::time::Duration;

use handsel_money::{
    Class, Currency, Date, DayCount, Decimal, Exact, Money, MoneyError, Rate, Rounding, Timestamp, Written as _, Zone,
    internal_rate, level_payment, parse_decimal, round_to_decimal, round_to_minor, round_to_whole,
};

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn currencies_have_the_minor_units_of_the_standard() {
    for (code, digits) in [("CNY", 2), ("EUR", 2), ("JPY", 0), ("VND", 0), ("KWD", 3), ("CLF", 4)] {
        assert_eq!(currency(code).minor_digits(), digits, "{code}");
        assert_eq!(currency(code).minor_per_major(), 10_i64.pow(digits), "{code}");
    }
    for code in ["XAU", "XXX", "cny", "CN", "", "ZZZ", "CNYY"] {
        assert_eq!(code.parse::<Currency>(), Err(MoneyError::UnknownCurrency), "{code}");
    }
}

#[test]
fn money_is_read_and_printed_in_major_units() {
    for (code, text, minor) in [
        ("CNY", "12.30", 1230),
        ("CNY", "0.05", 5),
        ("CNY", "-0.05", -5),
        ("JPY", "12", 12),
        ("KWD", "12.300", 12_300),
        ("CNY", "92233720368547758.07", i64::MAX),
        ("CNY", "-92233720368547758.07", -i64::MAX),
    ] {
        let money = Money::parse_major(currency(code), text).unwrap();
        assert_eq!((money.minor(), money.to_major_string().as_str()), (minor, text));
        assert_eq!(money.to_string(), format!("{text} {code}"));
        assert_eq!(money.to_string().parse(), Ok(money));
    }
    assert_eq!(Money::parse_major(currency("CNY"), "12.3").unwrap().to_major_string(), "12.30");
}

#[test]
fn money_that_is_malformed_finer_or_too_large_is_refused() {
    let cny = currency("CNY");
    for text in ["", "-", "1.", ".5", "+1", "1e2", "1,000", " 1", "1 ", "--1", "1.2.3", "0x1", "１"] {
        assert_eq!(Money::parse_major(cny, text), Err(MoneyError::InvalidAmount), "{text:?}");
    }
    assert_eq!(Money::parse_major(cny, "1.005"), Err(MoneyError::AmountPrecision(cny)));
    assert_eq!(Money::parse_major(currency("JPY"), "1.0"), Err(MoneyError::AmountPrecision(currency("JPY"))));
    for text in ["92233720368547758.08", "-92233720368547758.08", &"9".repeat(60)] {
        assert_eq!(Money::parse_major(cny, text), Err(MoneyError::OutOfRange), "{text}");
    }
}

#[test]
fn money_neither_wraps_nor_mixes() {
    let (one, most) = (Money::new(currency("CNY"), 1), Money::new(currency("CNY"), i64::MAX));
    let yen = Money::new(currency("JPY"), 1);
    let mismatch = MoneyError::CurrencyMismatch { left: currency("CNY"), right: currency("JPY") };
    assert_eq!(most.checked_add(one), Err(MoneyError::OutOfRange));
    assert_eq!(Money::new(currency("CNY"), -i64::MAX).checked_sub(one), Err(MoneyError::OutOfRange));
    assert_eq!(most.checked_times(2), Err(MoneyError::OutOfRange));
    assert_eq!(one.checked_add(yen), Err(mismatch));
    assert_eq!(one.checked_sub(yen), Err(mismatch));
    assert_eq!(one.at_most(yen), Err(mismatch));
    assert_eq!(most.checked_sub(one).unwrap().minor(), i64::MAX - 1);
    assert_eq!((mismatch.class(), MoneyError::OutOfRange.class()), (Class::InvalidArgument, Class::OutOfRange));
}

#[test]
fn decimals_are_bounded_and_never_rounded() {
    let longest = format!("0.{}1", "0".repeat(27));
    for text in ["0", "0.0325", "-0.001", "79228162514264337593543950335", &longest] {
        assert_eq!(parse_decimal(text).unwrap().to_string(), text);
    }
    let too_long = format!("0.{}1", "0".repeat(28));
    for text in ["", ".5", "5.", "+1", "1e-2", "1_0", "79228162514264337593543950336", &too_long, &"1".repeat(50)] {
        assert_eq!(parse_decimal(text), Err(MoneyError::InvalidDecimal), "{text}");
    }
    assert_eq!(Rate::parse("-0.01"), Err(MoneyError::NegativeRate));
    assert_eq!(Rate::parse("0.0100").unwrap(), Rate::parse("0.01").unwrap());
    assert_eq!(Rate::parse("-0").unwrap().to_string(), "0");
}

#[test]
fn every_mode_rounds_ties_and_signs_as_the_specification_says() {
    let halves = ["2.5", "3.5", "-2.5", "2.4", "2.6", "-2.6", "2"];
    for (mode, expected) in [
        (Rounding::HalfUp, [3, 4, -3, 2, 3, -3, 2]),
        (Rounding::HalfEven, [2, 4, -2, 2, 3, -3, 2]),
        (Rounding::Down, [2, 3, -2, 2, 2, -2, 2]),
        (Rounding::Up, [3, 4, -3, 3, 3, -3, 2]),
    ] {
        let rounded = halves.map(|half| round_to_whole(&Exact::from(parse_decimal(half).unwrap()), mode).unwrap());
        assert_eq!(rounded, expected, "{mode}");
        assert_eq!(mode.to_string().parse(), Ok(mode));
    }
    assert_eq!("HALF_DOWN".parse::<Rounding>(), Err(MoneyError::UnknownRounding));
}

#[test]
fn rounding_is_given_the_exact_value() {
    // JPY 5,300,000 at 5.877 % for four 30/360 months: 28 digits formed in the wrong order make it 103,826.
    let years = DayCount::Thirty360.year_fraction(date("2025-01-15"), date("2025-05-15")).unwrap().exact();
    let jpy = currency("JPY");
    let interest = Money::new(jpy, 5_300_000).exact().times(&Rate::parse("0.05877").unwrap().exact()).times(&years);
    assert_eq!(round_to_minor(&interest, jpy, Rounding::Down).unwrap().minor(), 103_827);
}

#[test]
fn a_result_beyond_what_money_holds_is_out_of_range() {
    let cny = currency("CNY");
    let most = Money::new(cny, i64::MAX).exact();
    let cent = Exact::fraction(1, 100).unwrap();
    assert_eq!(round_to_minor(&most, cny, Rounding::Up).unwrap().minor(), i64::MAX);
    assert_eq!(round_to_minor(&most.plus(&cent), cny, Rounding::Up), Err(MoneyError::OutOfRange));
    assert_eq!(round_to_minor(&most.power(9), cny, Rounding::Up), Err(MoneyError::OutOfRange));
    assert_eq!(round_to_whole(&most.power(9), Rounding::Up), Err(MoneyError::OutOfRange));
    assert_eq!(round_to_decimal(&most.power(2), 6, Rounding::Up), Err(MoneyError::OutOfRange));
}

#[test]
fn fractions_print_so_that_nothing_is_lost() {
    let third = Exact::fraction(1, 3).unwrap();
    let decimal = |text: &str| Exact::from(parse_decimal(text).unwrap());
    for (value, printed) in [
        (decimal("62.50"), "62.5"),
        (decimal("-0.05"), "-0.05"),
        (decimal("100"), "100"),
        (third.clone(), "1/3"),
        (Exact::fraction(-10, 4).unwrap(), "-2.5"),
        (third.times(&Exact::whole(3)), "1"),
        (decimal("0.0000000000000000000000000001").power(2), &format!("0.{}1", "0".repeat(55))),
    ] {
        assert_eq!(value.to_string(), printed);
    }
    assert!(third.over(&Exact::ZERO).is_none());
}

#[test]
fn timestamps_are_utc_to_the_microsecond() {
    for (text, micros) in [
        ("1970-01-01T00:00:00.000000Z", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2025-03-01T02:00:00.000001Z", 1_740_794_400_000_001),
        ("0001-01-02T00:00:00.000000Z", Timestamp::MIN.as_micros()),
        ("9999-12-30T22:00:00.000000Z", Timestamp::MAX.as_micros()),
    ] {
        assert_eq!(Timestamp::from_micros(micros).to_string(), text);
        assert_eq!(text.parse(), Ok(Timestamp::from_micros(micros)));
    }
    let offset: Timestamp = "2025-03-01T10:00:00+08:00".parse().unwrap();
    assert_eq!(offset.to_string(), "2025-03-01T02:00:00.000000Z");
    for text in ["", "2025-03-01", "2025-03-01T02:00:00", "2025-02-30T00:00:00Z", "2025-03-01T02:00:00.0000001Z"] {
        assert_eq!(text.parse::<Timestamp>(), Err(MoneyError::InvalidTimestamp), "{text}");
    }
    assert_eq!(Timestamp::checked_from_micros(i64::MAX), None);
    assert_eq!(Timestamp::from_micros(i64::MAX), Timestamp::MAX);
    assert_eq!(Timestamp::MAX.checked_add(Duration::from_micros(1)), None);
    assert_eq!(Timestamp::MIN.checked_sub(Duration::from_micros(1)), None);
    assert_eq!(offset.checked_add(Duration::MAX), None);
    let later = offset.checked_add(Duration::from_secs(1)).unwrap();
    assert_eq!(later.saturating_since(offset), Duration::from_secs(1));
    assert_eq!(offset.saturating_since(later), Duration::ZERO);
}

#[test]
fn days_turn_where_the_plan_is() {
    let turn: Timestamp = "2025-01-31T16:00:00Z".parse().unwrap();
    for (name, expected) in [("UTC", "2025-01-31"), ("Asia/Shanghai", "2025-02-01"), ("America/New_York", "2025-01-31")]
    {
        assert_eq!(turn.date_in(&zone(name)), date(expected), "{name}");
    }
    for name in ["", "asia/shanghai", "Mars/Olympus", "+08:00", "../etc/passwd"] {
        assert_eq!(name.parse::<Zone>(), Err(MoneyError::UnknownZone), "{name}");
    }
    // Midnight did not exist in São Paulo on the day that summer time began.
    let first = date("2018-11-04").start_in(&zone("America/Sao_Paulo"));
    assert_eq!(first.to_string(), "2018-11-04T03:00:00.000000Z");
    assert_eq!(date("2025-02-01").start_in(&zone("Asia/Shanghai")), turn);
    assert!(date("9999-12-31").start_in(&zone("America/New_York")) <= Timestamp::MAX);
}

#[test]
fn dates_are_of_the_calendar() {
    for text in ["2025-02-29", "2025-13-01", "0000-12-31", "2025-1-1", "20250101", "2025-01-01T00", "-001-01-01", ""] {
        assert_eq!(text.parse::<Date>(), Err(MoneyError::InvalidDate), "{text}");
    }
    assert_eq!(date("2025-01-31").months(1).unwrap(), date("2025-02-28"));
    assert_eq!(date("2025-01-31").months(-2).unwrap(), date("2024-11-30"));
    assert_eq!(date("2024-02-28").plus_days(2).unwrap(), date("2024-03-01"));
    assert_eq!(date("2024-03-01").plus_days(-1).unwrap(), date("2024-02-29"));
    for beyond in [i32::MAX, i32::MIN] {
        assert_eq!(date("2025-01-01").plus_days(beyond), Err(MoneyError::OutOfRange));
        assert_eq!(date("2025-01-01").months(beyond), Err(MoneyError::OutOfRange));
    }
    assert_eq!(date("1899-12-31").days_until(date("1900-03-01")), 60);
    assert_eq!(date("2025-03-01").days_until(date("2025-02-28")), -1);
}

#[test]
fn annuities_know_their_bounds() {
    let cny = currency("CNY");
    let hundred = Money::new(cny, 10_000);
    assert!(level_payment(&hundred.exact(), &Exact::ZERO, 12).is_none());
    assert!(level_payment(&hundred.exact(), &Exact::ONE, 0).is_none());
    let doubled = level_payment(&hundred.exact(), &Exact::ONE, 1).unwrap();
    assert_eq!(doubled.to_string(), "200");
    assert_eq!(internal_rate(hundred, &[hundred], &Exact::ZERO).unwrap(), Exact::ZERO);
    assert!(internal_rate(hundred, &[Money::new(cny, 9_999)], &Exact::ZERO).is_none());
    assert!(internal_rate(Money::zero(cny), &[hundred], &Exact::ZERO).is_none());
    let ten_percent = internal_rate(hundred, &[Money::new(cny, 11_000)], &Exact::ZERO).unwrap();
    assert_eq!(round_to_decimal(&ten_percent, 20, Rounding::HalfUp).unwrap(), Decimal::new(1, 1));
}

#[test]
fn what_is_written_is_what_is_printed() {
    for (code, minor) in [("CNY", 0), ("CNY", 5), ("CNY", -1230), ("JPY", 1000), ("KWD", 1), ("CNY", i64::MAX)] {
        let money = Money::new(currency(code), minor);
        assert_eq!(money.written(), money.to_string());
    }
    for rate in ["0", "1", "0.0325", "1.250", "12", "0.0000000000000000000000000001", "79228162514264337593543950335"] {
        let rate = Rate::parse(rate).unwrap();
        assert_eq!(rate.written(), rate.to_string());
        assert_eq!(rate.exact().written(), rate.exact().to_string());
    }
    let third = Exact::fraction(-1, 3).unwrap();
    let quarter = Exact::fraction(-100, 400).unwrap();
    let long = Exact::scaled(i128::MAX, 30);
    for exact in [third, quarter, long, Exact::ZERO, Exact::whole(-5), Exact::scaled(1500, 2), Exact::scaled(-1, 18)] {
        assert_eq!(exact.written(), exact.to_string());
    }
    assert_eq!(Exact::scaled(-1500, 3).written(), "-1.5");
    assert_eq!(Rounding::HalfUp.written(), "HALF_UP");
}

#[test]
fn everything_is_serialized_as_its_text() {
    let money = Money::parse_major(currency("CNY"), "12.30").unwrap();
    let text = serde_json::to_string(&(money, Rate::ONE, Rounding::HalfUp, DayCount::Act365F, date("2025-03-01")));
    assert_eq!(text.unwrap(), r#"["12.30 CNY","1","HALF_UP","ACT_365F","2025-03-01"]"#);
    assert!(serde_json::from_str::<Rate>("0.1").is_err(), "a number of JSON may be a float on its way");
}
