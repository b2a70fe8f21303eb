//! A number as text, made from its last digit to its first and handed over in one piece: amounts and rates are written by the dozen into
//! every trace, and the formatter takes several times as long for each.

use std::fmt;

/// Room for the 39 digits behind the point that a fraction may have, a digit before it, a point, a sign, and a currency.
const ROOM: usize = 64;

/// Text that grows at its front.
pub(crate) struct Digits {
    room: [u8; ROOM],
    blank: usize,
}

impl Digits {
    pub(crate) const fn new() -> Self {
        Self { room: [b' '; ROOM], blank: ROOM }
    }

    /// Puts text of ASCII in front of what is there.
    pub(crate) fn prepend(&mut self, text: &str) {
        text.bytes().rev().for_each(|byte| self.put(byte));
    }

    /// Puts a number in front whose last digits, so many of them, stand behind the point: 1230 with two is `12.30`.
    pub(crate) fn prepend_decimal(&mut self, mut number: u64, places: u32) {
        let mut before_point = places;
        loop {
            self.put(b'0'.saturating_add(u8::try_from(number % 10).unwrap_or(0)));
            number /= 10;
            match before_point {
                0 if number == 0 => return,
                0 => {}
                1 => {
                    self.put(b'.');
                    before_point = 0;
                }
                _ => before_point = before_point.saturating_sub(1),
            }
        }
    }

    /// Writes all of it.
    pub(crate) fn write_to(&self, target: &mut impl fmt::Write) -> fmt::Result {
        target.write_str(self.text())
    }

    /// All of it.
    pub(crate) fn text(&self) -> &str {
        // Nothing but ASCII is ever put there.
        self.room.get(self.blank..).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }

    fn put(&mut self, byte: u8) {
        self.blank = self.blank.saturating_sub(1);
        if let Some(place) = self.room.get_mut(self.blank) {
            *place = byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_point_where_it_belongs() {
        let table = [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (5, 2, "0.05"),
            (1230, 2, "12.30"),
            (1230, 0, "1230"),
            (1, 4, "0.0001"),
            (u64::MAX, 3, "18446744073709551.615"),
            (7, 38, "0.00000000000000000000000000000000000007"),
        ];
        for (number, places, expected) in table {
            let mut digits = Digits::new();
            digits.prepend_decimal(number, places);
            let mut text = String::new();
            digits.write_to(&mut text).unwrap();
            assert_eq!(text, expected);
        }
    }
}
