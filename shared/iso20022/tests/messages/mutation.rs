//! Files with bytes changed, cut, doubled and moved at random, from a fixed seed: whatever comes, a reader answers; it neither
//! panics nor goes on for ever, and what it takes has the totals it announces.

use crate::samples::{order, read_report, read_statement, report, statement};
use handsel_iso20022::{Limits, OrderReader};

/// A sequence that is the same on every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }
}

fn mutate(dice: &mut Dice, text: &[u8]) -> Vec<u8> {
    const PIECES: [&[u8]; 8] = [b"<", b">", b"&", b"</", b"]]>", b"<!--", b"\"", b"\xc3"];
    let mut text = text.to_vec();
    for _ in 0..=dice.roll(4) {
        let (at, length) = (dice.roll(text.len()), dice.roll(40));
        let end = (at + length).min(text.len());
        match dice.roll(5) {
            0 => text[at] = u8::try_from(dice.roll(256)).unwrap(),
            1 => drop(text.drain(at..end)),
            2 => {
                let piece = text[at..end].to_vec();
                let to = dice.roll(text.len());
                text.splice(to..to, piece);
            }
            3 => drop(text.splice(at..at, PIECES[dice.roll(8)].iter().copied())),
            _ => text[at] = text[dice.roll(text.len())],
        }
        if text.is_empty() {
            text.push(b'<');
        }
    }
    text
}

fn read_order(text: &[u8]) -> Result<u64, &'static str> {
    let mut reader = OrderReader::open(text, Limits::default()).map_err(|error| error.fault.reason())?;
    let mut count = 0;
    while reader.next().map_err(|error| error.fault.reason())?.is_some() {
        count += 1;
    }
    assert_eq!(count, reader.head().count);
    Ok(count)
}

#[test]
fn a_reader_answers_whatever_comes() {
    let originals = [
        order(4, "EUR"),
        report(0).into_bytes(),
        report(1).into_bytes(),
        statement(0).into_bytes(),
        statement(1).into_bytes(),
    ];
    let mut dice = Dice(20_260_302);
    let (mut taken, mut refused) = (0, 0);
    for round in 0..6_000 {
        let text = mutate(&mut dice, &originals[round % originals.len()]);
        let ok = match round % originals.len() {
            0 => read_order(&text).is_ok(),
            1 | 2 => read_report(&text).is_ok(),
            _ => read_statement(&text).is_ok(),
        };
        if ok { taken += 1 } else { refused += 1 }
    }
    // Some changes change nothing that is read; most do.
    assert!(taken > 50 && refused > 3_000, "{taken} taken, {refused} refused");
}
