//! What adds up over time: `caps.json` (specification §4) and `reporting.json` (§5).

use std::collections::BTreeMap;

use handsel_money::{Currency, Money, Rounding, Timestamp, Zone};
use handsel_reward::domain::calculation::caps::{Held, Limits, OnExceed, Reason, Used};
use handsel_reward::domain::calculation::cash::{self, CashInput, CashTerms};
use handsel_reward::domain::calculation::error::CalculationError;
use handsel_reward::domain::calculation::reporting::{Threshold, YearTotals};
use handsel_reward::domain::calculation::rule::{Base, Rule};
use handsel_reward::domain::calculation::tax::Tax;
use handsel_reward::domain::calculation::window::Window;
use serde::Deserialize;

use crate::harness::run;
use crate::terms::{LimitsIn, money};

#[test]
fn caps() {
    run("caps.json", 13, caps_of);
}

#[test]
fn reporting() {
    run("reporting.json", 9, reported);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CapsIn {
    currency: Currency,
    time_zone: Zone,
    window: Window,
    count_cap: Option<i64>,
    amount_cap: Option<String>,
    budget: Option<String>,
    on_exceed: Option<OnExceed>,
    events: Vec<Event>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
enum Event {
    Reward {
        reward_id: String,
        beneficiary: String,
        at: Timestamp,
        gross: String,
    },
    Reversed {
        reward_id: String,
        #[serde(rename = "at")]
        _at: Timestamp,
        amount: String,
    },
    Rejected {
        reward_id: String,
        #[serde(rename = "at", default)]
        _at: Option<Timestamp>,
    },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CapsOut {
    rewards: Vec<RewardOut>,
    granted: Vec<GrantedOut>,
    granted_by_plan: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RewardOut {
    reward_id: String,
    window: String,
    reward: String,
    reasons: Vec<Reason>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantedOut {
    beneficiary: String,
    window: String,
    count: i64,
    amount: String,
}

/// By beneficiary and window.
type Key = (String, String);

/// What stands, while a row of events is taken.
struct Standing {
    currency: Currency,
    in_window: BTreeMap<Key, (i64, Money)>,
    by_plan: Money,
    held: BTreeMap<String, (Key, Held)>,
}

impl Standing {
    fn used(&self, key: &Key) -> Used {
        let (count, in_window) = self.in_window.get(key).copied().unwrap_or((0, Money::zero(self.currency)));
        Used { count, in_window, by_plan: self.by_plan }
    }

    fn set(&mut self, key: &Key, used: Used) {
        self.in_window.insert(key.clone(), (used.count, used.in_window));
        self.by_plan = used.by_plan;
    }

    fn grant(&mut self, id: &str, key: &Key, reward: Money) -> Result<(), CalculationError> {
        let (used, held) = self.used(key).granted(reward)?;
        self.set(key, used);
        self.held.insert(id.to_owned(), (key.clone(), held));
        Ok(())
    }

    /// Gives back an amount, or all that is left.
    fn give_back(&mut self, id: &str, amount: Option<Money>) -> Result<(), CalculationError> {
        let (key, held) = self.held.remove(id).expect("an event names a reward that was granted");
        let (used, held) = self.used(&key).given_back(held, amount.unwrap_or(held.amount()))?;
        self.set(&key, used);
        self.held.insert(id.to_owned(), (key, held));
        Ok(())
    }
}

fn caps_of(input: &CapsIn) -> Result<CapsOut, CalculationError> {
    let currency = input.currency;
    let limits = LimitsIn {
        count_cap: input.count_cap,
        amount_cap: input.amount_cap.as_deref(),
        budget: input.budget.as_deref(),
        on_exceed: input.on_exceed,
        ..LimitsIn::default()
    };
    let limits = limits.read(currency)?;
    let by_plan = Money::zero(currency);
    let mut standing = Standing { currency, in_window: BTreeMap::new(), by_plan, held: BTreeMap::new() };
    let mut rewards = Vec::new();
    for event in &input.events {
        match event {
            Event::Reward { reward_id, beneficiary, at, gross } => {
                let key = (beneficiary.clone(), input.window.key(*at, &input.time_zone));
                let decided = of_gross(money(currency, gross)?, &limits, standing.used(&key))?;
                standing.grant(reward_id, &key, decided.reward)?;
                rewards.push(RewardOut {
                    reward_id: reward_id.clone(),
                    window: key.1,
                    reward: decided.reward.to_major_string(),
                    reasons: decided.reasons,
                });
            }
            Event::Reversed { reward_id, amount, .. } => {
                standing.give_back(reward_id, Some(money(currency, amount)?))?;
            }
            Event::Rejected { reward_id, .. } => standing.give_back(reward_id, None)?,
        }
    }
    let granted = standing.in_window.into_iter().map(|((beneficiary, window), (count, amount))| GrantedOut {
        beneficiary,
        window,
        count,
        amount: amount.to_major_string(),
    });
    Ok(CapsOut { rewards, granted: granted.collect(), granted_by_plan: standing.by_plan.to_major_string() })
}

/// A reward of a fixed gross amount under limits.
fn of_gross(gross: Money, limits: &Limits, used: Used) -> Result<cash::CashReward, CalculationError> {
    let terms = CashTerms {
        currency: gross.currency(),
        rounding: Rounding::HalfUp,
        rule: Rule::plain(Base::Fixed { amount: gross }),
        limits: limits.clone(),
        tax: Tax::None,
    };
    let qualifying_amount = Money::zero(gross.currency());
    cash::decide(&terms, &CashInput { qualifying_amount, tier: None, window: None, used })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportingIn {
    currency: Currency,
    time_zone: Zone,
    threshold: String,
    payouts: Vec<Payout>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payout {
    payout_id: String,
    at: Timestamp,
    reward: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportingOut {
    flagged: Vec<Flagged>,
    totals: BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flagged {
    payout_id: String,
    year: i64,
    total: String,
}

fn reported(input: &ReportingIn) -> Result<ReportingOut, CalculationError> {
    let threshold = Threshold { amount: money(input.currency, &input.threshold)?, zone: input.time_zone.clone() };
    let mut payouts: Vec<&Payout> = input.payouts.iter().collect();
    payouts.sort_by_key(|payout| payout.at);
    let mut totals = YearTotals::default();
    let mut flagged = Vec::new();
    for payout in payouts {
        if let Some(flag) = totals.paid(&threshold, payout.at, money(input.currency, &payout.reward)?)? {
            let total = flag.total.to_major_string();
            flagged.push(Flagged { payout_id: payout.payout_id.clone(), year: flag.year, total });
        }
    }
    let totals = totals.years().map(|(year, total)| (year.to_string(), total.total.to_major_string()));
    Ok(ReportingOut { flagged, totals: totals.collect() })
}
