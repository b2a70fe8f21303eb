//! Texts and numbers, and what is asked of them.

use regex::Regex;

/// What a text must be.
pub(super) struct Text {
    /// Characters at least.
    pub(super) least: usize,
    /// And at most.
    pub(super) most: usize,
    /// What it must match.
    pub(super) pattern: Option<Regex>,
    /// Whether it must be a UUID.
    pub(super) uuid: bool,
}

/// What a number must be.
pub(super) struct Number {
    /// How many bits its type has: 32, or 64.
    pub(super) bits: u8,
    /// At least.
    pub(super) least: i64,
    /// And at most.
    pub(super) most: i64,
    /// One of these, where there are any.
    pub(super) one_of: Option<Vec<i64>>,
    /// None of these.
    pub(super) none_of: Vec<i64>,
}

impl Text {
    pub(super) fn kept(&self, bytes: &[u8]) -> Option<()> {
        let text = std::str::from_utf8(bytes).ok()?;
        // There are as many characters as bytes at most, so that they are only counted where it matters.
        let enough = self.least == 0 || text.chars().count() >= self.least;
        let short = text.len() <= self.most || text.chars().count() <= self.most;
        let good = enough
            && short
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
            && (!self.uuid || is_uuid(bytes));
        good.then_some(())
    }
}

impl Number {
    pub(super) fn kept(&self, varint: u64) -> Option<()> {
        let number = match self.bits {
            32 => i64::from(i32::try_from(varint.cast_signed()).ok()?),
            _ => varint.cast_signed(),
        };
        let good = (self.least..=self.most).contains(&number)
            && self.one_of.as_ref().is_none_or(|these| these.contains(&number))
            && !self.none_of.contains(&number);
        good.then_some(())
    }
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
