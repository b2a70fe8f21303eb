//! Whatever was packed comes out again, whatever else is stored comes to an end: an error or other bytes, and never too many.

use super::*;
use crate::tlog::Hash;
use expect_test::expect;
use proptest::prelude::*;

const BOTH: [Packed; 2] = [Packed::Leaf, Packed::Body];
/// A granted reward's, and its body.
const LEAF: &str = r#"{"logged_at":"2026-11-22T06:31:04.120001Z","statement":{"action":"grant","actor":{"branch":"","on_behalf_of":"","roles":[],"staff":"s-0f75572755f2f9b225ab4f42832e8c22"},"amount_minor":"20000","body":{"alg":"handsel/body/v1","digest":"231f03c2d12c95a35d577ab8de3f202330f0b6b778dd47e062c28659befc7307"},"correlation":"referrals/c8460f9e-7e28-5d5b-b20a-6ea0d6f5a4b9","currency":"CZK","epoch":"1","id":"c8460f9e-7e28-5d5b-b20a-6ea0d6f5a4b9","outcome":"success","pii":[],"policy":"plans/friends/versions/1","prev":"98d773d1273e14e65a3bc8693d4d4d5dfc89a794f768206d29a4b9cf9966b80a","source":"reward/audit","source_seq":"31416","subjects":["rewards/c8460f9e-7e28-5d5b-b20a-6ea0d6f5a4b9","referrals/c8460f9e-7e28-5d5b-b20a-6ea0d6f5a4b9","customers/c-4bf92f3577b34da6a3ce929d0e0e4736"],"time":"2026-11-22T06:31:03.998877Z","trace":"5c3f1ceeea626b83c1299b059f29dfdc","type":"reward.granted","v":"1"}}"#;
const BODY: &str = r#"{"net_minor":"17000","role":"REFERRER","tax_minor":"3000","tier":"GENERAL"}"#;

/// The column, what lies in it, and whose bytes they are.
fn rows() -> [(Packed, Vec<u8>, &'static [u8]); 2] {
    [(Packed::Leaf, LEAF), (Packed::Body, BODY)]
        .map(|(packed, text)| (packed, packed.pack(text.as_bytes()), text.as_bytes()))
}

/// A frame of the newest form, made by a zstd that keeps to no bound of ours.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let Bench { mut compressor, .. } = Bench::new();
    compressor.set_prepared_dictionary(&LEAF_1.encoder).unwrap();
    [vec![NEWEST], compressor.compress(bytes).unwrap()].concat()
}

/// A dictionary that is not the one cannot unpack what it packed: it belongs to the log like the rows.
#[test]
fn the_dictionaries_are_those_that_rows_were_packed_with() {
    for (dictionary, expected) in [
        (
            include_bytes!("../../dictionaries/leaf-1.dict").as_slice(),
            "d41bf6b23e0ed7ecdf1c765f79ac2e35c767e5963d075e3be5955b62b7fc8311",
        ),
        (
            include_bytes!("../../dictionaries/body-1.dict").as_slice(),
            "44285c3c3f49abc3b116ed30418df0040548e0f5909cb849f6c359a35aa7b4db",
        ),
    ] {
        assert_eq!(Hash::of(dictionary).to_string(), expected);
    }
}

