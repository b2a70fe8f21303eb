//! Preferential rates: deposits, loans, and the choice between one and cash.

use super::{Told, date_from, language_from, to_date, to_exact, told};
use crate::{
    domain::calculation::{
        choice::{Comparison, Side},
        concession::{Applied, Concession},
        deposit::{Accrual, Deposit, DepositGrant},
        explanation::{Language, Subject},
        loan::{InterestBasis, Loan, LoanGrant, Method, Row},
    },
    wire::terms::rounding_from,
};
use handsel_money::{DayCount, Decimal};
use handsel_proto::{
    google::r#type as google,
    handsel::reward::v1::{self as wire, choice_quote, loan_quote},
};
use handsel_service::{
    status::Violation,
    wire::{decimal_from, money_from, to_money},
};

/// A deposit, and the language it is to be explained in.
///
/// # Errors
/// The first field that cannot be taken.
pub(crate) fn deposit_from(said: &wire::QuoteDepositRequest) -> Result<(Deposit, Language), Violation> {
    let cap = said.uplift_principal_cap.as_ref();
    let deposit = Deposit {
        principal: money_from(said.principal.as_ref(), "principal")?,
        start: date_from(said.start_date.as_ref(), "start_date")?,
        maturity: date_from(said.maturity_date.as_ref(), "maturity_date")?,
        base_rate: decimal_from(said.base_rate.as_ref(), "base_rate")?,
        uplifts: concessions_from(&said.uplifts, "uplifts")?,
        max_uplift_bps: optional(said.max_uplift_basis_points.as_ref(), "max_uplift_basis_points")?,
        rate_ceiling: optional(said.rate_ceiling.as_ref(), "rate_ceiling")?,
        uplift_principal_cap: cap.map(|cap| money_from(Some(cap), "uplift_principal_cap")).transpose()?,
        day_count: day_count_from(said.day_count(), "day_count")?,
        accrual: accrual_from(said.accrual())?,
        rounding: rounding_from(said.rounding()),
    };
    Ok((deposit, language_from(&said.language_code)?))
}

/// A loan, and the language it is to be explained in.
///
/// # Errors
/// The first field that cannot be taken.
pub(crate) fn loan_from(said: &wire::QuoteLoanRequest) -> Result<(Loan, Language), Violation> {
    let whole = |number: i32, field: &str| u32::try_from(number).map_err(|_| Violation::new(field, "is below zero"));
    let loan = Loan {
        principal: money_from(said.principal.as_ref(), "principal")?,
        drawdown: date_from(said.drawdown_date.as_ref(), "drawdown_date")?,
        instalments: whole(said.instalments, "instalments")?,
        base_rate: decimal_from(said.base_rate.as_ref(), "base_rate")?,
        discounts: concessions_from(&said.discounts, "discounts")?,
        max_discount_bps: optional(said.max_discount_basis_points.as_ref(), "max_discount_basis_points")?,
        rate_floor: optional(said.rate_floor.as_ref(), "rate_floor")?,
        discount_months: said.discount_months.map(|months| whole(months, "discount_months")).transpose()?,
        interest_basis: basis_from(said.interest_basis())?,
        method: method_from(said.repayment_method())?,
        rounding: rounding_from(said.rounding()),
    };
    Ok((loan, language_from(&said.language_code)?))
}

fn optional(decimal: Option<&google::Decimal>, field: &str) -> Result<Option<Decimal>, Violation> {
    decimal.map(|decimal| decimal_from(Some(decimal), field)).transpose()
}

fn concessions_from(said: &[wire::RateConcession], field: &str) -> Result<Vec<Concession>, Violation> {
    let each = said.iter().enumerate();
    each.map(|(at, one)| {
        let bps = decimal_from(one.basis_points.as_ref(), &format!("{field}[{at}].basis_points"))?;
        Ok(Concession { source: one.source.clone(), bps })
    })
    .collect()
}

pub(crate) fn day_count_from(said: wire::DayCount, field: &str) -> Result<DayCount, Violation> {
    Ok(match said {
        wire::DayCount::Unspecified => return Err(Violation::new(field, "a day count is required")),
        wire::DayCount::Act365f => DayCount::Act365F,
        wire::DayCount::Act360 => DayCount::Act360,
        wire::DayCount::ActActIsda => DayCount::ActActIsda,
        wire::DayCount::Thirty360 => DayCount::Thirty360,
        wire::DayCount::ThirtyE360 => DayCount::ThirtyE360,
    })
}

pub(crate) fn accrual_from(said: wire::Accrual) -> Result<Accrual, Violation> {
    Ok(match said {
        wire::Accrual::Unspecified => return Err(Violation::new("accrual", "an accrual is required")),
        wire::Accrual::Simple => Accrual::Simple,
        wire::Accrual::CompoundMonthly => Accrual::CompoundMonthly,
        wire::Accrual::CompoundQuarterly => Accrual::CompoundQuarterly,
        wire::Accrual::CompoundAnnually => Accrual::CompoundAnnually,
    })
}

