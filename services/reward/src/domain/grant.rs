//! Granting: what each role of a plan is owed for one qualified referral, and what that leaves of caps and budget.
//!
//! Pure: a batch is a fold of [`decide`] over [`Counters`] in order of arrival, so that it comes out as one by one.

use super::{
    calculation::{
        caps::Used,
        cash::{self, CashInput, CashReward},
        error::CalculationError,
    },
    ledger::{self, Posting},
    qualification::{QUALIFICATION_TOLERANCE, Qualification, not_in_the_future},
    record::{Days, Record},
    refusal::{Fault, Refusal},
    reward::{Amounts, Entitlement, Kind, Reward, Role},
    state::{Accrued, Rejected, State},
    terms::{PlanInForce, RoleInForce},
};
use handsel_money::{Class, Currency, Money, Timestamp};
use std::{borrow::Cow, collections::BTreeMap};
use uuid::Uuid;

/// Why a reward is 0 where nothing cut it: the rule gives nothing for this qualifying amount.
pub const NOTHING_EARNED: &str = "NOTHING_EARNED";

/// One beneficiary's window of one plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowKey {
    /// The plan.
    pub plan: String,
    /// The window, e.g. `2025-06`.
    pub window: String,
    /// `customers/{customer}` or `staff/{staff}`.
    pub beneficiary: String,
}

/// What one beneficiary has been granted in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rewards above 0.
    pub count: i64,
    /// Their sum in minor units.
    pub granted_minor: i64,
}

/// Counters as they stand while a batch is decided. What is absent stands at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Minor units granted, by plan.
    pub granted: BTreeMap<String, i64>,
    /// What stands in each window.
    pub windows: BTreeMap<WindowKey, Tally>,
}

impl Counters {
    fn used(&self, plan: &str, key: Option<&WindowKey>, currency: Currency) -> Used {
        let tally = key.and_then(|key| self.windows.get(key)).copied().unwrap_or_default();
        Used {
            count: tally.count,
            in_window: Money::new(currency, tally.granted_minor),
            by_plan: Money::new(currency, self.granted.get(plan).copied().unwrap_or_default()),
        }
    }

    fn set(&mut self, plan: &str, key: Option<WindowKey>, used: &Used) {
        self.granted.insert(plan.to_owned(), used.by_plan.minor());
        if let Some(key) = key {
            self.windows.insert(key, Tally { count: used.count, granted_minor: used.in_window.minor() });
        }
    }

    /// Gives back what a reward took, count included: it is no longer owed.
    ///
    /// # Errors
    /// [`Refusal::OutOfRange`] if the counters hold less than it took.
    pub fn give_back(&mut self, entitlement: &Entitlement) -> Result<(), Refusal> {
        let minor = entitlement.amounts.reward.minor();
        let less = |held: i64, part: i64| {
            held.checked_sub(part).filter(|rest| *rest >= 0).ok_or(Refusal::OutOfRange("what is given back"))
        };
        let granted = less(self.granted.get(&entitlement.plan).copied().unwrap_or_default(), minor)?;
        if let Some(key) = window_key(&entitlement.plan, &entitlement.window, &entitlement.beneficiary) {
            let held = self.windows.get(&key).copied().unwrap_or_default();
            let rest = Tally { count: less(held.count, 1)?, granted_minor: less(held.granted_minor, minor)? };
            self.windows.insert(key, rest);
        }
        self.granted.insert(entitlement.plan.clone(), granted);
        Ok(())
    }
}

/// The window that caps are counted in; none where the plan has no caps.
pub fn window_key(plan: &str, window: &str, beneficiary: &str) -> Option<WindowKey> {
    (!window.is_empty()).then(|| WindowKey {
        plan: plan.to_owned(),
        window: window.to_owned(),
        beneficiary: beneficiary.to_owned(),
    })
}

