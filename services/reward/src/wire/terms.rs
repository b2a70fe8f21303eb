//! A plan's terms as they are proposed: every fault is found at once, and none hides another.

use super::{
    campaign::{budgets_from, jurisdiction_from, milestones_from, window_from},
    payment::payment_from,
    rate_rule::rate_limits_from,
    rule::role_terms_from,
};
use crate::domain::{
    calculation::{
        caps::{Limits, OnExceed},
        tax::{Basis, BorneBy, FlatTax, Tax},
        window::Window,
    },
    refusal::Fault,
    terms::{Milestones, Proposal, RoleTerms, Terms},
};
use handsel_money::{Currency, Money, Rate, Rounding, Zone};
use handsel_proto::{
    google::r#type as google,
    handsel::reward::v1::{self as wire, flat_tax},
};
use handsel_service::{
    status::{AMOUNT_PRECISION, Violation},
    wire::{money_from, rate_from},
};
use std::fmt::Display;

/// The terms of a proposed plan, and every fault of theirs, by its path in the request.
///
/// # Errors
/// The faults, at least one.
pub(crate) fn terms_from(plan: &wire::Plan) -> Result<Terms, Vec<Violation>> {
    let mut faults = Faults::default();
    let currency = faults.parsed::<Currency>(&plan.currency_code, "plan.currency_code");
    let zone = faults.parsed::<Zone>(&plan.time_zone, "plan.time_zone");
    let roles = roles_from(&plan.role_rules, &mut faults);
    let cap = cap_from(plan.beneficiary_cap.as_ref(), "plan.beneficiary_cap", &mut faults);
    let budget = faults.optional_money(plan.budget.as_ref(), "plan.budget");
    let budgeted = plan.budget.is_some() || plan.season.is_some() || plan.cost_budget.is_some();
    let needed = cap.amount.is_some() || budgeted;
    let on_exceed = on_exceed_from(plan.on_exceed(), needed, "plan.on_exceed", &mut faults);
    let tax = tax_from(plan.tax.as_ref(), currency, "plan.tax", &mut faults);
    let payment = payment_from(plan, &mut faults);
    let milestones = milestones_from(plan, &mut faults);
    let milestone_window = window_from(plan.milestone_window());
    let budgets = budgets_from(plan, &mut faults);
    let rate_limits = rate_limits_from(plan.rate_limits.as_ref(), "plan.rate_limits", &mut faults);
    let reporting_threshold = faults.optional_money(plan.reporting_threshold.as_ref(), "plan.reporting_threshold");
    let standing = jurisdiction_from(plan);
    let limits = Limits { count_cap: cap.count, amount_cap: cap.amount, budget, on_exceed };
    if let Some(currency) = currency {
        let proposal = Proposal {
            currency,
            roles: &roles,
            milestones: &milestones,
            milestone_window,
            limits: &limits,
            budgets: &budgets,
            rate_limits: &rate_limits,
            tax: tax.as_ref(),
            reporting_threshold,
            payment: &payment,
            standing: &standing,
        };
        faults.add(proposal.faults());
    }
    let list = milestones.into_iter().collect::<Option<Vec<_>>>();
    match (currency, zone, roles.into_iter().collect(), list, tax) {
        (Some(currency), Some(zone), Some(roles), Some(list), Some(tax)) if faults.0.is_empty() => Ok(Terms {
            currency,
            zone,
            rounding: rounding_from(plan.rounding()),
            roles,
            milestones: milestone_window.map(|window| Milestones { window, list }),
            window: cap.window,
            limits,
            budgets,
            rate_limits,
            tax,
            reporting_threshold,
            holding_days: plan.holding_days,
            payment,
            standing,
        }),
        _ => Err(faults.0),
    }
}

/// Faults as they are found.
#[derive(Default)]
pub(crate) struct Faults(pub(super) Vec<Violation>);

impl Faults {
    pub(super) fn note(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation::new(field, description));
    }

    pub(super) fn money(&mut self, money: Option<&google::Money>, field: impl Display + Copy) -> Option<Money> {
        self.keep(money_from(money, field))
    }

    pub(super) fn optional_money(
        &mut self,
        money: Option<&google::Money>,
        field: impl Display + Copy,
    ) -> Option<Money> {
        money.and_then(|money| self.money(Some(money), field))
    }

    pub(super) fn rate(&mut self, rate: Option<&google::Decimal>, field: impl Display + Copy) -> Option<Rate> {
        self.keep(rate_from(rate, field))
    }

    pub(super) fn optional_rate(&mut self, rate: Option<&google::Decimal>, field: impl Display + Copy) -> Option<Rate> {
        rate.and_then(|rate| self.rate(Some(rate), field))
    }

    pub(super) fn parsed<T: std::str::FromStr>(&mut self, text: &str, field: &str) -> Option<T>
    where
        T::Err: Display,
    {
        self.keep(text.parse().map_err(|error: T::Err| Violation::new(field, error.to_string())))
    }

    pub(super) fn keep<T>(&mut self, read: Result<T, Violation>) -> Option<T> {
        read.map_err(|violation| self.0.push(violation)).ok()
    }

    /// All of them, in the order found.
    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.0
    }

    /// Adds what the domain finds in what could be read.
    fn add(&mut self, of_domain: Vec<Fault>) {
        self.0.extend(
            of_domain.into_iter().map(|fault| Violation::new(format!("plan.{}", fault.field), fault.description)),
        );
    }
}

