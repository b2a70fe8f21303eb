//! Milestones, seasons, budgets and the jurisdiction of a plan, both ways.

use super::{
    rule::{gives_from, role_from, to_gives},
    terms::Faults,
};
use crate::{
    domain::{
        calculation::{milestones::Fires, window::Window},
        grant::Pot,
        plan::Plan,
        profile::{Introducers, Profile, QualifyingFact},
        reward::Role,
        terms::{Budgets, Jurisdiction, MilestoneTerms, Season, Terms},
    },
    queries::plans::Uses,
};
use handsel_money::Money;
use handsel_proto::handsel::reward::v1::{self as wire, budget_use, milestone};
use handsel_service::wire::{to_money, to_timestamp};

/// Milestones as they are proposed; one that cannot be read leaves a gap.
pub(super) fn milestones_from(plan: &wire::Plan, faults: &mut Faults) -> Vec<Option<MilestoneTerms>> {
    let place = |at: usize| format!("plan.milestones[{at}]");
    plan.milestones.iter().enumerate().map(|(at, one)| milestone_from(one, &place(at), faults)).collect()
}

fn milestone_from(said: &wire::Milestone, path: &str, faults: &mut Faults) -> Option<MilestoneTerms> {
    let fires = match said.fires {
        None => {
            faults.note(format!("{path}.fires"), "either at or every is required");
            None
        }
        Some(milestone::Fires::At(count)) => u32::try_from(count).ok().map(Fires::At),
        Some(milestone::Fires::Every(count)) => u32::try_from(count).ok().map(Fires::Every),
    };
    let reward = said.reward.clone().unwrap_or_default();
    if role_from(reward.role()) != Some(Role::Referrer) {
        faults.note(format!("{path}.reward.role"), "a milestone is the referrer's");
    }
    if !reward.stage.is_empty() {
        faults.note(format!("{path}.reward.stage"), "a milestone has no stage");
    }
    let gives = gives_from(&reward, &format!("{path}.reward"), faults);
    Some(MilestoneTerms { id: said.id.clone(), fires: fires?, gives: gives? })
}

pub(super) fn to_milestone(terms: &MilestoneTerms) -> wire::Milestone {
    let MilestoneTerms { id, fires, gives } = terms;
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let fires = match fires {
        Fires::At(at) => milestone::Fires::At(count(*at)),
        Fires::Every(every) => milestone::Fires::Every(count(*every)),
    };
    let reward = wire::RoleRule { role: wire::BeneficiaryRole::Referrer.into(), ..to_gives(gives) };
    wire::Milestone { id: id.clone(), fires: Some(fires), reward: Some(reward) }
}

pub(super) fn budgets_from(plan: &wire::Plan, faults: &mut Faults) -> Budgets {
    let season = plan.season.as_ref().and_then(|season| {
        let budget = faults.money(season.budget.as_ref(), "plan.season.budget");
        let window = window_from(season.window());
        if window.is_none() {
            faults.note("plan.season.window", "a window is required");
        }
        Some(Season { window: window?, budget: budget? })
    });
    Budgets { cost: faults.optional_money(plan.cost_budget.as_ref(), "plan.cost_budget"), season }
}

pub(super) fn to_season(season: Season) -> wire::Season {
    let Season { window, budget } = season;
    wire::Season { window: to_window(window).into(), budget: Some(to_money(budget)) }
}

pub(super) fn window_from(window: wire::Window) -> Option<Window> {
    match window {
        wire::Window::Unspecified => None,
        wire::Window::Month => Some(Window::Month),
        wire::Window::Quarter => Some(Window::Quarter),
        wire::Window::Year => Some(Window::Year),
        wire::Window::Lifetime => Some(Window::Lifetime),
    }
}

pub(super) fn to_window(window: Window) -> wire::Window {
    match window {
        Window::Month => wire::Window::Month,
        Window::Quarter => wire::Window::Quarter,
        Window::Year => wire::Window::Year,
        Window::Lifetime => wire::Window::Lifetime,
    }
}

