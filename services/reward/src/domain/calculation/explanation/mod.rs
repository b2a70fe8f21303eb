//! Specification §12 in plain words: what a teller reads to a customer, made from the trace alone.
//!
//! One list of sentences ([`Sentence`]) per calculation, and one rendering for each language. What a trace does not hold is not
//! spoken of.

mod chinese;
mod dates_and_amounts;
mod english;
mod rates;
mod reward;
mod rows;
mod sentence;

use std::str::FromStr;

pub(crate) use self::dates_and_amounts::{amount_in_chinese, date_in_chinese};
pub use self::sentence::{Item, Left, OfRates, OfReward, OfRows, Rule, Sentence, Taxation, Worth};
use super::trace::Step;

/// The languages that explanations are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

/// Not the code of a language that explanations are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("explanations are written in en and zh-Hans")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads a BCP 47 code: `en` or `zh-Hans`; empty is `en`.
    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        match code {
            "" | "en" => Ok(Self::English),
            "zh-Hans" => Ok(Self::Chinese),
            _ => Err(UnknownLanguage),
        }
    }
}

/// What was calculated, and so which sentences its trace makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A cash or non-cash reward.
    Reward,
    /// The tax on a reward alone.
    Tax,
    /// A preferential deposit rate.
    Deposit,
    /// A preferential loan rate.
    Loan,
    /// What is taken back.
    Reversal,
    /// Cash against a rate.
    Choice,
    /// A total over weights.
    Allocation,
    /// A row of rewards under caps.
    Series,
    /// A row of referrals and what they fire.
    Milestones,
    /// A row of payouts against a threshold.
    Reporting,
}

/// The sentences of a trace.
#[must_use]
pub fn sentences<'a>(subject: Subject, steps: &'a [Step]) -> Vec<Sentence<'a>> {
    let of_reward = |said: Vec<OfReward<'a>>| said.into_iter().map(Sentence::Reward).collect();
    let of_rates = |said: Vec<OfRates<'a>>| said.into_iter().map(Sentence::Rates).collect();
    let of_rows = |said: Vec<OfRows<'a>>| said.into_iter().map(Sentence::Rows).collect();
    match subject {
        Subject::Reward => of_reward(reward::of_reward(steps)),
        Subject::Tax => of_reward(reward::of_tax(steps).into_iter().collect()),
        Subject::Deposit => of_rates(rates::of_deposit(steps)),
        Subject::Loan => of_rates(rates::of_loan(steps)),
        Subject::Choice => of_rates(rates::of_choice(steps)),
        Subject::Reversal => of_rows(rows::of_reversal(steps)),
        Subject::Allocation => of_rows(rows::of_allocation(steps)),
        Subject::Series => of_rows(rows::of_series(steps)),
        Subject::Milestones => of_rows(rows::of_milestones(steps)),
        Subject::Reporting => of_rows(rows::of_reporting(steps)),
    }
}

/// A trace in plain words.
#[must_use]
pub fn explain(subject: Subject, steps: &[Step], language: Language) -> Vec<String> {
    let say: fn(&Sentence<'_>) -> String = match language {
        Language::English => english::say,
        Language::Chinese => chinese::say,
    };
    sentences(subject, steps).iter().map(say).collect()
}
