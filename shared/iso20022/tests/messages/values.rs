//! Single values: what is taken, and what would be right where it is not.

use crate::samples::money;
use handsel_iso20022::{Account, Address, Bic, CharacterSet, ControlSum, FieldError, Iban, Identifier, Line};
use proptest::prelude::*;

#[test]
fn ibans_are_known_by_length_and_check_digits() {
    let good = [
        "CZ6508000000192000145399",
        "DE89370400440532013000",
        "GB29NWBK60161331926819",
        "NO9386011117947",
        "MT84MALT011000012345MTLCAST001S",
        "FR1420041010050500013M02606",
        "SA0380000000608010167519",
    ];
    for text in good {
        assert_eq!(text.parse::<Iban>().unwrap().as_str(), text);
    }
    let shape = [
        "",
        "CZ",
        "XX6508000000192000145399",
        "CZ650800000019200014539",
        "cz6508000000192000145399",
        "CZ65 0800 0000 1920 0014 5399",
        "CZ6508000000192000145399Ž",
        "Č",
    ];
    for text in shape {
        assert_eq!(text.parse::<Iban>(), Err(FieldError::IbanShape), "{text}");
    }
    let digits =
        ["CZ6608000000192000145399", "CZ6508000000192000145398", "DE98370400440532013000", "CZ0108000000192000145399"];
    for text in digits {
        assert_eq!(text.parse::<Iban>(), Err(FieldError::IbanDigits), "{text}");
    }
}

#[test]
fn an_account_is_never_shown_whole() {
    let account = Account::Iban("DE89370400440532013000".parse().unwrap());
    let other = Account::other("19-2000145399/0800").unwrap();
    assert_eq!(format!("{account:?} {other:?}"), "Iban(DE89****) Other(****)");
}

#[test]
fn other_values_and_what_is_wrong_with_them() {
    assert!("DEUTDEFF".parse::<Bic>().is_ok() && "DEUTDEFF500".parse::<Bic>().is_ok());
    for text in ["DEUTDEF", "DEUTDEFF50", "deutdeff", "DEUT12FF", "DEUTDEFF5000"] {
        assert_eq!(text.parse::<Bic>(), Err(FieldError::Bic), "{text}");
    }
    for text in ["a", "A/b-c?:().,'+ d", &"x".repeat(35)] {
        assert!(Identifier::new(text).is_ok(), "{text}");
    }
    for text in ["", " a", "/a", "a/", "a//b", "ä", "a_b", "a\n", "a&b", &"x".repeat(36)] {
        assert_eq!(Identifier::new(text), Err(FieldError::Identifier), "{text:?}");
    }
    assert_eq!(Line::<5>::new("Nováková", CharacterSet::Unicode), Err(FieldError::Text(5)));
    assert_eq!(Line::<70>::new("Nováková", CharacterSet::Sepa), Err(FieldError::CharacterSet));
    assert_eq!(Line::<70>::new("a\u{7}", CharacterSet::Unicode), Err(FieldError::Text(70)));
    assert!(Line::<70>::new("张伟", CharacterSet::Unicode).is_ok());
    assert!(Account::other("").is_err() && Account::other(&"1".repeat(35)).is_err() && Account::other("1 2").is_err());
    let address = |town, country| Address::new("", "", "", town, country, CharacterSet::Unicode).err();
    assert_eq!(address("", "CZ"), Some(FieldError::Text(35)));
    assert_eq!(address("Praha", "Czechia"), Some(FieldError::Country));
}

#[test]
fn sums_are_exact_whatever_the_decimals() {
    let sum =
        ControlSum::ZERO.plus(money("0.10 EUR")).plus(money("0.20 EUR")).plus(money("7 JPY")).plus(money("1.005 KWD"));
    assert_eq!(sum.to_string(), "8.305");
    for (text, reads) in [
        ("8.30500", "8.305"),
        ("+1", "1"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-0.5", "-0.5"),
        ("007", "7"),
        ("0", "0"),
        ("1.0000000000", "1"),
    ] {
        assert_eq!(ControlSum::parse(text).unwrap().to_string(), reads);
    }
    for text in ["", ".", "+", "1e3", "1,5", "0.000001", "1.2.3", "٣", "1234567890123456789", "--1", "NaN"] {
        assert_eq!(ControlSum::parse(text), Err(FieldError::Sum), "{text}");
    }
    assert!(ControlSum::parse("999999999999999999").unwrap().fits());
    assert!(
        !ControlSum::of(money("90000000000000000.00 EUR"))
            .and(ControlSum::parse("99999999999999999.9").unwrap())
            .fits()
    );
}

proptest! {
    #[test]
    fn a_sum_is_what_the_minor_units_come_to(minors in proptest::collection::vec(0_i64..10_i64.pow(12), 0..50)) {
        let total: i64 = minors.iter().sum();
        let euro = "EUR".parse().unwrap();
        let sum = minors.iter().fold(ControlSum::ZERO, |sum, minor| sum.plus(handsel_money::Money::new(euro, *minor)));
        prop_assert_eq!(sum, ControlSum::of(handsel_money::Money::new(euro, total)));
        prop_assert_eq!(ControlSum::parse(&sum.to_string()), Ok(sum));
    }

    #[test]
    fn one_wrong_digit_of_an_iban_is_always_found(at in 4_usize..24, digit in 1_u8..10) {
        let mut text = b"CZ6508000000192000145399".to_vec();
        text[at] = b'0' + (text[at] - b'0' + digit) % 10;
        prop_assert_eq!(String::from_utf8(text).unwrap().parse::<Iban>(), Err(FieldError::IbanDigits));
    }

    #[test]
    fn nothing_makes_the_readers_of_values_panic(text in ".{0,40}") {
        let _ = text.parse::<Iban>();
        let _ = text.parse::<Bic>();
        let _ = ControlSum::parse(&text);
        let _ = Identifier::new(text.clone());
        let _ = Line::<20>::new(text, CharacterSet::Sepa);
    }
}
