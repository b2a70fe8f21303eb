//! What can be said of a calculation. Each language says all of it.

use std::borrow::Cow;

/// One sentence, or two that belong together. Values are as the trace has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence<'a> {
    /// Of a reward and its tax.
    Reward(OfReward<'a>),
    /// Of preferential rates.
    Rates(OfRates<'a>),
    /// Of what is taken back, shared out, or happens in a row.
    Rows(OfRows<'a>),
}

/// Of a reward and its tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfReward<'a> {
    /// What the rule pays.
    Pays {
        /// Of what the qualifying amount decides the bracket: it, and the bracket's lower bound.
        bracket: Option<(&'a str, &'a str)>,
        /// How.
        rule: Rule<'a>,
        /// What comes of it.
        base: Worth<'a>,
    },
    /// A tier multiplies.
    Tier {
        /// Which.
        tier: &'a str,
        /// By what.
        multiplier: &'a str,
        /// What comes of it.
        tiered: Worth<'a>,
    },
    /// The minimum decides.
    AtLeast(Worth<'a>),
    /// The maximum decides.
    AtMost(Worth<'a>),
    /// What it is before caps and budget.
    Gross(Worth<'a>),
    /// The count cap: how many, and its window.
    CountCap(&'a str, Option<&'a str>),
    /// The amount cap: its window, and what is left.
    AmountCap(Option<&'a str>, Left<'a>),
    /// The budget: what is left.
    Budget(Left<'a>),
    /// What the reward is.
    Reward(Worth<'a>),
    /// The tax.
    Tax(Taxation<'a>),
}

/// Of preferential rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfRates<'a> {
    /// A deposit: principal, start, maturity.
    Deposit(&'a str, &'a str, &'a str),
    /// A loan: principal, drawdown, instalments.
    Loan(&'a str, &'a str, &'a str),
    /// The base rate.
    BaseRate(&'a str),
    /// An uplift: source, basis points asked, basis points left.
    Uplift(&'a str, &'a str, &'a str),
    /// A discount: the same.
    Discount(&'a str, &'a str, &'a str),
    /// The preferential rate.
    Rate(&'a str),
    /// For so many months only.
    DiscountMonths(&'a str),
    /// Only so much of the principal earns it.
    UpliftOn(&'a str),
    /// What a deposit earns, and would without.
    Earns(&'a str, &'a str),
    /// What a deposit's rate is worth.
    Benefit(&'a str),
    /// What a loan costs in interest; without, where that can be said.
    Costs(&'a str, Option<&'a str>),
    /// What a loan's rate saves.
    Saving(&'a str),
    /// What a loan costs a year: nominal, effective.
    YearlyCost(&'a str, &'a str),
    /// What cash is worth, and costs the bank.
    CashSide(&'a str, &'a str),
    /// What the rate is worth; none where it cannot be said.
    RateSide(Option<&'a str>),
    /// A loan's effective cost a year: with, without.
    YearlyCosts(&'a str, Option<&'a str>),
    /// Which side leaves the customer more.
    Better(&'a str),
    /// Which side costs the bank more.
    Dearer(&'a str),
}

/// Of what is taken back, shared out, or happens in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfRows<'a> {
    /// What was paid and when, and when it was undone.
    Undone {
        /// How much.
        reward: &'a str,
        /// The day it was settled.
        settled_on: &'a str,
        /// The day it was undone.
        triggered_on: &'a str,
        /// How many days between.
        days: &'a str,
    },
    /// Nothing is taken back.
    NothingReversed,
    /// What is taken back: amount, points where it is points, tax.
    Reversed(&'a str, Option<&'a str>, &'a str),
    /// A total is split over so many.
    Split(&'a str, usize),
    /// One share: its place, its amount.
    Share(usize, &'a str),
    /// What happened in a row: a reward granted, with what was left of it.
    Granted {
        /// The reward.
        reward: &'a str,
        /// Its window.
        window: &'a str,
        /// Before caps and budget.
        gross: &'a str,
        /// After.
        amount: &'a str,
        /// What cut it; empty: nothing.
        reasons: &'a str,
    },
    /// A reward of which something was given back: which, how much.
    GivenBack(&'a str, &'a str),
    /// What stands of the budget in the end.
    GrantedInAll(&'a str),
    /// A referral counts: which, the count, its window.
    Counts(&'a str, &'a str, &'a str),
    /// A referral is taken back: which.
    ReferralReversed(&'a str),
    /// A milestone fires: which.
    Fires(&'a str),
    /// It, or the referral, pays: the milestone where it is one, the amount.
    RowPays(Option<&'a str>, &'a str),
    /// A payout takes a year's total above the threshold: which, the total, the threshold.
    Flagged(&'a str, &'a str, &'a str),
    /// No payout does.
    NothingFlagged(&'a str),
}

/// How a rule pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule<'a> {
    /// A fixed amount.
    Fixed,
    /// A rate of an amount.
    Percent(&'a str, &'a str),
    /// By brackets: the qualifying amount, and how many it enters.
    Brackets(&'a str, usize),
}

/// An amount of money, or a quantity of something and what it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worth<'a> {
    /// Money, with its currency.
    Money(Cow<'a, str>),
    /// So many of an item, and where it is known their cash value.
    Items(&'a str, Item, Option<&'a str>),
}

/// What is given instead of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Points.
    Points,
    /// Vouchers.
    Voucher,
    /// Gifts.
    Gift,
    /// Fees not charged.
    FeeWaiver,
    /// Better services.
    ServiceUpgrade,
    /// Honours.
    Badge,
}

/// What a room leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left<'a> {
    /// Nothing.
    Nothing,
    /// So much, too little for the reward.
    TooLittle(&'a str),
    /// So much.
    Some(&'a str),
}

/// What the tax does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taxation<'a> {
    /// Nothing: this is received.
    Free(&'a str),
    /// It is withheld: rate, of what, how much, and what is received.
    Withheld(&'a str, &'a str, &'a str, &'a str),
    /// The bank pays it on top: how much, and what is received.
    OnTop(&'a str, &'a str),
}

impl Item {
    /// The item that a trace names.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "POINTS" => Self::Points,
            "VOUCHER" => Self::Voucher,
            "GIFT" => Self::Gift,
            "FEE_WAIVER" => Self::FeeWaiver,
            "SERVICE_UPGRADE" => Self::ServiceUpgrade,
            "BADGE" => Self::Badge,
            _ => return None,
        })
    }
}
