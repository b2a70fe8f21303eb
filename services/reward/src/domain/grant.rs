//! Granting: what each beneficiary of a plan is owed for one qualified referral, and what that leaves of caps and budgets.
//!
//! Pure: a batch is a fold of [`decide`] over [`Counters`] in order of arrival, so that it comes out as one by one.

mod compute;
mod counters;
mod left;
mod room;

pub use counters::{
    Budget, BudgetKind, Counters, Freed, Pot, Progress, SeasonKey, Tally, Warning, WindowKey, season_key, window_key,
};

pub use left::Left;

use self::compute::{Computed, compute, fixed, nothing_used, on_exceed, step, under};
use super::{
    calculation::{
        allocation, caps::Limits, cash::CashInput, error::CalculationError, milestones::Fires, tax::Tax, trace::Step,
    },
    ledger::{self, Posting},
    qualification::{QUALIFICATION_TOLERANCE, Qualification, not_in_the_future},
    record::{Days, Record},
    refusal::{Fault, Refusal},
    reward::{Choice, Entitlement, Reward, Role},
    state::{Accrued, Rejected, State},
    terms::{Gift, PlanInForce, RewardTerms},
};
use handsel_money::{Class, Decimal, Money, Timestamp};
use std::{borrow::Cow, collections::BTreeMap};
use uuid::Uuid;

/// Why a reward is 0 where nothing cut it: the rule gives nothing for this qualifying amount.
pub const NOTHING_EARNED: &str = "NOTHING_EARNED";

/// The windows that a qualification's rewards count in, one for each beneficiary.
pub fn windows_of(plan: &PlanInForce, qualification: &Qualification) -> Vec<WindowKey> {
    let window = window_of(plan, qualification.qualified_at);
    let beneficiaries = plan.of_stage(&qualification.stage).flat_map(|role| qualification.beneficiaries(role.role));
    let fired_for = (!plan.milestones.is_empty()).then_some(qualification.referrer.as_str());
    beneficiaries.chain(fired_for).filter_map(|beneficiary| window_key(&plan.plan.id, &window, beneficiary)).collect()
}

/// The season that a qualification's rewards count in; none where the plan has none.
pub fn season_of(plan: &PlanInForce, qualification: &Qualification) -> Option<SeasonKey> {
    season_key(&plan.plan.id, &plan.plan.terms.season_of(qualification.qualified_at))
}

/// The window in which a qualification counts towards milestones; none where the plan has none.
pub fn progress_of(plan: &PlanInForce, qualification: &Qualification) -> Option<WindowKey> {
    let terms = &plan.plan.terms;
    let window = terms.milestones.as_ref()?.window.key(qualification.qualified_at, &terms.zone);
    window_key(&plan.plan.id, &window, &qualification.referrer)
}

fn window_of(plan: &PlanInForce, qualified_at: Timestamp) -> String {
    let terms = &plan.plan.terms;
    terms.window.map(|window| window.key(qualified_at, &terms.zone)).unwrap_or_default()
}

/// The tiers that beneficiaries had, by customer, each from an instant on.
#[derive(Clone, Debug, Default)]
pub struct Tiers(BTreeMap<String, BTreeMap<Timestamp, String>>);

impl Tiers {
    /// Takes note of a tier from an instant on.
    pub fn note(&mut self, customer: String, from: Timestamp, tier: String) {
        self.0.entry(customer).or_default().insert(from, tier);
    }

    /// The tier in force at an instant.
    pub fn at(&self, customer: &str, instant: Timestamp) -> Option<&str> {
        let (_, tier) = self.0.get(customer)?.range(..=instant).next_back()?;
        Some(tier)
    }
}

/// Whether a referral has been counted towards milestones before: it is, once for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// An earlier stage of it was.
    Before,
    /// It is counted now.
    Now,
}

/// One reward as it is granted.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    /// The reward.
    pub reward: Reward,
    /// How it was computed.
    pub record: Record<'a>,
    /// What the ledger writes down.
    pub postings: Vec<Posting>,
}

