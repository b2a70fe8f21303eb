//! Why a calculation is refused, and which class of refusal that is (specification §1).

use handsel_money::{Class, MoneyError};

/// Why a calculation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalculationError {
    /// A value is malformed, out of range, or of another currency.
    #[error(transparent)]
    Value(#[from] MoneyError),
    /// An amount below 0 where none may be.
    #[error("an amount is below zero")]
    NegativeAmount,
    /// Basis points below 0.
    #[error("basis points are below zero")]
    NegativeBps,
    /// A weight below 0.
    #[error("a weight is below zero")]
    NegativeWeight,
    /// A quantity that is not whole.
    #[error("a quantity is not a whole number")]
    FractionalQuantity,
    /// A rule of brackets that has none.
    #[error("a rule of brackets has none")]
    NoBrackets,
    /// The first bracket does not start at 0.
    #[error("the first bracket does not start at 0")]
    FirstBracketAboveZero,
    /// Lower bounds that do not rise.
    #[error("the lower bounds of the brackets do not rise")]
    BracketsOutOfOrder,
    /// A SLAB bracket with both or neither of amount and rate.
    #[error("a bracket pays either an amount or a rate")]
    SlabBracketPays,
    /// A GRADUATED bracket with neither amount nor rate.
    #[error("a bracket pays neither an amount nor a rate")]
    EmptyBracket,
    /// A tax rate outside `0 ≤ rate < 1`.
    #[error("a tax rate is at least 0 and below 1")]
    TaxRate,
    /// A rate (base, floor, ceiling or result) below 0.
    #[error("the rate falls below zero")]
    RateBelowZero,
    /// A principal that is not above 0.
    #[error("a principal is above zero")]
    NoPrincipal,
    /// A loan without an instalment.
    #[error("a loan has at least one instalment")]
    NoInstalments,
    /// Weights that add up to nothing.
    #[error("the weights add up to zero")]
    NoWeights,
    /// A reversal over fewer days than one.
    #[error("a reversal is over at least one day")]
    NoDays,
    /// A milestone at no referral.
    #[error("a milestone counts from 1")]
    NoCount,
    /// An instalment that does not cover its interest.
    #[error("an instalment does not cover its interest")]
    InterestNotCovered,
    /// More of something than a calculation takes at once.
    #[error("there are more than {most} {what}")]
    TooMany {
        /// Of what, in the plural.
        what: &'static str,
        /// How many it takes.
        most: usize,
    },
    /// A reward that was granted before in the same row.
    #[error("a reward is granted twice")]
    GrantedTwice,
    /// A reward given back that was never granted.
    #[error("a reward that was never granted is given back")]
    NeverGranted,
    /// More is taken back than is left.
    #[error("more is taken back than is left")]
    MoreThanLeft,
    /// A milestone without what it pays.
    #[error("a milestone does not say what it pays")]
    MilestoneWithoutRule,
    /// Two milestones of one name.
    #[error("two milestones have one name")]
    MilestoneTwice,
    /// A version of the calculation that is not known here.
    #[error("calculation version {0} is not known")]
    UnknownVersion(u32),
}

impl CalculationError {
    /// Which class of refusal it is.
    #[must_use]
    pub const fn class(self) -> Class {
        match self {
            Self::Value(error) => error.class(),
            Self::RateBelowZero => Class::OutOfRange,
            Self::InterestNotCovered | Self::UnknownVersion(_) => Class::FailedPrecondition,
            Self::NegativeAmount
            | Self::NegativeBps
            | Self::NegativeWeight
            | Self::FractionalQuantity
            | Self::NoBrackets
            | Self::FirstBracketAboveZero
            | Self::BracketsOutOfOrder
            | Self::SlabBracketPays
            | Self::EmptyBracket
            | Self::TaxRate
            | Self::NoPrincipal
            | Self::NoInstalments
            | Self::NoWeights
            | Self::NoDays
            | Self::NoCount
            | Self::TooMany { .. }
            | Self::GrantedTwice
            | Self::NeverGranted
            | Self::MoreThanLeft
            | Self::MilestoneWithoutRule
            | Self::MilestoneTwice => Class::InvalidArgument,
        }
    }
}
