//! One beneficiary's referrals in their order: what they fire, and what they and their milestones pay under the same caps.

use std::collections::BTreeMap;

use handsel_money::{Currency, Money};

use super::super::bounds;
use super::super::caps::{Reason, Used};
use super::super::cash::{self, CashInput, CashTerms};
use super::super::error::CalculationError;
use super::super::rule::RoleRule;
use super::super::trace::{Step, Trace};
use super::{Fired, Happened, Milestones, Progress, Turn};

/// What happened to a referral, and what a percentage would be computed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What, and its place in the order.
    pub turn: Turn,
    /// Q; absent: 0.
    pub qualifying_amount: Option<Money>,
}

/// What referrals and milestones pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// What each referral pays, and the limits for all of them.
    pub terms: CashTerms,
    /// What each milestone pays, by its name.
    pub by_milestone: BTreeMap<String, RoleRule>,
}

/// What a row of referrals fired and paid, with every step that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MilestoneRow {
    /// The referral and the milestone it fired, in order.
    pub fired: Vec<(String, Fired)>,
    /// How many referrals stand in each window in the end.
    pub counts: BTreeMap<String, u32>,
    /// Each referral's ordinary reward, then what its milestones pay; none without a payment.
    pub paid: Vec<Paid>,
    /// Every input and step, in order.
    pub steps: Vec<Step>,
}

/// One reward of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The referral it is for.
    pub referral: String,
    /// The milestone that pays it; none: the ordinary reward.
    pub milestone: Option<String>,
    /// Before caps and budget.
    pub gross: Money,
    /// What they left.
    pub reward: Money,
    /// What cut it, in order.
    pub reasons: Vec<Reason>,
}

/// Takes one beneficiary's referrals, in whatever order they are listed, in their turn.
///
/// # Errors
/// `TooMany` events; `MilestoneWithoutRule`; those of [`cash::decide`].
pub fn decide(
    plan: &Milestones,
    payment: Option<&Payment>,
    events: Vec<Event>,
) -> Result<MilestoneRow, CalculationError> {
    bounds::check("events", events.len(), bounds::EVENTS)?;
    let mut events = events;
    events.sort_by(|one, other| one.turn.cmp(&other.turn));
    let mut trace = Trace::new();
    plan.write_down(&mut trace);
    let mut progress = Progress::default();
    let mut fired = Vec::new();
    let mut purse = payment.map(Purse::of);
    for event in events {
        let now = take(&mut progress, plan, &event.turn, &mut trace);
        if let (Some(purse), Happened::Qualified) = (&mut purse, event.turn.what) {
            purse.pay(&event, &plan.window.key(event.turn.at, &plan.zone), &now, &mut trace)?;
        }
        fired.extend(now.into_iter().map(|one| (event.turn.referral.clone(), one)));
    }
    let paid = purse.map(|purse| purse.paid).unwrap_or_default();
    Ok(MilestoneRow { fired, counts: progress.counts, paid, steps: trace.into_steps() })
}

/// Takes one event, and writes down what it counted and fired.
fn take(progress: &mut Progress, plan: &Milestones, turn: &Turn, trace: &mut Trace) -> Vec<Fired> {
    let window = plan.window.key(turn.at, &plan.zone);
    let what = match turn.what {
        Happened::Qualified => "qualified",
        Happened::Reversed => "reversed",
    };
    trace.because(what, &turn.referral, format!("at {}", turn.at));
    let fired = progress.take(plan, turn);
    let count = progress.counts.get(&window).copied().unwrap_or_default();
    trace.because("count", count, format!("in {window}"));
    for one in &fired {
        trace.because("fired", &one.milestone, format!("count {} in {}", one.count, one.window));
    }
    fired
}

impl Milestones {
    fn write_down(&self, trace: &mut Trace) {
        trace.step("window_kind", self.window.name());
        trace.step("time_zone", &self.zone);
        for milestone in &self.milestones {
            trace.because("milestone", &milestone.id, milestone.fires.to_string());
        }
    }
}

/// What has been paid, while a row is taken.
struct Purse<'a> {
    payment: &'a Payment,
    in_window: BTreeMap<String, Used>,
    by_plan: Money,
    paid: Vec<Paid>,
}

impl<'a> Purse<'a> {
    fn of(payment: &'a Payment) -> Self {
        let by_plan = Money::zero(payment.terms.currency);
        Self { payment, in_window: BTreeMap::new(), by_plan, paid: Vec::new() }
    }

    fn currency(&self) -> Currency {
        self.payment.terms.currency
    }

    /// The ordinary reward first, then what fired, in the plan's order.
    fn pay(&mut self, event: &Event, window: &str, fired: &[Fired], trace: &mut Trace) -> Result<(), CalculationError> {
        self.pay_one(event, window, None, &self.payment.terms, trace)?;
        for one in fired {
            let rule = self.payment.by_milestone.get(&one.milestone).ok_or(CalculationError::MilestoneWithoutRule)?;
            let terms = CashTerms { rule: rule.clone(), ..self.payment.terms.clone() };
            self.pay_one(event, window, Some(&one.milestone), &terms, trace)?;
        }
        Ok(())
    }

    fn pay_one(
        &mut self,
        event: &Event,
        window: &str,
        milestone: Option<&str>,
        terms: &CashTerms,
        trace: &mut Trace,
    ) -> Result<(), CalculationError> {
        let currency = self.currency();
        let before = self.in_window.get(window).copied().unwrap_or(Used::nothing(currency));
        let used = Used { by_plan: self.by_plan, ..before };
        let input = CashInput {
            qualifying_amount: event.qualifying_amount.unwrap_or(Money::zero(currency)),
            tier: None,
            window: Some(window.to_owned()),
            used,
        };
        let decided = cash::decide(terms, &input)?;
        trace.because("pays", milestone.unwrap_or("REFERRAL"), event.turn.referral.clone());
        trace.append(decided.steps);
        let (used, _) = used.granted(decided.reward)?;
        self.by_plan = used.by_plan;
        self.in_window.insert(window.to_owned(), used);
        self.paid.push(Paid {
            referral: event.turn.referral.clone(),
            milestone: milestone.map(str::to_owned),
            gross: decided.gross,
            reward: decided.reward,
            reasons: decided.reasons,
        });
        Ok(())
    }
}
