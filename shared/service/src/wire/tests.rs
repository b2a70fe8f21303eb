//! The table of what crosses the wire and what is refused.

use super::*;
use crate::status::FIELD_INVALID;

fn money(currency: &str, units: i64, nanos: i32) -> Option<proto::Money> {
    Some(proto::Money { currency_code: currency.into(), units, nanos })
}

#[test]
fn amounts_that_fit_cross_both_ways() {
    let table = [
        ("CZK", 12, 300_000_000, 1230),
        ("CZK", -12, -300_000_000, -1230),
        ("CZK", 0, -10_000_000, -1),
        ("JPY", 500, 0, 500),
        ("KWD", 1, 1_000_000, 1001),
        ("CZK", 92_233_720_368_547_758, 70_000_000, i64::MAX),
        ("CZK", -92_233_720_368_547_758, -70_000_000, -i64::MAX),
        ("JPY", i64::MAX, 0, i64::MAX),
    ];
    for (currency, units, nanos, minor) in table {
        let wire = money(currency, units, nanos);
        let value = money_from(wire.as_ref(), "amount").unwrap();
        assert_eq!((value.minor(), value.currency().code()), (minor, currency));
        assert_eq!(Some(to_money(value)), wire);
    }
}

#[test]
fn amounts_that_do_not_fit_are_refused_at_their_field() {
    let table = [
        (None, "amount", FIELD_INVALID),
        (money("", 1, 0), "amount.currency_code", FIELD_INVALID),
        (money("XXX", 1, 0), "amount.currency_code", FIELD_INVALID),
        (money("czk", 1, 0), "amount.currency_code", FIELD_INVALID),
        (money("CZK", 1, -10_000_000), "amount.nanos", FIELD_INVALID),
        (money("CZK", -1, 10_000_000), "amount.nanos", FIELD_INVALID),
        (money("CZK", 1, 1_000_000_000), "amount.nanos", FIELD_INVALID),
        (money("CZK", 1, i32::MIN), "amount.nanos", FIELD_INVALID),
        (money("CZK", 1, 1), "amount", AMOUNT_PRECISION),
        (money("CZK", 0, 5_000_000), "amount", AMOUNT_PRECISION),
        (money("JPY", 0, 500_000_000), "amount", AMOUNT_PRECISION),
        (money("KWD", 0, 100_000), "amount", AMOUNT_PRECISION),
        (money("CZK", 92_233_720_368_547_758, 80_000_000), "amount", OUT_OF_RANGE),
        (money("JPY", i64::MIN, 0), "amount", OUT_OF_RANGE),
        (money("CZK", i64::MAX, 990_000_000), "amount", OUT_OF_RANGE),
    ];
    for (wire, field, reason) in table {
        let violation = money_from(wire.as_ref(), "amount").unwrap_err();
        assert_eq!((violation.field.as_str(), violation.reason), (field, reason), "{wire:?}");
    }
}

#[test]
fn instants_cross_to_the_microsecond() {
    let wire = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
    for (seconds, nanos, micros) in
        [(0, 0, 0), (1_750_000_000, 123_456_000, 1_750_000_000_123_456), (-1, 999_999_000, -1)]
    {
        let value = timestamp_from(wire(seconds, nanos).as_ref(), "at").unwrap();
        assert_eq!(value.as_micros(), micros);
        assert_eq!(Some(to_timestamp(value)), wire(seconds, nanos));
    }
    assert_eq!(timestamp_from(wire(0, 1_999).as_ref(), "at").unwrap().as_micros(), 1);
    for (given, field, reason) in [
        (None, "at", FIELD_INVALID),
        (wire(0, -1), "at.nanos", FIELD_INVALID),
        (wire(0, 1_000_000_000), "at.nanos", FIELD_INVALID),
        (wire(i64::MAX, 0), "at", OUT_OF_RANGE),
        (wire(253_402_300_800, 0), "at", OUT_OF_RANGE),
    ] {
        let violation = timestamp_from(given.as_ref(), "at").unwrap_err();
        assert_eq!((violation.field.as_str(), violation.reason), (field, reason), "{given:?}");
    }
}

#[test]
fn rates_are_exact_or_refused() {
    let wire = |value: &str| Some(proto::Decimal { value: value.into() });
    for (given, back) in [
        ("0.0325", "0.0325"),
        ("0", "0"),
        ("1.50", "1.5"),
        ("0.0000000000000000000000000001", "0.0000000000000000000000000001"),
    ] {
        assert_eq!(to_decimal(rate_from(wire(given).as_ref(), "rate").unwrap()).value, back);
    }
    for (given, field) in [
        (None, "rate"),
        (wire("-0.01"), "rate"),
        (wire(""), "rate.value"),
        (wire("1e-3"), "rate.value"),
        (wire("0,5"), "rate.value"),
        (wire("0.00000000000000000000000000001"), "rate.value"),
        (wire("79228162514264337593543950336"), "rate.value"),
    ] {
        assert_eq!(rate_from(given.as_ref(), "rate").unwrap_err().field, field, "{given:?}");
    }
    assert_eq!(decimal_from(wire("-25.5").as_ref(), "bps").unwrap().to_string(), "-25.5");
}

#[test]
fn a_resource_has_one_name() {
    let id = "018f7f2a-6f7e-7c3a-9d1e-0a1b2c3d4e5f";
    assert_eq!(id_from_name("referrals/", &format!("referrals/{id}"), "name").unwrap().to_string(), id);
    for name in [
        id.to_owned(),
        format!("rewards/{id}"),
        format!("referrals/{}", id.to_uppercase()),
        format!("referrals/{}", id.replace('-', "")),
        format!("referrals/{{{id}}}"),
        format!("referrals/{id}/"),
        String::new(),
    ] {
        assert!(id_from_name("referrals/", &name, "name").is_err(), "{name}");
    }
    assert!(request_id_from(id).is_ok());
    assert!(request_id_from("00000000-0000-0000-0000-000000000000").is_err());
}