pub(super) fn jurisdiction_from(plan: &wire::Plan) -> Jurisdiction {
    Jurisdiction {
        profile: match plan.profile() {
            wire::Profile::Unspecified | wire::Profile::Open => Profile::Open,
            wire::Profile::Cn => Profile::Cn,
        },
        fact: match plan.qualifying_fact() {
            wire::QualifyingFact::Unspecified => None,
            wire::QualifyingFact::Deposit => Some(QualifyingFact::Deposit),
            wire::QualifyingFact::Loan => Some(QualifyingFact::Loan),
            wire::QualifyingFact::Account => Some(QualifyingFact::Account),
            wire::QualifyingFact::Card => Some(QualifyingFact::Card),
            wire::QualifyingFact::Other => Some(QualifyingFact::Other),
        },
        introducers: match plan.introducers() {
            wire::Introducers::Unspecified | wire::Introducers::Customers => Introducers::Customers,
            wire::Introducers::Anybody => Introducers::Anybody,
        },
        tax_note: plan.tax_note.clone(),
    }
}

pub(super) fn to_profile(profile: Profile) -> wire::Profile {
    match profile {
        Profile::Open => wire::Profile::Open,
        Profile::Cn => wire::Profile::Cn,
    }
}

pub(super) fn to_fact(fact: Option<QualifyingFact>) -> wire::QualifyingFact {
    match fact {
        None => wire::QualifyingFact::Unspecified,
        Some(QualifyingFact::Deposit) => wire::QualifyingFact::Deposit,
        Some(QualifyingFact::Loan) => wire::QualifyingFact::Loan,
        Some(QualifyingFact::Account) => wire::QualifyingFact::Account,
        Some(QualifyingFact::Card) => wire::QualifyingFact::Card,
        Some(QualifyingFact::Other) => wire::QualifyingFact::Other,
    }
}

pub(super) fn to_introducers(introducers: Introducers) -> wire::Introducers {
    match introducers {
        Introducers::Customers => wire::Introducers::Customers,
        Introducers::Anybody => wire::Introducers::Anybody,
    }
}

/// What stands against each budget that the plan has.
pub(super) fn to_uses(plan: &Plan, uses: &Uses) -> Vec<wire::BudgetUse> {
    let Terms { limits, budgets, .. } = &plan.terms;
    let Uses { budget, used_minor, used_cost_minor, seasons } = uses;
    let mut shown = Vec::new();
    if let Some(limit) = limits.budget {
        shown.push(to_use((budget_use::Kind::Rewards, ""), limit, budget.rewards, *used_minor));
    }
    if let Some(limit) = budgets.cost {
        shown.push(to_use((budget_use::Kind::Cost, ""), limit, budget.cost, *used_cost_minor));
    }
    if let Some(season) = budgets.season {
        let of_season = |(name, pot, used): &(String, Pot, i64)| {
            to_use((budget_use::Kind::Season, name), season.budget, *pot, *used)
        };
        shown.extend(seasons.iter().map(of_season));
    }
    shown
}

fn to_use((kind, season): (budget_use::Kind, &str), limit: Money, pot: Pot, used_minor: i64) -> wire::BudgetUse {
    let money = |minor: i64| Some(to_money(Money::new(limit.currency(), minor)));
    wire::BudgetUse {
        kind: kind.into(),
        season: season.to_owned(),
        limit: Some(to_money(limit)),
        granted: money(pot.granted_minor),
        reserved: money(pot.granted_minor.saturating_sub(used_minor)),
        used: money(used_minor),
        room: money(limit.minor().saturating_sub(pot.granted_minor).max(0)),
        warned_80_time: pot.warned_80_at.map(to_timestamp),
        warned_100_time: pot.warned_100_at.map(to_timestamp),
    }
}
