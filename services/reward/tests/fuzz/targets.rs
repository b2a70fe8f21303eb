//! What is tried, and what must hold of whatever comes of it. Each says whether the calculation answered.

use crate::bytes::Bytes;
use handsel_money::{Decimal, Exact, Money};
use handsel_reward::domain::calculation::{
    caps::{Limits, OnExceed, Used},
    cash::{self, CashInput, CashTerms},
    concession::Concession,
    deposit::{self, Accrual, Deposit},
    explanation::{Language, Subject, explain},
    loan::{self, InterestBasis, Loan, Method},
    rule::{Base, GraduatedBracket, Pays, Rule, SlabBracket},
    tax::{Basis, BorneBy, FlatTax, Tax},
    trace::Step,
};

fn spoken(subject: Subject, steps: &[Step]) {
    for language in [Language::English, Language::Chinese] {
        assert!(explain(subject, steps, language).iter().all(|sentence| !sentence.is_empty()));
    }
}

/// Caps, budget and tax hold, and the same terms pay the same again.
pub(crate) fn cash(data: &[u8]) -> bool {
    let mut bytes = Bytes(data);
    let terms = CashTerms {
        currency: bytes.currency(),
        rounding: bytes.rounding(),
        rule: Rule {
            base: base(&mut bytes),
            multipliers: bytes.sometimes(|bytes| ("A".to_owned(), bytes.rate())).into_iter().collect(),
            minimum: bytes.sometimes(Bytes::money),
            maximum: bytes.sometimes(Bytes::money),
        },
        limits: Limits {
            count_cap: bytes.sometimes(|bytes| i64::from(bytes.below(4))),
            amount_cap: bytes.sometimes(Bytes::money),
            budget: bytes.sometimes(Bytes::money),
            on_exceed: if bytes.below(2) == 0 { OnExceed::Reduce } else { OnExceed::Reject },
        },
        tax: tax(&mut bytes),
    };
    let input = CashInput {
        qualifying_amount: bytes.money(),
        tier: bytes.sometimes(|_| "A".to_owned()),
        window: None,
        used: Used { count: bytes.below(4).into(), in_window: bytes.money(), by_plan: bytes.money() },
    };
    let Ok(decided) = cash::decide(&terms, &input) else { return false };
    assert!(!decided.reward.is_negative() && decided.reward.minor() <= decided.gross.minor());
    let fits = |cap: Option<Money>, used: Money| {
        cap.is_none_or(|cap| decided.reward.is_zero() || used.minor() + decided.reward.minor() <= cap.minor())
    };
    assert!(fits(terms.limits.amount_cap, input.used.in_window) && fits(terms.limits.budget, input.used.by_plan));
    assert!(terms.limits.count_cap.is_none_or(|cap| decided.reward.is_zero() || input.used.count < cap));
    assert!(!decided.tax.is_negative() && decided.net.checked_add(decided.tax) == Ok(decided.cost));
    spoken(Subject::Reward, &decided.steps);
    let stored: (CashTerms, CashInput) =
        serde_json::from_str(&serde_json::to_string(&(&terms, &input)).unwrap()).unwrap();
    assert_eq!(cash::recompute(1, &stored.0, &stored.1), Ok(decided));
    true
}

fn base(bytes: &mut Bytes<'_>) -> Base<Money> {
    let lowers = |bytes: &mut Bytes<'_>| {
        let count = bytes.below(4);
        let currency = bytes.currency();
        let mut lower = 0_i64;
        let mut lowers = Vec::new();
        for _ in 0..count {
            lowers.push(Money::new(currency, lower));
            lower = lower.saturating_add(bytes.number());
        }
        lowers
    };
    match bytes.below(4) {
        0 => Base::Fixed { amount: bytes.money() },
        1 => Base::Percent { rate: bytes.rate() },
        2 => {
            let brackets = lowers(bytes).into_iter().map(|lower| {
                let pays = if bytes.below(2) == 0 { Pays::Fixed(bytes.money()) } else { Pays::Rate(bytes.rate()) };
                SlabBracket { lower, pays }
            });
            Base::Slab { brackets: brackets.collect() }
        }
        _ => {
            let brackets = lowers(bytes).into_iter().map(|lower| GraduatedBracket {
                lower,
                rate: bytes.sometimes(Bytes::rate),
                fixed: bytes.sometimes(Bytes::money),
            });
            Base::Graduated { brackets: brackets.collect() }
        }
    }
}