/// The windows that a qualification's rewards count in, one for each beneficiary.
pub fn windows_of(plan: &PlanInForce, qualification: &Qualification) -> Vec<WindowKey> {
    let window = window_of(plan, qualification.qualified_at);
    let beneficiaries = plan.of_stage(&qualification.stage).flat_map(|role| qualification.beneficiaries(role.role));
    beneficiaries.filter_map(|beneficiary| window_key(&plan.plan.id, &window, beneficiary)).collect()
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

/// Decides the rewards of one qualified referral or stage, the referrer's first, and moves the counters.
///
/// # Errors
/// In this order: [`Refusal::FutureTime`], [`Refusal::CurrencyMismatch`], [`Refusal::FieldInvalid`] for an amount below 0 or a
/// stage that the plan does not name, [`Refusal::OutOfRange`]. The counters are then as before.
pub fn decide<'a>(
    plan: &'a PlanInForce,
    qualification: &Qualification,
    tiers: &Tiers,
    counters: &mut Counters,
    now: Timestamp,
    next_id: &mut dyn FnMut() -> Uuid,
) -> Result<Vec<Grant<'a>>, Refusal> {
    let terms = &plan.plan.terms;
    not_in_the_future(qualification.qualified_at, now, QUALIFICATION_TOLERANCE, "qualify_time")?;
    let amount = qualification.qualifying_amount.unwrap_or(Money::zero(terms.currency));
    if amount.currency() != terms.currency {
        return Err(Refusal::CurrencyMismatch("qualifying_amount"));
    }
    if amount.is_negative() {
        return Err(Refusal::FieldInvalid(vec![Fault::new(
            "qualification.qualifying_amount",
            "an amount is below zero",
        )]));
    }
    if plan.of_stage(&qualification.stage).next().is_none() {
        return Err(Refusal::FieldInvalid(vec![Fault::new(
            "qualification.stage",
            "the plan pays nothing for this stage",
        )]));
    }
    let days = days(plan, qualification.qualified_at)?;
    let window = window_of(plan, qualification.qualified_at);
    let case = Case { plan, qualification, amount, days, window, now };

    // Moved on a copy of what this referral touches: a later role that is out of range leaves nothing behind.
    let mut moved = Counters::default();
    moved.granted.extend(counters.granted.get_key_value(&plan.plan.id).map(|(plan, minor)| (plan.clone(), *minor)));
    for key in windows_of(plan, qualification) {
        let tally = counters.windows.get(&key).copied().unwrap_or_default();
        moved.windows.insert(key, tally);
    }
    let mut grants = Vec::with_capacity(plan.roles.len());
    for role in plan.of_stage(&qualification.stage) {
        for beneficiary in qualification.beneficiaries(role.role) {
            grants.push(case.grant(role, beneficiary, tiers, &mut moved, next_id())?);
        }
    }
    counters.granted.extend(moved.granted);
    counters.windows.extend(moved.windows);
    Ok(grants)
}

/// What the rewards of one referral have in common.
struct Case<'a, 'b> {
    plan: &'a PlanInForce,
    qualification: &'b Qualification,
    amount: Money,
    days: Days,
    window: String,
    now: Timestamp,
}

impl<'a> Case<'a, '_> {
    fn grant(
        &self,
        role: &'a RoleInForce,
        beneficiary: &str,
        tiers: &Tiers,
        counters: &mut Counters,
        id: Uuid,
    ) -> Result<Grant<'a>, Refusal> {
        let terms = &role.terms;
        let key = window_key(&self.plan.plan.id, &self.window, beneficiary);
        let used = counters.used(&self.plan.plan.id, key.as_ref(), terms.currency);
        let tier = tiers.at(beneficiary, self.qualification.qualified_at);
        let input = CashInput {
            qualifying_amount: self.amount,
            tier: tier.map(str::to_owned),
            window: (!self.window.is_empty()).then(|| self.window.clone()),
            used,
        };
        let computed = cash::decide(terms, &input).map_err(|error| refused(&error))?;
        let (used, _) = used.granted(computed.reward).map_err(|error| refused(&error))?;
        counters.set(&self.plan.plan.id, key, &used);

        let reward = self.reward(role.role, beneficiary, id, tier.unwrap_or_default(), &computed);
        let postings = match reward.state {
            State::Rejected(_) => Vec::new(),
            _ => ledger::accrual(&reward.entitlement.amounts),
        };
        let record = Record {
            calculation_version: Record::VERSION,
            plan: Cow::Owned(self.plan.plan.name()),
            plan_version: self.plan.plan.version,
            terms: Cow::Borrowed(terms),
            input,
            days: self.days.clone(),
            steps: computed.steps,
        };
        Ok(Grant { reward, record, postings })
    }

    fn reward(&self, role: Role, beneficiary: &str, id: Uuid, tier: &str, computed: &CashReward) -> Reward {
        let mut reasons: Vec<String> = computed.reasons.iter().map(ToString::to_string).collect();
        let nothing = computed.reward.is_zero();
        if nothing && reasons.is_empty() {
            reasons.push(NOTHING_EARNED.to_owned());
        }
        let entitlement = Entitlement {
            id,
            referral: self.qualification.referral,
            plan: self.plan.plan.id.clone(),
            plan_version: self.plan.plan.version,
            role,
            stage: self.qualification.stage.clone(),
            milestone: String::new(),
            milestone_count: 0,
            beneficiary: beneficiary.to_owned(),
            branch: self.qualification.branch.clone(),
            tier: tier.to_owned(),
            kind: Kind::Cash,
            quantity: 0,
            item: String::new(),
            amounts: Amounts {
                gross: computed.gross,
                reward: computed.reward,
                tax: computed.tax,
                net: computed.net,
                cost: computed.cost,
            },
            window: self.window.clone(),
            season: String::new(),
            choice: None,
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
        Reward { entitlement, state, reasons, revision: 1, updated_at: self.now }
    }
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
