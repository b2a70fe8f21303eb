//! Specification §6: `milestones.json`, one beneficiary's referrals, what they fire, and what that pays.

use std::collections::BTreeMap;

use handsel_money::{Currency, Money, Rounding, Timestamp, Zone};
use handsel_reward::domain::calculation::caps::{Limits, OnExceed, Reason, Used};
use handsel_reward::domain::calculation::cash::{self, CashInput, CashTerms};
use handsel_reward::domain::calculation::error::CalculationError;
use handsel_reward::domain::calculation::milestones::{Fires, Happened, Milestone, Milestones, Progress, Turn};
use handsel_reward::domain::calculation::rule::RoleRule;
use handsel_reward::domain::calculation::tax::Tax;
use handsel_reward::domain::calculation::window::Window;
use serde::Deserialize;

use crate::harness::run;
use crate::terms::{LimitsIn, RuleIn, money};

#[test]
fn milestones() {
    run("milestones.json", 37, fired);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    time_zone: Zone,
    window: Window,
    milestones: Vec<MilestoneIn>,
    events: Vec<EventIn>,
    currency: Option<Currency>,
    rounding: Option<Rounding>,
    rule: Option<RuleIn>,
    count_cap: Option<i64>,
    amount_cap: Option<String>,
    budget: Option<String>,
    on_exceed: Option<OnExceed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MilestoneIn {
    id: String,
    kind: FiresIn,
    n: u32,
    rule: Option<RuleIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FiresIn {
    At,
    Every,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventIn {
    #[serde(rename = "type")]
    what: HappenedIn,
    referral_id: String,
    at: Timestamp,
    arrives_at: Option<Timestamp>,
    qualifying_amount: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum HappenedIn {
    Qualified,
    Reversed,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Out {
    fired: Vec<FiredOut>,
    counts: BTreeMap<String, u32>,
    rewards: Option<Vec<RewardOut>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct FiredOut {
    milestone: String,
    referral_id: String,
    window: String,
    count: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RewardOut {
    referral_id: String,
    r#for: String,
    gross: String,
    reward: String,
    reasons: Vec<Reason>,
}

fn fired(input: &In) -> Result<Out, CalculationError> {
    let milestones = input.milestones.iter().map(|milestone| {
        let fires = match milestone.kind {
            FiresIn::At => Fires::At(milestone.n),
            FiresIn::Every => Fires::Every(milestone.n),
        };
        Milestone { id: milestone.id.clone(), fires }
    });
    let plan = Milestones::new(milestones.collect(), input.window, input.time_zone.clone())?;
    let mut rewards = Rewards::of(input)?;
    let mut progress = Progress::default();
    let mut fired = Vec::new();
    for (turn, event) in in_turn(&input.events) {
        let now = progress.take(&plan, &turn);
        if let (Some(rewards), Happened::Qualified) = (&mut rewards, turn.what) {
            let for_whom = now.iter().map(|fired| fired.milestone.as_str());
            rewards.pay(event, &input.window.key(event.at, &input.time_zone), for_whom)?;
        }
        fired.extend(now.into_iter().map(|fired| FiredOut {
            milestone: fired.milestone,
            referral_id: event.referral_id.clone(),
            window: fired.window,
            count: fired.count,
        }));
    }
    Ok(Out { fired, counts: progress.counts().clone(), rewards: rewards.map(|rewards| rewards.paid) })
}

/// The events in the order in which they are taken.
fn in_turn(events: &[EventIn]) -> Vec<(Turn, &EventIn)> {
    let turn = |event: &EventIn| Turn {
        arrived_at: event.arrives_at.unwrap_or(event.at),
        at: event.at,
        referral: event.referral_id.clone(),
        what: match event.what {
            HappenedIn::Qualified => Happened::Qualified,
            HappenedIn::Reversed => Happened::Reversed,
        },
    };
    let mut turns: Vec<(Turn, &EventIn)> = events.iter().map(|event| (turn(event), event)).collect();
    turns.sort_by(|one, other| one.0.cmp(&other.0));
    turns
}

/// What the referrals and their milestones pay, under the same caps.
struct Rewards {
    terms: CashTerms,
    by_milestone: BTreeMap<String, RoleRule>,
    in_window: BTreeMap<String, Used>,
    by_plan: Money,
    paid: Vec<RewardOut>,
}

impl Rewards {
    fn of(input: &In) -> Result<Option<Self>, CalculationError> {
        let Some(rule) = &input.rule else {
            return Ok(None);
        };
        let currency = input.currency.expect("a rule has a currency");
        let read = |rule: &RuleIn| rule.read(currency, &BTreeMap::new(), money);
        let by_milestone = input.milestones.iter().map(|milestone| {
            let rule = milestone.rule.as_ref().expect("each milestone pays by its own rule");
            Ok((milestone.id.clone(), read(rule)?))
        });
        let terms = CashTerms {
            currency,
            rounding: input.rounding.expect("a rule has a rounding"),
            rule: read(rule)?,
            limits: input.limits(currency)?,
            tax: Tax::None,
        };
        Ok(Some(Self {
            terms,
            by_milestone: by_milestone.collect::<Result<_, CalculationError>>()?,
            in_window: BTreeMap::new(),
            by_plan: Money::zero(currency),
            paid: Vec::new(),
        }))
    }

    /// The ordinary reward first, then what fired, in the plan's order.
    fn pay<'a>(
        &mut self,
        event: &EventIn,
        window: &str,
        milestones: impl Iterator<Item = &'a str>,
    ) -> Result<(), CalculationError> {
        let qualifying_amount = event.qualifying_amount.as_deref().expect("a rule has an amount to work on");
        let qualifying_amount = money(self.terms.currency, qualifying_amount)?;
        let ordinary = ("REFERRAL", self.terms.rule.clone());
        let fired: Vec<_> = milestones.map(|id| (id, self.by_milestone[id].clone())).collect();
        for (r#for, rule) in std::iter::once(ordinary).chain(fired) {
            let before = self.in_window.get(window).copied().unwrap_or(Used::nothing(self.terms.currency));
            let used = Used { by_plan: self.by_plan, ..before };
            let terms = CashTerms { rule, ..self.terms.clone() };
            let decided = cash::decide(&terms, &CashInput { qualifying_amount, tier: None, window: None, used })?;
            let (used, _) = used.granted(decided.reward)?;
            self.by_plan = used.by_plan;
            self.in_window.insert(window.to_owned(), used);
            self.paid.push(RewardOut {
                referral_id: event.referral_id.clone(),
                r#for: r#for.to_owned(),
                gross: decided.gross.to_major_string(),
                reward: decided.reward.to_major_string(),
                reasons: decided.reasons,
            });
        }
        Ok(())
    }
}

impl In {
    fn limits(&self, currency: Currency) -> Result<Limits, CalculationError> {
        let limits = LimitsIn {
            count_cap: self.count_cap,
            amount_cap: self.amount_cap.as_deref(),
            budget: self.budget.as_deref(),
            on_exceed: self.on_exceed,
            ..LimitsIn::default()
        };
        limits.read(currency)
    }
}
