//! Codes that survive print and a telephone: an alphabet without look-alikes, and a check character that catches any
//! one wrong character and any two neighbours swapped.

use super::refusal::{Refusal, Violation};
use handsel_money::Timestamp;
use std::{fmt, str::FromStr};

/// Digits and capitals without 0 and O, 1, I and L, 2 and Z, 5 and S, 8 and B; without G, which looks like 6, and U, which
/// looks like V. 23 characters: a prime, which the check needs.
const ALPHABET: &[u8; 23] = b"34679ACDEFHJKMNPQRTVWXY";
const MODULUS: usize = ALPHABET.len();
/// Characters that carry the code, before the check character.
pub(crate) const DATA_LENGTH: usize = 7;
const LENGTH: usize = DATA_LENGTH + 1;
/// What the weighted sum of a true code leaves. Not 0: then `3333-3333` would be a code.
const REMAINDER: usize = 20;
/// The inverse of the last weight, 8, modulo 23.
const INVERSE_OF_LAST_WEIGHT: usize = 3;

/// A code in its one canonical form: capitals, no hyphen, its check character proved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CodeText([u8; LENGTH]);

/// Text that is no code: a wrong length, a character outside the alphabet, or a check character that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code: eight characters of {}, the last of which checks the others", String::from_utf8_lossy(ALPHABET))]
pub(crate) struct NotACode;

impl CodeText {
    /// The code over these random bytes, or `None` if too few of them can be used: only bytes below 253 are, so that
    /// each character is equally likely.
    pub(crate) fn draw(random: &[u8]) -> Option<Self> {
        let usable = MODULUS.checked_mul(usize::from(u8::MAX) / MODULUS)?;
        let mut values = random.iter().map(|byte| usize::from(*byte)).filter(|value| *value < usable);
        let mut digits = [0; DATA_LENGTH];
        for digit in &mut digits {
            *digit = values.next()?.checked_rem(MODULUS)?;
        }
        Self::with_check(digits)
    }

    fn with_check(digits: [usize; DATA_LENGTH]) -> Option<Self> {
        let missing = REMAINDER.checked_add(MODULUS)?.checked_sub(weighted(&digits)?)?;
        let check = missing.checked_mul(INVERSE_OF_LAST_WEIGHT)?.checked_rem(MODULUS)?;
        let mut text = [0; LENGTH];
        for (place, digit) in text.iter_mut().zip(digits.into_iter().chain([check])) {
            *place = *ALPHABET.get(digit)?;
        }
        Some(Self(text))
    }

    /// The canonical form, as it is stored.
    pub(crate) fn canonical(&self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }
}

impl fmt::Display for CodeText {
    /// As it is printed: two groups of four.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.canonical();
        let (first, second) = text.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl FromStr for CodeText {
    type Err = NotACode;

    /// Reads a code as people write it: in either case, with hyphens anywhere.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let written: Vec<u8> =
            text.bytes().filter(|byte| *byte != b'-').map(|byte| byte.to_ascii_uppercase()).collect();
        let canonical: [u8; LENGTH] = written.try_into().map_err(|_| NotACode)?;
        let digits: Option<Vec<usize>> =
            canonical.iter().map(|byte| ALPHABET.iter().position(|letter| letter == byte)).collect();
        let sum = digits.as_deref().and_then(weighted).ok_or(NotACode)?;
        if sum == REMAINDER { Ok(Self(canonical)) } else { Err(NotACode) }
    }
}

/// The sum of each digit times its place, counted from 1, modulo 23. The places are distinct and none is 0 modulo 23,
/// so one changed digit, or any two swapped, change the sum.
fn weighted(digits: &[usize]) -> Option<usize> {
    digits
        .iter()
        .zip(1_usize..)
        .try_fold(0_usize, |sum, (digit, place)| sum.checked_add(digit.checked_mul(place)?)?.checked_rem(MODULUS))
}

/// What a code is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeDraft {
    /// `programs/{program}` without the prefix.
    pub(crate) program: String,
    /// `customers/{customer}`.
    pub(crate) referrer: String,
    /// The issuing branch.
    pub(crate) branch: String,
    /// First instant at which it no longer holds.
    pub(crate) expires_at: Option<Timestamp>,
    /// How many referrals it may tie; 0: no limit.
    pub(crate) usage_limit: u32,
}

impl CodeDraft {
    /// Whether it can be issued now.
    ///
    /// # Errors
    /// `FIELD_INVALID` for an expiry that has passed.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.expires_at.is_some_and(|expiry| expiry <= now) {
            return Err(Refusal::Invalid(vec![Violation::new("code.expire_time", "must lie ahead")]));
        }
        Ok(())
    }
}

/// A code as registration finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    /// Its text.
    pub(crate) text: CodeText,
    /// What it was issued as.
    pub(crate) terms: CodeDraft,
    /// How many referrals it has tied.
    pub(crate) usage_count: u32,
    /// When it was issued.
    pub(crate) created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_code() -> impl Strategy<Value = CodeText> {
        proptest::array::uniform7(0..MODULUS).prop_map(|digits| CodeText::with_check(digits).unwrap())
    }

    #[test]
    fn the_example_of_the_contract_is_a_code_however_it_is_written() {
        for written in ["K7MP-3XQD", "k7mp3xqd", "K7-MP-3X-QD", "K7MP3XQD"] {
            assert_eq!(written.parse::<CodeText>().unwrap().to_string(), "K7MP-3XQD");
        }
    }

    #[test]
    fn what_is_no_code() {
        for written in ["", "K7MP", "K7MP-3XQ", "K7MP-3XQD4", "K7MP-3XQ0", "3333-3333", "K7MP 3XQD", "Ｋ7MP3XQD"] {
            assert_eq!(written.parse::<CodeText>(), Err(NotACode), "{written}");
        }
    }

    #[test]
    fn drawing_needs_enough_usable_bytes() {
        assert_eq!(CodeText::draw(&[253; 64]), None);
        assert_eq!(CodeText::draw(&[0; 6]), None);
        assert!(CodeText::draw(&[0, 255, 1, 2, 3, 252, 4, 5]).is_some());
    }

    proptest! {
        #[test]
        fn a_code_reads_back_in_any_case_and_grouping(code in any_code()) {
            prop_assert_eq!(code.to_string().parse::<CodeText>().unwrap(), code.clone());
            prop_assert_eq!(code.canonical().to_lowercase().parse::<CodeText>().unwrap(), code);
        }

        #[test]
        fn one_wrong_character_is_always_caught(code in any_code(), place in 0..LENGTH, other in 0..MODULUS) {
            let mut slip = code.0;
            prop_assume!(slip[place] != ALPHABET[other]);
            slip[place] = ALPHABET[other];
            prop_assert_eq!(String::from_utf8(slip.to_vec()).unwrap().parse::<CodeText>(), Err(NotACode));
        }

        #[test]
        fn two_characters_swapped_are_always_caught(code in any_code(), first in 0..LENGTH, second in 0..LENGTH) {
            let mut slip = code.0;
            prop_assume!(slip[first] != slip[second]);
            slip.swap(first, second);
            prop_assert_eq!(String::from_utf8(slip.to_vec()).unwrap().parse::<CodeText>(), Err(NotACode));
        }
    }
}