pub(crate) fn basis_from(said: wire::InterestBasis) -> Result<InterestBasis, Violation> {
    Ok(match said {
        wire::InterestBasis::Unspecified => return Err(Violation::new("interest_basis", "a basis is required")),
        wire::InterestBasis::Twelfth => InterestBasis::Twelfth,
        wire::InterestBasis::Act365f => InterestBasis::Days(DayCount::Act365F),
        wire::InterestBasis::Act360 => InterestBasis::Days(DayCount::Act360),
        wire::InterestBasis::ActActIsda => InterestBasis::Days(DayCount::ActActIsda),
        wire::InterestBasis::Thirty360 => InterestBasis::Days(DayCount::Thirty360),
        wire::InterestBasis::ThirtyE360 => InterestBasis::Days(DayCount::ThirtyE360),
    })
}

pub(crate) fn method_from(said: wire::RepaymentMethod) -> Result<Method, Violation> {
    Ok(match said {
        wire::RepaymentMethod::Unspecified => {
            return Err(Violation::new("repayment_method", "a method is required"));
        }
        wire::RepaymentMethod::EqualInstalment => Method::EqualInstalment,
        wire::RepaymentMethod::EqualPrincipal => Method::EqualPrincipal,
        wire::RepaymentMethod::InterestOnly => Method::InterestOnly,
    })
}

fn to_applied(applied: &[Applied]) -> Vec<wire::RateConcession> {
    let each = applied.iter();
    each.map(|Applied { source, bps }| wire::RateConcession {
        source: source.clone(),
        basis_points: Some(to_exact(bps)),
    })
    .collect()
}

/// A rate as it is shown, with its zeros.
fn shown(rate: Decimal) -> google::Decimal {
    google::Decimal { value: rate.to_string() }
}

/// What a deposit earns.
pub(crate) fn deposit_answer(grant: DepositGrant, language: Language) -> wire::DepositQuote {
    let DepositGrant {
        applied,
        rate,
        slice_a,
        slice_b,
        interest_a,
        interest_b,
        total_interest,
        base_interest,
        benefit,
        blended_rate,
        steps,
    } = grant;
    let Told { version, steps, explanation } = told(Subject::Deposit, steps, language);
    wire::DepositQuote {
        rate: Some(to_exact(&rate)),
        applied_uplifts: to_applied(&applied),
        preferential_principal: Some(to_money(slice_a)),
        base_principal: Some(to_money(slice_b)),
        preferential_interest: Some(to_money(interest_a)),
        base_principal_interest: Some(to_money(interest_b)),
        total_interest: Some(to_money(total_interest)),
        total_interest_without: Some(to_money(base_interest)),
        benefit: Some(to_money(benefit)),
        blended_rate: Some(shown(blended_rate)),
        calculation_version: version,
        steps,
        explanation,
    }
}

/// What a loan costs.
pub(crate) fn loan_answer(grant: LoanGrant, language: Language) -> wire::LoanQuote {
    let LoanGrant {
        applied,
        rate,
        rows,
        total_interest,
        total_payment,
        base_total_interest,
        saving,
        nominal_yearly_cost,
        effective_yearly_cost,
        steps,
    } = grant;
    let Told { version, steps, explanation } = told(Subject::Loan, steps, language);
    wire::LoanQuote {
        rate: Some(to_exact(&rate)),
        applied_discounts: to_applied(&applied),
        rows: rows.iter().map(to_row).collect(),
        total_interest: Some(to_money(total_interest)),
        total_payment: Some(to_money(total_payment)),
        total_interest_without: base_total_interest.map(to_money),
        saving: saving.map(to_money),
        nominal_yearly_cost: Some(shown(nominal_yearly_cost)),
        effective_yearly_cost: Some(shown(effective_yearly_cost)),
        calculation_version: version,
        steps,
        explanation,
    }
}

fn to_row(row: &Row) -> loan_quote::Row {
    let Row { number, due, principal, interest, payment, balance } = *row;
    loan_quote::Row {
        // At most 600.
        number: i32::try_from(number).unwrap_or(i32::MAX),
        due_date: Some(to_date(due)),
        principal: Some(to_money(principal)),
        interest: Some(to_money(interest)),
        payment: Some(to_money(payment)),
        balance: Some(to_money(balance)),
    }
}

/// Both sides of a choice held against each other.
pub(crate) fn choice_answer(
    cash: wire::RewardQuote,
    with_rate: choice_quote::WithRate,
    without_rate: Option<choice_quote::WithoutRate>,
    comparison: Comparison,
    language: Language,
) -> wire::ChoiceQuote {
    let Comparison { cash: worth, rate_benefit, dearer, better_for_customer, steps } = comparison;
    let Told { version, steps, explanation } = told(Subject::Choice, steps, language);
    wire::ChoiceQuote {
        cash: Some(cash),
        with_rate: Some(with_rate),
        without_rate,
        rate_benefit: rate_benefit.map(to_money),
        cash_benefit: Some(to_money(worth.benefit)),
        cash_cost: Some(to_money(worth.cost)),
        dearer: to_side(dearer).into(),
        better_for_customer: to_side(better_for_customer).into(),
        calculation_version: version,
        steps,
        explanation,
    }
}

fn to_side(side: Option<Side>) -> choice_quote::Side {
    match side {
        None => choice_quote::Side::Unspecified,
        Some(Side::Cash) => choice_quote::Side::Cash,
        Some(Side::Rate) => choice_quote::Side::Rate,
        Some(Side::Equal) => choice_quote::Side::Equal,
    }
}