/// Decides the rewards of one qualified referral or stage, the referrer's first, milestones last, and moves the counters.
///
/// # Errors
/// In this order: [`Refusal::PlanSuspended`], [`Refusal::FutureTime`], [`Refusal::CurrencyMismatch`], [`Refusal::FieldInvalid`]
/// for an amount below 0 or a stage that the plan does not name, [`Refusal::OutOfRange`]. The counters are then as before.
pub fn decide<'a>(
    plan: &'a PlanInForce,
    (qualification, counted): (&Qualification, Counted),
    tiers: &Tiers,
    counters: &mut Counters,
    now: Timestamp,
    next_id: &mut dyn FnMut() -> Uuid,
) -> Result<Vec<Grant<'a>>, Refusal> {
    let terms = &plan.plan.terms;
    let version = plan.plan.version;
    if counters.budgets.get(&plan.plan.id).is_some_and(|budget| budget.suspended.contains(&version)) {
        return Err(Refusal::PlanSuspended(format!("{} version {version}", plan.plan.name())));
    }
    not_in_the_future(qualification.qualified_at, now, QUALIFICATION_TOLERANCE, "qualify_time")?;
    let amount = qualification.qualifying_amount.unwrap_or(Money::zero(terms.currency));
    if amount.currency() != terms.currency {
        return Err(Refusal::CurrencyMismatch("qualifying_amount"));
    }
    if amount.is_negative() {
        return Err(invalid("qualification.qualifying_amount", "an amount is below zero"));
    }
    if !plan.has_stage(&qualification.stage) {
        return Err(invalid("qualification.stage", "the plan pays nothing for this stage"));
    }
    let case = Case {
        plan,
        qualification,
        amount,
        days: days(plan, qualification.qualified_at)?,
        window: window_of(plan, qualification.qualified_at),
        season: season_of(plan, qualification),
        now,
    };
    // Moved on a copy of what this referral touches: a later reward that is out of range leaves nothing behind.
    let mut moved = case.touched(counters);
    let mut grants = Vec::new();
    for role in plan.of_stage(&qualification.stage) {
        if role.role == Role::Team {
            grants.extend(case.team(&role.gift, &mut moved, next_id)?);
            continue;
        }
        for beneficiary in qualification.beneficiaries(role.role) {
            let place = Place { role: role.role, beneficiary, milestone: None };
            grants.push(case.grant(&place, &role.gift, tiers, &mut moved, next_id())?);
        }
    }
    if counted == Counted::Now {
        for (milestone, count) in case.fired(&mut moved) {
            let place = Place {
                role: Role::Referrer,
                beneficiary: &qualification.referrer,
                milestone: Some((&milestone.id, count)),
            };
            grants.push(case.grant(&place, &milestone.gift, tiers, &mut moved, next_id())?);
        }
    }
    counters.budgets.extend(moved.budgets);
    counters.seasons.extend(moved.seasons);
    counters.windows.extend(moved.windows);
    counters.progress.extend(moved.progress);
    counters.warnings.extend(moved.warnings);
    Ok(grants)
}

fn invalid(field: &str, description: &str) -> Refusal {
    Refusal::FieldInvalid(vec![Fault::new(field, description)])
}

/// What the rewards of one referral have in common.
struct Case<'a, 'b> {
    plan: &'a PlanInForce,
    qualification: &'b Qualification,
    amount: Money,
    days: Days,
    window: String,
    season: Option<SeasonKey>,
    now: Timestamp,
}

/// Whom a reward is for, and as what.
struct Place<'b> {
    role: Role,
    beneficiary: &'b str,
    /// The milestone that pays it, and its count.
    milestone: Option<(&'b str, i64)>,
}

