//! The traces of preferential rates as sentences, and of the choice between one and cash.

use super::super::trace::{Step, value_of};
use super::sentence::OfRates;

pub(super) fn of_deposit(steps: &[Step]) -> Vec<OfRates<'_>> {
    let mut sentences = Vec::with_capacity(8);
    if let (Some(principal), Some(start), Some(maturity)) =
        (value_of(steps, "principal"), value_of(steps, "start"), value_of(steps, "maturity"))
    {
        sentences.push(OfRates::Deposit(principal, start, maturity));
    }
    sentences.extend(value_of(steps, "base_rate").map(OfRates::BaseRate));
    sentences.extend(concessions(steps, "uplift", "applied_uplift", OfRates::Uplift));
    sentences.extend(value_of(steps, "rate").map(OfRates::Rate));
    if value_of(steps, "uplift_principal_cap").is_some() {
        sentences.extend(value_of(steps, "slice_a").map(OfRates::UpliftOn));
    }
    if let (Some(with), Some(without)) = (value_of(steps, "total_interest"), value_of(steps, "base_interest")) {
        sentences.push(OfRates::Earns(with, without));
    }
    sentences.extend(value_of(steps, "benefit").map(OfRates::Benefit));
    sentences
}

pub(super) fn of_loan(steps: &[Step]) -> Vec<OfRates<'_>> {
    let mut sentences = Vec::with_capacity(8);
    if let (Some(principal), Some(drawdown), Some(instalments)) =
        (value_of(steps, "principal"), value_of(steps, "drawdown"), value_of(steps, "instalments"))
    {
        sentences.push(OfRates::Loan(principal, drawdown, instalments));
    }
    sentences.extend(value_of(steps, "base_rate").map(OfRates::BaseRate));
    sentences.extend(concessions(steps, "discount", "applied_discount", OfRates::Discount));
    sentences.extend(value_of(steps, "rate").map(OfRates::Rate));
    sentences.extend(value_of(steps, "discount_months").map(OfRates::DiscountMonths));
    let without = value_of(steps, "base_total_interest");
    sentences.extend(value_of(steps, "total_interest").map(|with| OfRates::Costs(with, without)));
    sentences.extend(value_of(steps, "saving").map(OfRates::Saving));
    if let (Some(nominal), Some(effective)) =
        (value_of(steps, "nominal_yearly_cost"), value_of(steps, "effective_yearly_cost"))
    {
        sentences.push(OfRates::YearlyCost(nominal, effective));
    }
    sentences
}

/// What each source asked for, with what was left to it.
fn concessions<'a>(
    steps: &'a [Step],
    asked: &'static str,
    applied: &'static str,
    say: fn(&'a str, &'a str, &'a str) -> OfRates<'a>,
) -> impl Iterator<Item = OfRates<'a>> {
    let asked = steps.iter().filter(move |step| step.step == asked);
    let left = steps.iter().filter(move |step| step.step == applied);
    asked.zip(left).map(move |(asked, left)| say(asked.reason.as_deref().unwrap_or(""), &asked.value, &left.value))
}

pub(super) fn of_choice(steps: &[Step]) -> Vec<OfRates<'_>> {
    let mut sentences = Vec::with_capacity(5);
    if let (Some(benefit), Some(cost)) = (value_of(steps, "cash_benefit"), value_of(steps, "cash_cost")) {
        sentences.push(OfRates::CashSide(benefit, cost));
    }
    sentences.push(OfRates::RateSide(value_of(steps, "rate_benefit")));
    let without = value_of(steps, "yearly_cost_without");
    sentences.extend(value_of(steps, "yearly_cost_with").map(|with| OfRates::YearlyCosts(with, without)));
    sentences.extend(value_of(steps, "better_for_customer").map(OfRates::Better));
    sentences.extend(value_of(steps, "dearer").map(OfRates::Dearer));
    sentences
}
