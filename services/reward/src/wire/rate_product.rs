//! Rate products, both ways: every fault of a proposed one is found at once.

use super::{
    plan::to_rounding,
    quote::rates::{accrual_from, basis_from, day_count_from, method_from},
    rate_rule::{decimal, months},
    terms::{Faults, rounding_from},
};
use crate::domain::{
    calculation::{
        deposit::Accrual,
        loan::{InterestBasis, Method},
    },
    rate_product::{BaseRates, Kind, ProductTerms, RateProduct, State, TermRate},
    stacking::{Group, Stacking, Within},
};
use handsel_money::{Currency, DayCount, Zone};
use handsel_proto::handsel::reward::v1::{
    self as wire,
    rate_product::{self, DepositTerms, LoanTerms},
};
use handsel_service::{
    status::Violation,
    wire::{date_from, to_date, to_decimal, to_timestamp},
};

/// The terms of a proposed product, and every fault of theirs, by its path in the request.
///
/// # Errors
/// The faults, at least one.
pub(crate) fn product_terms_from(product: &wire::RateProduct) -> Result<ProductTerms, Vec<Violation>> {
    let mut faults = Faults::default();
    let currency = faults.parsed::<Currency>(&product.currency_code, "rate_product.currency_code");
    let zone = faults.parsed::<Zone>(&product.time_zone, "rate_product.time_zone");
    let effective_from = faults.keep(date_from(product.effective_date.as_ref(), "rate_product.effective_date"));
    let kind = kind_from(product.kind.as_ref(), &mut faults);
    let base_rates: Vec<Option<BaseRates>> = product
        .base_rates
        .iter()
        .enumerate()
        .map(|(at, rates)| base_rates_from(rates, &format!("rate_product.base_rates[{at}]"), &mut faults))
        .collect();
    let max_change_bps = faults.optional_rate(product.max_change_bps.as_ref(), "rate_product.max_change_bps");
    let rate_limit = faults.optional_rate(product.rate_limit.as_ref(), "rate_product.rate_limit");
    let base_rates: Option<Vec<BaseRates>> = base_rates.into_iter().collect();
    let (Some(currency), Some(zone), Some(effective_from), Some(kind), Some(base_rates)) =
        (currency, zone, effective_from, kind, base_rates)
    else {
        return Err(faults.into_violations());
    };
    let terms = ProductTerms {
        currency,
        zone,
        rounding: rounding_from(product.rounding()),
        effective_from,
        kind,
        base_rates,
        max_change_bps: max_change_bps.map(handsel_money::Rate::decimal),
        rate_limit,
        stacking: stacking_from(product.stacking.as_ref()),
    };
    for fault in terms.faults() {
        faults.note(format!("rate_product.{}", fault.field), fault.description);
    }
    let violations = faults.into_violations();
    if violations.is_empty() { Ok(terms) } else { Err(violations) }
}

fn kind_from(kind: Option<&rate_product::Kind>, faults: &mut Faults) -> Option<Kind> {
    match kind {
        None => {
            faults.note("rate_product.kind", "either deposit or loan is required");
            None
        }
        Some(rate_product::Kind::Deposit(deposit)) => {
            let day_count = faults.keep(day_count_from(deposit.day_count(), "rate_product.deposit.day_count"));
            let accrual = faults.keep(accrual_from(deposit.accrual()));
            Some(Kind::Deposit { day_count: day_count?, accrual: accrual? })
        }
        Some(rate_product::Kind::Loan(loan)) => {
            let interest_basis = faults.keep(basis_from(loan.interest_basis()));
            let method = faults.keep(method_from(loan.method()));
            Some(Kind::Loan { interest_basis: interest_basis?, method: method? })
        }
    }
}

fn base_rates_from(rates: &rate_product::BaseRates, path: &str, faults: &mut Faults) -> Option<BaseRates> {
    let from = faults.keep(date_from(rates.from_date.as_ref(), &format!("{path}.from_date")));
    let terms: Vec<Option<TermRate>> = rates
        .terms
        .iter()
        .enumerate()
        .map(|(at, term)| {
            let rate = faults.rate(term.rate.as_ref(), format_args!("{path}.terms[{at}].rate"))?;
            Some(TermRate { from_months: u32::try_from(term.from_months).unwrap_or_default(), rate })
        })
        .collect();
    Some(BaseRates { from: from?, terms: terms.into_iter().collect::<Option<_>>()? })
}

fn stacking_from(stacking: Option<&rate_product::Stacking>) -> Stacking {
    let groups = stacking.map(|stacking| stacking.groups.as_slice()).unwrap_or_default();
    let group = |group: &rate_product::Group| Group {
        name: group.name.clone(),
        within: match group.within() {
            rate_product::Within::BestOnly => Within::BestOnly,
            // The contract takes no unspecified one.
            rate_product::Within::AddUp | rate_product::Within::Unspecified => Within::AddUp,
        },
        excludes: group.excludes.clone(),
    };
    Stacking { groups: groups.iter().map(group).collect() }
}