/// The reason of a refusal for these faults: theirs, where they share one.
pub(crate) fn shared_reason(violations: &[Violation]) -> &'static str {
    match violations.first() {
        Some(first) if violations.iter().all(|one| one.reason == first.reason) && first.reason == AMOUNT_PRECISION => {
            AMOUNT_PRECISION
        }
        _ => handsel_service::status::FIELD_INVALID,
    }
}

/// A rule that cannot be read leaves a gap, so that the places of the others stay as they were sent.
fn roles_from(rules: &[wire::RoleRule], faults: &mut Faults) -> Vec<Option<RoleTerms>> {
    let place = |at: usize| format!("plan.role_rules[{at}]");
    rules.iter().enumerate().map(|(at, rule)| role_terms_from(rule, &place(at), faults)).collect()
}

/// What one beneficiary may get in a window.
#[derive(Default)]
pub(super) struct Cap {
    pub(super) window: Option<Window>,
    pub(super) count: Option<i64>,
    pub(super) amount: Option<Money>,
}

pub(super) fn cap_from(cap: Option<&wire::BeneficiaryCap>, path: &str, faults: &mut Faults) -> Cap {
    let Some(cap) = cap else { return Cap::default() };
    if cap.max_count == 0 && cap.max_amount.is_none() {
        faults.note(path, "at least one of max_count and max_amount is required");
    }
    let window = window_from(cap.window());
    if window.is_none() {
        faults.note(format!("{path}.window"), "a window is required");
    }
    Cap {
        window,
        count: (cap.max_count != 0).then(|| i64::from(cap.max_count)),
        amount: faults.optional_money(cap.max_amount.as_ref(), format_args!("{path}.max_amount")),
    }
}

/// Only a cap on amounts and a budget leave room to cut a reward to; a cap on their number leaves none.
pub(super) fn on_exceed_from(said: wire::OnExceed, needed: bool, path: &str, faults: &mut Faults) -> OnExceed {
    match said {
        wire::OnExceed::Reduce => OnExceed::Reduce,
        wire::OnExceed::Reject => OnExceed::Reject,
        wire::OnExceed::Unspecified => {
            if needed {
                faults.note(path, "it is required with a cap on amounts or a budget");
            }
            OnExceed::Reject
        }
    }
}

pub(super) fn tax_from(
    tax: Option<&wire::FlatTax>,
    currency: Option<Currency>,
    path: &str,
    faults: &mut Faults,
) -> Option<Tax> {
    let Some(tax) = tax else { return Some(Tax::None) };
    let rate = faults.rate(tax.rate.as_ref(), format_args!("{path}.rate"));
    let exempt_up_to = match &tax.exempt_up_to {
        Some(amount) => faults.money(Some(amount), format_args!("{path}.exempt_up_to")),
        None => currency.map(Money::zero),
    };
    let basis = match tax.basis() {
        flat_tax::Basis::Whole => Some(Basis::Whole),
        flat_tax::Basis::Excess => Some(Basis::Excess),
        flat_tax::Basis::Unspecified => {
            faults.note(format!("{path}.basis"), "a basis is required");
            None
        }
    };
    let borne_by = match tax.borne_by() {
        flat_tax::BorneBy::Recipient => Some(BorneBy::Recipient),
        flat_tax::BorneBy::Bank => Some(BorneBy::Bank),
        flat_tax::BorneBy::Unspecified => {
            faults.note(format!("{path}.borne_by"), "who bears it is required");
            None
        }
    };
    Some(Tax::Flat(FlatTax { rate: rate?, exempt_up_to: exempt_up_to?, basis: basis?, borne_by: borne_by? }))
}

pub(super) fn rounding_from(rounding: wire::Rounding) -> Rounding {
    match rounding {
        wire::Rounding::Unspecified | wire::Rounding::HalfUp => Rounding::HalfUp,
        wire::Rounding::HalfEven => Rounding::HalfEven,
        wire::Rounding::Down => Rounding::Down,
        wire::Rounding::Up => Rounding::Up,
    }
}