fn tax(bytes: &mut Bytes<'_>) -> Tax {
    let flat = bytes.sometimes(|bytes| FlatTax {
        rate: bytes.rate(),
        exempt_up_to: bytes.money(),
        basis: if bytes.below(2) == 0 { Basis::Whole } else { Basis::Excess },
        borne_by: if bytes.below(2) == 0 { BorneBy::Recipient } else { BorneBy::Bank },
    });
    flat.map_or(Tax::None, Tax::Flat)
}

fn concessions(bytes: &mut Bytes<'_>) -> Vec<Concession> {
    let count = bytes.below(4);
    (0..count).map(|_| Concession { source: "a".to_owned(), bps: bytes.decimal() * Decimal::ONE_THOUSAND }).collect()
}

/// The slices are the principal, the rate lies between base and ceiling, and the preference never costs.
pub(crate) fn deposit(data: &[u8]) -> bool {
    let mut bytes = Bytes(data);
    let start = bytes.date();
    let days = i32::from(bytes.byte()) * i32::from(bytes.byte());
    let accruals = [Accrual::Simple, Accrual::CompoundMonthly, Accrual::CompoundQuarterly, Accrual::CompoundAnnually];
    let deposit = Deposit {
        principal: bytes.money(),
        start,
        maturity: if bytes.below(16) == 0 { bytes.date() } else { start.plus_days(days).unwrap_or(start) },
        base_rate: bytes.decimal(),
        uplifts: concessions(&mut bytes),
        max_uplift_bps: bytes.sometimes(Bytes::decimal),
        rate_ceiling: bytes.sometimes(Bytes::decimal),
        uplift_principal_cap: bytes.sometimes(Bytes::money),
        day_count: bytes.day_count(),
        accrual: accruals[usize::from(bytes.below(4))],
        rounding: bytes.rounding(),
    };
    let Ok(granted) = deposit::decide(&deposit) else { return false };
    assert_eq!(granted.slice_a.checked_add(granted.slice_b), Ok(deposit.principal));
    assert!(!granted.benefit.is_negative() && granted.rate >= Exact::from(deposit.base_rate));
    assert_eq!(granted.total_interest.checked_sub(granted.base_interest), Ok(granted.benefit));
    spoken(Subject::Deposit, &granted.steps);
    assert_eq!(deposit::decide(&deposit), Ok(granted));
    true
}

/// The principals are the loan, nothing is owed in the end, and the saving is below zero by rounding only.
pub(crate) fn loan(data: &[u8]) -> bool {
    let mut bytes = Bytes(data);
    let instalments = if bytes.below(16) == 0 { u32::from(bytes.byte()) * 3 } else { bytes.below(40).into() };
    let loan = Loan {
        principal: bytes.money(),
        drawdown: bytes.date(),
        instalments,
        base_rate: bytes.decimal(),
        discounts: concessions(&mut bytes),
        max_discount_bps: bytes.sometimes(Bytes::decimal),
        rate_floor: bytes.sometimes(Bytes::decimal),
        discount_months: bytes.sometimes(|bytes| bytes.below(40).into()),
        interest_basis: bytes.sometimes(Bytes::day_count).map_or(InterestBasis::Twelfth, InterestBasis::Days),
        method: [Method::EqualInstalment, Method::EqualPrincipal, Method::InterestOnly][usize::from(bytes.below(3))],
        rounding: bytes.rounding(),
    };
    let Ok(granted) = loan::decide(&loan) else { return false };
    assert_eq!(granted.rows.len(), usize::try_from(loan.instalments).unwrap());
    let repaid: i64 = granted.rows.iter().map(|row| row.principal.minor()).sum();
    assert_eq!(repaid, loan.principal.minor());
    assert!(granted.rows.last().unwrap().balance.is_zero());
    assert!(granted.rows.iter().all(|row| !row.principal.is_negative() && !row.interest.is_negative()));
    // Each instalment is rounded by less than one minor unit, each interest too, and what that leaves bears interest itself: by a
    // factor below e³ where the rate times the years is below 3.
    let rows = i64::from(loan.instalments);
    let years = Decimal::from(rows) / Decimal::from(12);
    if let Some(saving) = granted.saving
        && loan.base_rate < Decimal::ONE
        && loan.base_rate * years < Decimal::from(3)
    {
        assert!(saving.minor() >= -21 * (rows * rows + rows), "{saving} for {loan:?}");
    }
    spoken(Subject::Loan, &granted.steps);
    assert_eq!(loan::decide(&loan), Ok(granted));
    true
}
