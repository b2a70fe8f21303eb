//! Fixed-point numbers of 128 bits before the point and 128 after it: fast, and 38 decimals fine.
//!
//! Made for discounting: a number is added to, and lessened by a fraction of itself, some hundred times. Each product is cut
//! off below 2^−128, so that a thousand of them are off by less than 10^−35.
#![expect(clippy::arithmetic_side_effects, reason = "the operators are those of whole numbers without bound")]

use num_bigint::{BigInt, Sign};

/// A number not below zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fixed {
    whole: u128,
    part: u128,
}

/// A fraction of one: `part / 2^128`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fraction(u128);

impl Fixed {
    pub(crate) const ZERO: Self = Self { whole: 0, part: 0 };

    pub(crate) const fn whole(whole: u128) -> Self {
        Self { whole, part: 0 }
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let (part, carry) = self.part.overflowing_add(other.part);
        let whole = self.whole.checked_add(other.whole)?.checked_add(carry.into())?;
        Some(Self { whole, part })
    }

    /// None below zero.
    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        let (part, borrow) = self.part.overflowing_sub(other.part);
        let whole = self.whole.checked_sub(other.whole)?.checked_sub(borrow.into())?;
        Some(Self { whole, part })
    }

    /// Itself less a fraction of itself.
    pub(crate) fn less(self, fraction: Fraction) -> Option<Self> {
        let (carry, low) = wide_product(self.whole, fraction.0);
        let (from_part, _) = wide_product(self.part, fraction.0);
        let product = Self { whole: carry, part: low }.plus(Self { whole: 0, part: from_part })?;
        self.minus(product)
    }

    /// Itself over another, cut off to a fraction; none of one or more, or over nothing.
    pub(crate) fn over(self, other: Self) -> Option<Fraction> {
        if other == Self::ZERO || self >= other {
            return None;
        }
        let quotient = (self.to_big() << 128_u32).checked_div(&other.to_big())?;
        u128::try_from(quotient).ok().map(Fraction)
    }

    fn to_big(self) -> BigInt {
        let mut digits = self.part.to_le_bytes().to_vec();
        digits.extend(self.whole.to_le_bytes());
        BigInt::from_bytes_le(Sign::Plus, &digits)
    }
}

impl Fraction {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The lesser of the difference and nothing.
    pub(crate) const fn less_at_most(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `numerator` and `2^128`, between which it is the ratio.
    pub(crate) fn parts(self) -> (BigInt, BigInt) {
        (BigInt::from(self.0), BigInt::from(1_u8) << 128_u32)
    }
}

/// The product of two numbers: its upper and its lower 128 bits.
fn wide_product(left: u128, right: u128) -> (u128, u128) {
    const HALF: u32 = 64;
    const LOW: u128 = u64::MAX as u128;
    let (left_high, left_low) = (left >> HALF, left & LOW);
    let (right_high, right_low) = (right >> HALF, right & LOW);
    // Each factor is below 2^64, so no product of two, with two more of 64 bits added, passes 128 bits.
    let low = left_low.wrapping_mul(right_low);
    let middle = left_high.wrapping_mul(right_low).wrapping_add(low >> HALF);
    let other = left_low.wrapping_mul(right_high).wrapping_add(middle & LOW);
    let high = left_high.wrapping_mul(right_high).wrapping_add(middle >> HALF).wrapping_add(other >> HALF);
    (high, (other << HALF) | (low & LOW))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wide_product_is_the_product(left in any::<u128>(), right in any::<u128>()) {
            let (high, low) = wide_product(left, right);
            let ours = (BigInt::from(high) << 128_u32) + BigInt::from(low);
            prop_assert_eq!(ours, BigInt::from(left) * BigInt::from(right));
        }

        #[test]
        fn what_is_left_is_off_by_the_last_bit_at_most(whole in any::<u64>(), part in any::<u128>(), fraction in any::<u128>()) {
            let number = Fixed { whole: whole.into(), part };
            let left = number.less(Fraction(fraction)).unwrap().to_big();
            let one = BigInt::from(1_u8) << 128_u32;
            let exact = number.to_big() * (&one - BigInt::from(fraction));
            let off = (left << 128_u32) - exact;
            prop_assert!(off >= BigInt::from(0_u8) && off <= (BigInt::from(1_u8) << 129_u32));
        }
    }
}