/// A product for the wire.
pub(crate) fn to_rate_product(product: &RateProduct) -> wire::RateProduct {
    let RateProduct { id: _, version, display_name, terms, maker, state, revision, created_at, updated_at } = product;
    let ProductTerms {
        currency,
        zone,
        rounding,
        effective_from,
        kind,
        base_rates,
        max_change_bps,
        rate_limit,
        stacking,
    } = terms;
    wire::RateProduct {
        name: product.name(),
        display_name: display_name.clone(),
        state: to_state(state).into(),
        version: i32::try_from(*version).unwrap_or(i32::MAX),
        currency_code: currency.code().to_owned(),
        time_zone: zone.name().to_owned(),
        rounding: to_rounding(*rounding).into(),
        effective_date: Some(to_date(*effective_from)),
        kind: Some(to_kind(*kind)),
        base_rates: base_rates.iter().map(to_base_rates).collect(),
        max_change_bps: max_change_bps.map(decimal),
        rate_limit: rate_limit.map(to_decimal),
        stacking: (!stacking.groups.is_empty()).then(|| to_stacking(stacking)),
        etag: revision.to_string(),
        maker: maker.clone(),
        checker: state.checker().to_owned(),
        create_time: Some(to_timestamp(*created_at)),
        update_time: Some(to_timestamp(*updated_at)),
    }
}

const fn to_state(state: &State) -> rate_product::State {
    match state {
        State::Draft => rate_product::State::Draft,
        State::InReview { .. } => rate_product::State::InReview,
        State::Active { .. } => rate_product::State::Active,
    }
}

fn to_kind(kind: Kind) -> rate_product::Kind {
    match kind {
        Kind::Deposit { day_count, accrual } => rate_product::Kind::Deposit(DepositTerms {
            day_count: to_day_count(day_count).into(),
            accrual: to_accrual(accrual).into(),
        }),
        Kind::Loan { interest_basis, method } => rate_product::Kind::Loan(LoanTerms {
            interest_basis: to_basis(interest_basis).into(),
            method: to_method(method).into(),
        }),
    }
}

const fn to_day_count(day_count: DayCount) -> wire::DayCount {
    match day_count {
        DayCount::Act365F => wire::DayCount::Act365f,
        DayCount::Act360 => wire::DayCount::Act360,
        DayCount::ActActIsda => wire::DayCount::ActActIsda,
        DayCount::Thirty360 => wire::DayCount::Thirty360,
        DayCount::ThirtyE360 => wire::DayCount::ThirtyE360,
    }
}

const fn to_accrual(accrual: Accrual) -> wire::Accrual {
    match accrual {
        Accrual::Simple => wire::Accrual::Simple,
        Accrual::CompoundMonthly => wire::Accrual::CompoundMonthly,
        Accrual::CompoundQuarterly => wire::Accrual::CompoundQuarterly,
        Accrual::CompoundAnnually => wire::Accrual::CompoundAnnually,
    }
}

const fn to_basis(basis: InterestBasis) -> wire::InterestBasis {
    match basis {
        InterestBasis::Twelfth => wire::InterestBasis::Twelfth,
        InterestBasis::Days(DayCount::Act365F) => wire::InterestBasis::Act365f,
        InterestBasis::Days(DayCount::Act360) => wire::InterestBasis::Act360,
        InterestBasis::Days(DayCount::ActActIsda) => wire::InterestBasis::ActActIsda,
        InterestBasis::Days(DayCount::Thirty360) => wire::InterestBasis::Thirty360,
        InterestBasis::Days(DayCount::ThirtyE360) => wire::InterestBasis::ThirtyE360,
    }
}

const fn to_method(method: Method) -> wire::RepaymentMethod {
    match method {
        Method::EqualInstalment => wire::RepaymentMethod::EqualInstalment,
        Method::EqualPrincipal => wire::RepaymentMethod::EqualPrincipal,
        Method::InterestOnly => wire::RepaymentMethod::InterestOnly,
    }
}

fn to_base_rates(rates: &BaseRates) -> rate_product::BaseRates {
    let term = |term: &TermRate| rate_product::TermRate {
        from_months: months(term.from_months),
        rate: Some(to_decimal(term.rate)),
    };
    rate_product::BaseRates { from_date: Some(to_date(rates.from)), terms: rates.terms.iter().map(term).collect() }
}

fn to_stacking(stacking: &Stacking) -> rate_product::Stacking {
    let group = |group: &Group| rate_product::Group {
        name: group.name.clone(),
        within: match group.within {
            Within::AddUp => rate_product::Within::AddUp,
            Within::BestOnly => rate_product::Within::BestOnly,
        }
        .into(),
        excludes: group.excludes.clone(),
    };
    rate_product::Stacking { groups: stacking.groups.iter().map(group).collect() }
}
