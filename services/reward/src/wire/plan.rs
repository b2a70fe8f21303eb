//! A plan for the wire.

use super::{
    campaign::{to_fact, to_introducers, to_milestone, to_profile, to_season, to_uses, to_window},
    payment::{to_band, to_check, to_reversal},
    rate_rule::to_rate_limits,
    rule::to_role_rule,
};
use crate::domain::{
    calculation::{
        caps::{Limits, OnExceed},
        tax::{Basis, BorneBy, FlatTax, Tax},
        window::Window,
    },
    plan::{Plan, State, Suspension},
    terms::{Jurisdiction, Payment, Terms},
};
use crate::queries::{plans::Uses, terms_sheets::SheetRow};
use handsel_money::{Money, Rounding};
use handsel_proto::handsel::reward::v1::{self as wire, flat_tax, plan};
use handsel_service::wire::{to_decimal, to_money, to_timestamp};

/// A plan with what stands against its budgets.
pub(crate) fn to_plan(plan: &Plan, uses: &Uses) -> wire::Plan {
    let Plan { id: _, version, display_name, terms, maker, state, suspension, revision, created_at, updated_at } = plan;
    let Terms {
        currency,
        zone,
        rounding,
        roles,
        milestones,
        window,
        limits,
        budgets,
        rate_limits,
        tax,
        reporting_threshold,
        holding_days,
        payment,
        standing,
    } = terms;
    let Jurisdiction { profile, fact, introducers, tax_note } = standing;
    let Payment { approval_bands, gate, expiry_days, reversal } = payment;
    wire::Plan {
        name: plan.name(),
        display_name: display_name.clone(),
        state: to_state(state).into(),
        version: i32::try_from(*version).unwrap_or(i32::MAX),
        currency_code: currency.code().to_owned(),
        time_zone: zone.name().to_owned(),
        rounding: to_rounding(*rounding).into(),
        role_rules: roles.iter().map(to_role_rule).collect(),
        beneficiary_cap: window.map(|window| to_cap(window, limits)),
        budget: limits.budget.map(to_money),
        on_exceed: to_on_exceed(terms).into(),
        tax: to_tax(tax),
        holding_days: *holding_days,
        approval_bands: approval_bands.iter().map(to_band).collect(),
        granted: Some(to_money(Money::new(*currency, uses.budget.rewards.granted_minor))),
        etag: revision.to_string(),
        maker: maker.clone(),
        checker: state.checker().to_owned(),
        create_time: Some(to_timestamp(*created_at)),
        update_time: Some(to_timestamp(*updated_at)),
        reversal: to_reversal(*reversal),
        expiry_days: expiry_days.unwrap_or_default(),
        gate_checks: gate.iter().map(|check| to_check(*check).into()).collect(),
        rate_limits: to_rate_limits(rate_limits),
        milestones: milestones.iter().flat_map(|milestones| &milestones.list).map(to_milestone).collect(),
        milestone_window: milestones.as_ref().map_or(wire::Window::Unspecified, |one| to_window(one.window)).into(),
        season: budgets.season.map(to_season),
        cost_budget: budgets.cost.map(to_money),
        profile: to_profile(*profile).into(),
        qualifying_fact: to_fact(*fact).into(),
        introducers: to_introducers(*introducers).into(),
        tax_note: tax_note.clone(),
        reporting_threshold: reporting_threshold.map(to_money),
        budget_uses: to_uses(plan, uses),
        suspension: suspension.as_ref().map(to_suspension),
    }
}

fn to_state(state: &State) -> plan::State {
    match state {
        State::Draft(_) => plan::State::Draft,
        State::InReview(_) => plan::State::InReview,
        State::Active(_) => plan::State::Active,
        State::Paused(_) => plan::State::Paused,
        State::Ended(_) => plan::State::Ended,
    }
}

/// The sheet of a version.
pub(crate) fn to_terms_sheet(plan: &Plan, sheet: SheetRow) -> wire::TermsSheet {
    let SheetRow { plan_id: _, plan_version, language, format, text, digest } = sheet;
    wire::TermsSheet {
        plan: plan.name(),
        version: i32::try_from(plan_version).unwrap_or(i32::MAX),
        language_code: language,
        text,
        digest,
        format: i32::try_from(format).unwrap_or(i32::MAX),
    }
}

fn to_suspension(suspension: &Suspension) -> wire::Suspension {
    let Suspension { reason, asked_by, confirmed_by } = suspension;
    wire::Suspension {
        reason: reason.clone(),
        asked_by: asked_by.clone(),
        confirmed_by: confirmed_by.clone().unwrap_or_default(),
    }
}

pub(super) fn to_rounding(rounding: Rounding) -> wire::Rounding {
    match rounding {
        Rounding::HalfUp => wire::Rounding::HalfUp,
        Rounding::HalfEven => wire::Rounding::HalfEven,
        Rounding::Down => wire::Rounding::Down,
        Rounding::Up => wire::Rounding::Up,
    }
}

fn to_cap(window: Window, limits: &Limits) -> wire::BeneficiaryCap {
    wire::BeneficiaryCap {
        window: to_window(window).into(),
        // The contract takes at most 1,000,000.
        max_count: i32::try_from(limits.count_cap.unwrap_or_default()).unwrap_or(i32::MAX),
        max_amount: limits.amount_cap.map(to_money),
    }
}

/// What a plan without cap and budget does with what exceeds them was never asked.
fn to_on_exceed(terms: &Terms) -> wire::OnExceed {
    match terms.limits.on_exceed {
        _ if terms.window.is_none() && terms.limits.budget.is_none() && !terms.budgets.any() => {
            wire::OnExceed::Unspecified
        }
        OnExceed::Reduce => wire::OnExceed::Reduce,
        OnExceed::Reject => wire::OnExceed::Reject,
    }
}

fn to_tax(tax: &Tax) -> Option<wire::FlatTax> {
    let Tax::Flat(FlatTax { rate, exempt_up_to, basis, borne_by }) = tax else { return None };
    let basis = match basis {
        Basis::Whole => flat_tax::Basis::Whole,
        Basis::Excess => flat_tax::Basis::Excess,
    };
    let borne_by = match borne_by {
        BorneBy::Recipient => flat_tax::BorneBy::Recipient,
        BorneBy::Bank => flat_tax::BorneBy::Bank,
    };
    Some(wire::FlatTax {
        rate: Some(to_decimal(*rate)),
        exempt_up_to: Some(to_money(*exempt_up_to)),
        basis: basis.into(),
        borne_by: borne_by.into(),
    })
}