impl<'a> Case<'a, '_> {
    /// The counters of this referral, as they stand.
    fn touched(&self, counters: &Counters) -> Counters {
        let mut touched = Counters::default();
        let id = &self.plan.plan.id;
        touched.budgets.insert(id.clone(), counters.budgets.get(id).cloned().unwrap_or_default());
        if let Some(key) = &self.season {
            touched.seasons.insert(key.clone(), counters.seasons.get(key).copied().unwrap_or_default());
        }
        for key in windows_of(self.plan, self.qualification) {
            let tally = counters.windows.get(&key).copied().unwrap_or_default();
            touched.windows.insert(key, tally);
        }
        if let Some(key) = progress_of(self.plan, self.qualification) {
            let progress = counters.progress.get(&key).copied().unwrap_or_default();
            touched.progress.insert(key, progress);
        }
        touched
    }

    /// Counts the referral; the milestones that this fires, in the plan's order.
    fn fired(&self, counters: &mut Counters) -> Vec<(&'a super::terms::MilestoneInForce, i64)> {
        let Some(key) = progress_of(self.plan, self.qualification) else { return Vec::new() };
        let progress = counters.progress.entry(key).or_default();
        progress.count = progress.count.saturating_add(1);
        let count = progress.count;
        if count <= progress.highest {
            return Vec::new();
        }
        progress.highest = count;
        let fires = |fires: Fires| match fires {
            Fires::At(at) => count == i64::from(at),
            Fires::Every(every) => count.checked_rem(i64::from(every)) == Some(0),
        };
        self.plan.milestones.iter().filter(|one| fires(one.fires)).map(|one| (one, count)).collect()
    }

    /// One reward by a rule, within caps and budgets.
    fn grant(
        &self,
        place: &Place<'_>,
        gift: &'a Gift,
        tiers: &Tiers,
        counters: &mut Counters,
        id: Uuid,
    ) -> Result<Grant<'a>, Refusal> {
        let tier = tiers.at(place.beneficiary, self.qualification.qualified_at);
        self.reckoned(
            place,
            gift,
            Reckoning { terms: Cow::Borrowed(&gift.terms), tier, context: Vec::new() },
            counters,
            id,
        )
    }

    /// A team's total by the rule, shared by weight: one reward a member, each within his own caps.
    fn team(
        &self,
        gift: &'a Gift,
        counters: &mut Counters,
        next_id: &mut dyn FnMut() -> Uuid,
    ) -> Result<Vec<Grant<'a>>, Refusal> {
        let staff = &self.qualification.staff;
        let RewardTerms::Cash(terms) = &gift.terms else { return Err(Refusal::OutOfRange("a team's share")) };
        if staff.is_empty() {
            return Ok(Vec::new());
        }
        let uncapped = RewardTerms::Cash(super::calculation::cash::CashTerms {
            limits: Limits::none(),
            tax: Tax::None,
            ..terms.clone()
        });
        let total = compute(&uncapped, &nothing_used(self.amount)).map_err(|error| refused(&error))?;
        let weights: Vec<Decimal> = staff.iter().map(|share| share.weight).collect();
        let shares = allocation::shares(total.amounts.gross, &weights).map_err(|error| refused(&error))?;
        let mut grants = Vec::with_capacity(staff.len());
        for (share, amount) in staff.iter().zip(shares) {
            let mut context = total.steps.clone();
            context.push(step("team_total", &total.amounts.gross, format!("shared by {}", staff.len())));
            context.push(step("team_share", &amount, format!("weight {}", share.weight)));
            let terms = fixed(amount, terms.limits.clone(), terms.tax.clone(), terms.rounding);
            let place = Place { role: Role::Team, beneficiary: &share.staff, milestone: None };
            let reckoning = Reckoning { terms: Cow::Owned(RewardTerms::Cash(terms)), tier: None, context };
            grants.push(self.reckoned(&place, gift, reckoning, counters, next_id())?);
        }
        Ok(grants)
    }

    fn reckoned(
        &self,
        place: &Place<'_>,
        gift: &'a Gift,
        reckoning: Reckoning<'a, '_>,
        counters: &mut Counters,
        id: Uuid,
    ) -> Result<Grant<'a>, Refusal> {
        let Reckoning { mut terms, tier, mut context } = reckoning;
        let key = window_key(&self.plan.plan.id, &self.window, place.beneficiary);
        let mut input = CashInput {
            qualifying_amount: self.amount,
            tier: tier.map(str::to_owned),
            window: (!self.window.is_empty()).then(|| self.window.clone()),
            used: self.used(counters, key.as_ref()),
        };
        if let Some(season) = self.tighter_season(counters) {
            context.push(self.season_step());
            terms = Cow::Owned(under(season, &terms, &mut input));
        }
        let mut computed = compute(&terms, &input).map_err(|error| refused(&error))?;
        if let Some(cost) = self.tighter_cost(counters, &computed, on_exceed(&terms))? {
            context.push(step("cost_budget", &cost.budget, "what may be granted within the plan's cost"));
            terms = Cow::Owned(under(cost, &terms, &mut input));
            computed = compute(&terms, &input).map_err(|error| refused(&error))?;
        }
        self.take(counters, key, &computed)?;

        let reward = self.reward(place, gift, id, tier.unwrap_or_default(), &computed)?;
        let postings = match reward.state {
            State::Rejected(_) => Vec::new(),
            _ => ledger::accrual(&reward.entitlement.amounts),
        };
        let record = Record {
            calculation_version: Record::VERSION,
            plan: Cow::Owned(self.plan.plan.name()),
            plan_version: self.plan.plan.version,
            terms,
            input,
            days: self.days.clone(),
            context,
            steps: computed.steps,
        };
        Ok(Grant { reward, record, postings })
    }

    fn reward(
        &self,
        place: &Place<'_>,
        gift: &Gift,
        id: Uuid,
        tier: &str,
        computed: &Computed,
    ) -> Result<Reward, Refusal> {
        let mut reasons: Vec<String> = computed.reasons.iter().map(ToString::to_string).collect();
        let nothing = !computed.is_something();
        if nothing && reasons.is_empty() {
            reasons.push(NOTHING_EARNED.to_owned());
        }
        let (milestone, milestone_count) = place.milestone.unwrap_or_default();
        let entitlement = Entitlement {
            id,
            referral: self.qualification.referral,
            plan: self.plan.plan.id.clone(),
            plan_version: self.plan.plan.version,
            role: place.role,
            stage: self.qualification.stage.clone(),
            milestone: milestone.to_owned(),
            milestone_count,
            beneficiary: place.beneficiary.to_owned(),
            branch: self.qualification.branch.clone(),
            tier: tier.to_owned(),
            kind: gift.kind,
            quantity: computed.quantity,
            item: gift.item.clone(),
            amounts: computed.amounts,
            window: self.window.clone(),
            season: self.season.as_ref().map(|key| key.season.clone()).unwrap_or_default(),
            choice: if nothing { None } else { self.choice(gift)? },
            qualified_at: self.qualification.qualified_at,
            // Never before it was granted: a referral may be told late.
            due_at: self.days.due_at.max(self.now),
            created_at: self.now,
        };
        let state = if nothing {
            State::Rejected(Rejected { by: String::new(), attempts: 0 })
        } else {
            State::Accrued(Accrued)
        };
        let netted = Money::zero(entitlement.amounts.net.currency());
        Ok(Reward { entitlement, state, netted, reasons, revision: 1, updated_at: self.now })
    }

    /// The choice that goes with it: until the end of the last day, in the plan's time zone.
    fn choice(&self, gift: &Gift) -> Result<Option<Choice>, Refusal> {
        let Some(choice) = &gift.choice else { return Ok(None) };
        let zone = &self.plan.plan.terms.zone;
        let beyond = |_| Refusal::OutOfRange("the deadline of a choice");
        let last = self.now.date_in(zone).plus_days(choice.deadline_days).map_err(beyond)?;
        let until = last.plus_days(1).map_err(beyond)?.start_in(zone);
        Ok(Some(Choice { default: choice.default_side, until }))
    }
}

/// How one reward is to be computed.
struct Reckoning<'a, 'b> {
    terms: Cow<'a, RewardTerms>,
    tier: Option<&'b str>,
    /// What led to these terms.
    context: Vec<Step>,
}

/// The first instant of the day so many days after the qualifying one, both in the plan's time zone.
fn days(plan: &PlanInForce, qualified_at: Timestamp) -> Result<Days, Refusal> {
    let terms = &plan.plan.terms;
    let qualified_on = qualified_at.date_in(&terms.zone);
    let due_on = qualified_on.plus_days(terms.holding_days).map_err(|_| Refusal::OutOfRange("the due date"))?;
    Ok(Days {
        zone: terms.zone.clone(),
        qualified_at,
        qualified_on,
        holding_days: terms.holding_days,
        due_on,
        due_at: due_on.start_in(&terms.zone),
    })
}

/// The terms and the input were checked before, so what is left is a result that money does not hold.
fn refused(error: &CalculationError) -> Refusal {
    match error.class() {
        Class::OutOfRange => Refusal::OutOfRange("the reward"),
        Class::InvalidArgument | Class::FailedPrecondition => {
            Refusal::FieldInvalid(vec![Fault::new("qualification", error.to_string())])
        }
    }
}
