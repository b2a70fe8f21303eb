//! Bytes, made from a seed; and values, made from bytes. Where the bytes end, zeros go on.

use handsel_money::{Currency, Date, DayCount, Decimal, Money, Rate, Rounding};

/// So many bytes that a seed makes (`splitmix64`).
pub(crate) fn of_seed(seed: u64, length: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// Takes values off the front.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Bytes<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        first
    }

    pub(crate) fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    pub(crate) fn sometimes<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) == 0).then(|| make(self))
    }

    /// Small numbers mostly, and now and then one as large as there are, or below 0.
    pub(crate) fn number(&mut self) -> i64 {
        let digits = u32::from(self.below(18));
        let small = i64::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte(), 0, 0, 0, 0]);
        match self.below(32) {
            0 => i64::MAX - small,
            1 => -small,
            _ => small.saturating_mul(10_i64.pow(digits / 2)),
        }
    }

    pub(crate) fn decimal(&mut self) -> Decimal {
        let scale = match self.below(8) {
            0 => u32::from(self.below(29)),
            _ => 4 + u32::from(self.below(4)),
        };
        Decimal::from_i128_with_scale(i128::from(self.number()) % 10_i128.pow(scale.min(9) + 1), scale)
    }

    pub(crate) fn rate(&mut self) -> Rate {
        Rate::from_decimal(self.decimal().abs()).unwrap()
    }

    pub(crate) fn currency(&mut self) -> Currency {
        ["CNY", "JPY", "KWD"][usize::from(self.below(16)).saturating_sub(13)].parse().unwrap()
    }

    pub(crate) fn money(&mut self) -> Money {
        let currency = self.currency();
        Money::new(currency, self.number())
    }

    pub(crate) fn rounding(&mut self) -> Rounding {
        [Rounding::HalfUp, Rounding::HalfEven, Rounding::Down, Rounding::Up][usize::from(self.below(4))]
    }

    pub(crate) fn date(&mut self) -> Date {
        let year = if self.below(16) == 0 { 9_990 } else { 2_000 + i16::from(self.below(50)) };
        Date::new(year, 1 + self.below(12).cast_signed(), 1 + self.below(28).cast_signed()).unwrap()
    }

    pub(crate) fn day_count(&mut self) -> DayCount {
        use DayCount::{Act360, Act365F, ActActIsda, Thirty360, ThirtyE360};
        [Act365F, Act360, ActActIsda, Thirty360, ThirtyE360][usize::from(self.below(5))]
    }
}