#[test]
fn records_are_stored_in_a_part_of_their_bytes() {
    let told: Vec<_> = rows().map(|(_, stored, bytes)| format!("{} of {}", stored.len(), bytes.len())).into();
    expect![[r#"
        256 of 890
        45 of 75"#]]
    .assert_eq(&told.join("\n"));
    for (packed, stored, bytes) in rows() {
        assert_eq!((stored.first(), packed.unpack(&stored).as_deref()), (Some(&NEWEST), Ok(bytes)));
    }
}

/// What was stored by a zstd of today is read by those to come.
#[test]
fn what_was_stored_once_stays_readable() {
    let stored = "0128b52ffd204b1d0100587b3137303030746178337d08fcafcde0995042528294e76a10660e124a35000e2a02";
    assert_eq!(Packed::Body.unpack(&hex::decode(stored).unwrap()).as_deref(), Ok(BODY.as_bytes()));
}

#[test]
fn what_would_be_no_shorter_stays_as_it_came() {
    for bytes in [b"".as_slice(), b"{}", b"null", &[7; 3], &Hash::of(b"chance").to_vec()] {
        for packed in BOTH {
            let stored = packed.pack(bytes);
            assert_eq!(stored, [&[PLAIN], bytes].concat());
            assert_eq!(packed.unpack(&stored).as_deref(), Ok(bytes));
        }
    }
}

#[test]
fn a_column_holds_its_longest_and_no_more() {
    for packed in BOTH {
        let longest = vec![b'x'; packed.most()];
        assert_eq!(packed.unpack(&packed.pack(&longest)).as_deref(), Ok(longest.as_slice()));
        assert_eq!(packed.unpack(&[&[PLAIN], longest.as_slice()].concat()).as_deref(), Ok(longest.as_slice()));
        let longer = vec![b'x'; packed.most() + 1];
        for stored in [framed(&longer), [&[PLAIN], longer.as_slice()].concat()] {
            assert_eq!(packed.unpack(&stored), Err(Unreadable::TooLong));
        }
    }
}

#[test]
fn what_this_program_did_not_store_is_an_error() {
    let frame = framed(LEAF.as_bytes());
    let mut lying = frame.clone();
    // The two bytes of the frame's content size (RFC 8878 §3.1.1.1.4), less 256: it says one less than it holds.
    lying[6] -= 1;
    let twice = [&frame[..], &frame[1..]].concat();
    // A frame in one segment that says that it holds four gigabytes, and one that says nothing.
    let huge = [&[NEWEST], &[0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00, 0x00][..]].concat();
    let silent = [&[NEWEST], &[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x01, 0x00, 0x00][..]].concat();
    for (what, stored, expected) in [
        ("nothing", vec![], Unreadable::Empty),
        ("JSON", LEAF.into(), Unreadable::Form(b'{')),
        ("a form to come", [&[2], &frame[1..]].concat(), Unreadable::Form(2)),
        ("a form and nothing more", vec![NEWEST], Unreadable::TooLong),
        ("no frame", [&[NEWEST], LEAF.as_bytes()].concat(), Unreadable::TooLong),
        ("a frame that says less than it holds", lying, Unreadable::Broken),
        ("a frame twice", twice, Unreadable::Broken),
        ("a frame and a byte", [&frame[..], &[0]].concat(), Unreadable::Broken),
        ("a frame that says far too much", huge, Unreadable::TooLong),
        ("a frame that does not say how much", silent, Unreadable::TooLong),
    ] {
        assert_eq!(Packed::Leaf.unpack(&stored), Err(expected), "{what}");
    }
    assert_ne!(Packed::Body.unpack(&frame).as_deref(), Ok(LEAF.as_bytes()), "the dictionary is the column's");
}

#[test]
fn cut_off_anywhere_it_is_an_error() {
    for (packed, stored, _) in rows() {
        for end in 0..stored.len() {
            assert!(packed.unpack(&stored[..end]).is_err(), "{packed:?} up to {end}");
        }
    }
}

/// There are bits that mean nothing (RFC 8878 §3.1.1.1.1.3, for one): with one of them flipped the same bytes come out, which harms
/// nobody.
#[test]
fn with_any_bit_flipped_no_more_comes_out_than_is_claimed() {
    for (packed, stored, bytes) in rows() {
        let mut the_same = 0;
        for bit in 0..stored.len() * 8 {
            let mut flipped = stored.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let came = packed.unpack(&flipped).unwrap_or_else(|_| flipped.clone());
            let head = &flipped[..flipped.len().min(usize::try_from(HEAD_BYTES).unwrap())];
            assert!(came.len() as u64 <= packed.weight(head, flipped.len() as u64), "{packed:?}, bit {bit}");
            the_same += usize::from(came == bytes);
        }
        assert!(the_same <= 8, "{the_same} bits of {packed:?} mean nothing");
    }
}

#[test]
fn a_record_weighs_what_comes_out_of_it() {
    for (packed, stored, bytes) in rows() {
        let head = &stored[..usize::try_from(HEAD_BYTES).unwrap()];
        assert_eq!(packed.weight(head, stored.len() as u64), bytes.len() as u64);
        let plain = [&[PLAIN], bytes].concat();
        let head = &plain[..usize::try_from(HEAD_BYTES).unwrap()];
        assert_eq!(
            packed.weight(head, plain.len() as u64),
            plain.len() as u64,
            "one more than comes out, and that is all"
        );
    }
    assert_eq!(Packed::Body.weight(&[], 0), 0, "a record without a body");
}

proptest! {
    #[test]
    fn any_bytes_come_out_as_they_went_in(bytes in proptest::collection::vec(any::<u8>(), 0..3000), often in 1..40_usize) {
        for packed in BOTH {
            for bytes in [bytes.clone(), bytes.iter().map(|byte| byte % 3).collect(), LEAF.as_bytes().repeat(often)] {
                let stored = packed.pack(&bytes);
                prop_assert!(stored.len() <= bytes.len() + 1);
                prop_assert_eq!(packed.unpack(&stored), Ok(bytes));
            }
        }
    }

    #[test]
    fn any_bytes_that_are_stored_come_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
        for (packed, mut stored, _) in rows() {
            let at = at.index(stored.len());
            stored.splice(at.., bytes.iter().copied());
            for stored in [stored, bytes.clone(), [&[NEWEST, 0x28, 0xb5, 0x2f, 0xfd], bytes.as_slice()].concat()] {
                let came = packed.unpack(&stored).unwrap_or_else(|_| stored.clone());
                let head = &stored[..stored.len().min(usize::try_from(HEAD_BYTES).unwrap())];
                prop_assert!(came.len() as u64 <= packed.weight(head, stored.len() as u64));
            }
        }
    }
}
