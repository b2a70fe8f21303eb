//! What holds for every plan and every amount, and what a teller reads of it.
#![cfg(test)]

use expect_test::{Expect, expect};
use handsel_money::{Currency, Date, DayCount, Decimal, Exact, Money, Rate, Rounding, Timestamp, Zone};
use handsel_reward::domain::calculation::CALCULATION_VERSION;
use handsel_reward::domain::calculation::allocation::shares;
use handsel_reward::domain::calculation::caps::{Limits, OnExceed, Used};
use handsel_reward::domain::calculation::cash::{self, CashInput, CashReward, CashTerms};
use handsel_reward::domain::calculation::concession::Concession;
use handsel_reward::domain::calculation::deposit::{self, Accrual, Deposit};
use handsel_reward::domain::calculation::error::CalculationError;
use handsel_reward::domain::calculation::explanation::{Language, Subject, explain};
use handsel_reward::domain::calculation::loan::{self, InterestBasis, Loan, Method};
use handsel_reward::domain::calculation::noncash::{self, NonCashKind, NonCashTerms};
use handsel_reward::domain::calculation::reversal::{self, Clawback, Given, Settled};
use handsel_reward::domain::calculation::rule::{Base, GraduatedBracket, Quantity, Rule, SlabBracket};
use handsel_reward::domain::calculation::tax::{Basis, BorneBy, FlatTax, Tax};
use handsel_reward::domain::calculation::window::Window;
use proptest::prelude::*;

fn cny() -> Currency {
    "CNY".parse().unwrap()
}

fn yuan(text: &str) -> Money {
    Money::parse_major(cny(), text).unwrap()
}

fn rate(text: &str) -> Rate {
    Rate::parse(text).unwrap()
}

/// A plan of one percent, without limits or tax.
fn one_percent() -> CashTerms {
    CashTerms {
        currency: cny(),
        rounding: Rounding::HalfUp,
        rule: Rule::plain(Base::Percent { rate: rate("0.01") }),
        limits: Limits::none(),
        tax: Tax::None,
    }
}

fn event(qualifying_amount: &str) -> CashInput {
    CashInput { qualifying_amount: yuan(qualifying_amount), tier: None, window: None, used: Used::nothing(cny()) }
}

fn withheld() -> Tax {
    Tax::Flat(FlatTax {
        rate: rate("0.20"),
        exempt_up_to: yuan("0"),
        basis: Basis::Whole,
        borne_by: BorneBy::Recipient,
    })
}

/// The trace and its words, as they are stored and read.
fn check(reward: &CashReward, expected: &Expect) {
    let mut text = String::new();
    for step in &reward.steps {
        let reason = step.reason.as_deref().map_or(String::new(), |reason| format!(" ({reason})"));
        text.push_str(&format!("{}: {}{reason}\n", step.step, step.value));
    }
    for sentence in explain(Subject::Reward, &reward.steps, Language::English) {
        text.push_str(&format!("> {sentence}\n"));
    }
    expected.assert_eq(&text);
}

#[test]
fn a_percentage_with_tier_cap_and_tax_is_explained() {
    let mut terms = one_percent();
    terms.rule.multipliers.insert("GOLD".to_owned(), rate("1.25"));
    terms.limits = Limits { amount_cap: Some(yuan("100.00")), count_cap: Some(5), ..Limits::none() };
    terms.tax = withheld();
    let used = Used { count: 2, in_window: yuan("60.00"), by_plan: yuan("1000.00") };
    let input =
        CashInput { tier: Some("GOLD".to_owned()), window: Some("2025-06".to_owned()), used, ..event("5000.00") };
    check(
        &cash::decide(&terms, &input).unwrap(),
        &expect![[r#"
            qualifying_amount: 5000.00 CNY
            tier: GOLD
            window: 2025-06
            rounding: HALF_UP
            rule: 0.01 (PERCENT)
            base: 50
            multiplier: 1.25 (GOLD)
            tiered: 62.5
            bounded: 62.5
            gross: 62.50 CNY
            count_cap: 5 (granted 2)
            on_exceed: REDUCE
            amount_cap_room: 40.00 CNY (100.00 CNY less 60.00 CNY)
            reward: 40.00 CNY (AMOUNT_CAP)
            tax_rate: 0.2
            tax_exempt_up_to: 0.00 CNY
            taxable: 40.00 CNY (WHOLE)
            tax: 8.00 CNY
            net: 32.00 CNY
            cost: 40.00 CNY
            > The plan pays 1 percent of 5000.00 CNY, which is 50.00 CNY.
            > Tier GOLD multiplies that by 1.25, which makes 62.50 CNY.
            > Before caps and budget that makes 62.50 CNY.
            > For one person in 2025-06 the plan has 40.00 CNY left.
            > The reward is 40.00 CNY.
            > Tax of 20 percent on 40.00 CNY is withheld: 8.00 CNY. 32.00 CNY is received.
        "#]],
    );
}

#[test]
fn brackets_bounds_and_the_bank_s_tax_are_explained() {
    let bracket = |lower, fixed: Option<&str>, share: Option<&str>| {
        SlabBracket::new(yuan(lower), fixed.map(yuan), share.map(rate)).unwrap()
    };
    let mut terms = one_percent();
    terms.rule = Rule::plain(Base::Slab {
        brackets: vec![bracket("0.00", Some("5.00"), None), bracket("1000.00", None, Some("0.005"))],
    });
    terms.rule.minimum = Some(yuan("20.00"));
    terms.limits = Limits { budget: Some(yuan("50000.00")), ..Limits::none() };
    terms.tax = Tax::Flat(FlatTax {
        rate: rate("0.20"),
        exempt_up_to: yuan("10.00"),
        basis: Basis::Excess,
        borne_by: BorneBy::Bank,
    });
    check(
        &cash::decide(&terms, &event("2000.00")).unwrap(),
        &expect![[r#"
            qualifying_amount: 2000.00 CNY
            rounding: HALF_UP
            bracket: 1000.00 CNY (SLAB)
            rule: 0.005 (PERCENT)
            base: 10
            tiered: 10
            minimum: 20.00 CNY
            bounded: 20 (MINIMUM)
            gross: 20.00 CNY
            on_exceed: REDUCE
            budget_room: 50000.00 CNY (50000.00 CNY less 0.00 CNY)
            reward: 20.00 CNY
            tax_rate: 0.2
            tax_exempt_up_to: 10.00 CNY
            grossed: 22.50 CNY (EXCESS)
            tax: 2.50 CNY
            net: 20.00 CNY
            cost: 22.50 CNY
            > The qualifying amount of 2000.00 CNY falls into the bracket from 1000.00 CNY. The plan pays 0.5 percent of 2000.00 CNY, which is 10.00 CNY.
            > The plan pays at least 20.00 CNY.
            > Before caps and budget that makes 20.00 CNY.
            > The reward is 20.00 CNY.
            > The bank pays the tax of 2.50 CNY on top, so 20.00 CNY is received in full.
        "#]],
    );
}

#[test]
fn graduated_brackets_and_an_empty_budget_are_explained() {
    let bracket = |lower, share| GraduatedBracket { lower: yuan(lower), rate: Some(rate(share)), fixed: None };
    let mut terms = one_percent();
    terms.rule = Rule::plain(Base::Graduated { brackets: vec![bracket("0.00", "0.01"), bracket("1000.00", "0.02")] });
    terms.limits = Limits { budget: Some(yuan("10.00")), on_exceed: OnExceed::Reject, ..Limits::none() };
    let used = Used { by_plan: yuan("10.50"), ..Used::nothing(cny()) };
    check(
        &cash::decide(&terms, &CashInput { used, ..event("1500.00") }).unwrap(),
        &expect![[r#"
            qualifying_amount: 1500.00 CNY
            rounding: HALF_UP
            bracket: 0.00 CNY (GRADUATED)
            bracket_pays: 10 (0.01 of 1000)
            bracket: 1000.00 CNY (GRADUATED)
            bracket_pays: 10 (0.02 of 500)
            base: 20
            tiered: 20
            bounded: 20
            gross: 20.00 CNY
            on_exceed: REJECT
            budget_room: -0.50 CNY (10.00 CNY less 10.50 CNY)
            reward: 0.00 CNY (BUDGET)
            tax: 0.00 CNY
            net: 0.00 CNY
            cost: 0.00 CNY
            > The plan pays by brackets: the qualifying amount of 1500.00 CNY enters 2 of them, which together pay 20.00 CNY.
            > Before caps and budget that makes 20.00 CNY.
            > The plan's budget has nothing left.
            > The reward is 0.00 CNY.
        "#]],
    );
}

#[test]
fn points_are_explained() {
    let terms = NonCashTerms {
        currency: cny(),
        rounding: Rounding::HalfUp,
        kind: NonCashKind::Points,
        value_per_unit: yuan("0.01"),
        rule: Rule::plain(Base::Fixed { amount: Quantity::new(500) }),
        limits: Limits::none(),
        tax: Tax::None,
    };
    let reward = noncash::decide(&terms, &event("100.00")).unwrap();
    expect![[r#"
        The plan pays 500 points.
        Before caps and budget that makes 500 points, worth 5.00 CNY.
        The reward is 500 points, worth 5.00 CNY."#]]
    .assert_eq(&explain(Subject::Reward, &reward.steps, Language::English).join("\n"));
}

#[test]
fn every_fault_of_a_plan_is_found_at_once() {
    let usd = |text| Money::parse_major("USD".parse().unwrap(), text).unwrap();
    let mut terms = one_percent();
    terms.rule = Rule::plain(Base::Graduated {
        brackets: vec![
            GraduatedBracket { lower: yuan("1.00"), rate: None, fixed: None },
            GraduatedBracket { lower: yuan("1.00"), rate: None, fixed: Some(usd("1.00")) },
        ],
    });
    terms.rule.maximum = Some(yuan("-1.00"));
    terms.limits.budget = Some(usd("1.00"));
    terms.tax =
        Tax::Flat(FlatTax { rate: rate("1"), exempt_up_to: yuan("0"), basis: Basis::Whole, borne_by: BorneBy::Bank });
    let faults: Vec<String> = terms.faults().iter().map(|fault| format!("{}: {}", fault.field, fault.error)).collect();
    expect![[r#"
        graduated.brackets[0].lower: the first bracket does not start at 0
        graduated.brackets[1].lower: the lower bounds of the brackets do not rise
        graduated.brackets[0].fixed: a bracket pays neither an amount nor a rate
        graduated.brackets[1].fixed: USD and CNY never meet in one operation
        maximum: an amount is below zero
        budget: USD and CNY never meet in one operation
        tax.rate: a tax rate is at least 0 and below 1"#]]
    .assert_eq(&faults.join("\n"));
}

#[test]
fn an_unknown_version_is_not_computed_with_this_one() {
    let unknown = CALCULATION_VERSION + 1;
    let refused = cash::recompute(unknown, &one_percent(), &event("1.00"));
    assert_eq!(refused, Err(CalculationError::UnknownVersion(unknown)));
}

#[test]
fn points_are_taken_back_whole_and_their_value_follows() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let given = Given::Points { quantity: Quantity::new(10), value_per_unit: yuan("0.30") };
    let settled = Settled { given, reward: yuan("3.00"), tax: yuan("0.60"), at: at("2025-03-01T02:00:00Z") };
    let zone: Zone = "Asia/Shanghai".parse().unwrap();
    let trigger = at("2025-03-11T02:00:00Z");
    let taken = reversal::decide(Clawback::ProRata(30), &settled, trigger, &zone, Rounding::HalfUp).unwrap();
    // Two thirds of ten points are seven whole ones.
    assert_eq!((taken.points.get(), taken.reversed, taken.tax_reversed), (7, yuan("2.10"), yuan("0.42")));
}

#[test]
fn windows_turn_in_the_plan_s_time_zone() {
    let zone: Zone = "Asia/Shanghai".parse().unwrap();
    let at: Timestamp = "2025-06-30T16:00:00Z".parse().unwrap();
    let keys = [Window::Month, Window::Quarter, Window::Year, Window::Lifetime].map(|window| window.key(at, &zone));
    assert_eq!(keys, ["2025-07", "2025-Q3", "2025", "LIFETIME"]);
}

fn amount() -> impl Strategy<Value = Money> {
    (0_i64..1_000_000_000).prop_map(|minor| Money::new(cny(), minor))
}

fn rounding() -> impl Strategy<Value = Rounding> {
    prop::sample::select(vec![Rounding::HalfUp, Rounding::HalfEven, Rounding::Down, Rounding::Up])
}

fn share(most: u32) -> impl Strategy<Value = Rate> {
    (0..=most).prop_map(|millionths| Rate::from_decimal(Decimal::new(i64::from(millionths), 6)).unwrap())
}

fn tax() -> impl Strategy<Value = Tax> {
    let basis = prop::sample::select(vec![Basis::Whole, Basis::Excess]);
    let borne_by = prop::sample::select(vec![BorneBy::Recipient, BorneBy::Bank]);
    let flat = (share(999_999), amount(), basis, borne_by)
        .prop_map(|(rate, exempt_up_to, basis, borne_by)| Tax::Flat(FlatTax { rate, exempt_up_to, basis, borne_by }));
    prop_oneof![Just(Tax::None), flat]
}

fn limits() -> impl Strategy<Value = Limits> {
    let on_exceed = prop::sample::select(vec![OnExceed::Reduce, OnExceed::Reject]);
    (prop::option::of(0_i64..5), prop::option::of(amount()), prop::option::of(amount()), on_exceed)
        .prop_map(|(count_cap, amount_cap, budget, on_exceed)| Limits { count_cap, amount_cap, budget, on_exceed })
}

fn concessions() -> impl Strategy<Value = Vec<Concession>> {
    let one = (0_i64..2_000).prop_map(|tenths| Concession { source: "s".to_owned(), bps: Decimal::new(tenths, 1) });
    prop::collection::vec(one, 0..4)
}

fn day_count() -> impl Strategy<Value = DayCount> {
    prop::sample::select(vec![
        DayCount::Act365F,
        DayCount::Act360,
        DayCount::ActActIsda,
        DayCount::Thirty360,
        DayCount::ThirtyE360,
    ])
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    amounts.into_iter().fold(Money::zero(cny()), |sum, amount| sum.checked_add(amount).unwrap())
}

proptest! {
    #[test]
    fn a_row_of_rewards_never_passes_a_cap_or_the_budget(
        limits in limits(), tax in tax(), rounding in rounding(), share in share(2_000_000),
        qualifying in prop::collection::vec(amount(), 1..12),
    ) {
        let terms = CashTerms { rounding, limits, tax, rule: Rule::plain(Base::Percent { rate: share }), ..one_percent() };
        let mut used = Used::nothing(cny());
        for qualifying_amount in qualifying {
            let input = CashInput { qualifying_amount, tier: None, window: None, used };
            let reward = cash::decide(&terms, &input).unwrap();
            prop_assert!(!reward.reward.is_negative() && reward.reward.minor() <= reward.gross.minor());
            prop_assert_eq!(reward.reasons.is_empty(), reward.reward == reward.gross);
            (used, _) = used.granted(reward.reward).unwrap();
            prop_assert!(terms.limits.count_cap.is_none_or(|cap| used.count <= cap));
            prop_assert!(terms.limits.amount_cap.is_none_or(|cap| used.in_window.minor() <= cap.minor()));
            prop_assert!(terms.limits.budget.is_none_or(|budget| used.by_plan.minor() <= budget.minor()));
        }
    }

    #[test]
    fn tax_net_and_cost_belong_together(tax in tax(), rounding in rounding(), qualifying_amount in amount()) {
        let terms = CashTerms { tax, rounding, ..one_percent() };
        let input = CashInput { qualifying_amount, ..event("0") };
        let reward = cash::decide(&terms, &input).unwrap();
        prop_assert!(!reward.tax.is_negative() && !reward.net.is_negative());
        prop_assert_eq!(reward.net.checked_add(reward.tax).unwrap(), reward.cost);
        match &terms.tax {
            Tax::Flat(FlatTax { borne_by: BorneBy::Recipient, .. }) => prop_assert_eq!(reward.cost, reward.reward),
            Tax::None | Tax::Flat(FlatTax { borne_by: BorneBy::Bank, .. }) => {
                prop_assert_eq!(reward.net, reward.reward);
            }
        }
    }

    #[test]
    fn what_was_granted_is_given_back_to_the_last_unit(rewards in prop::collection::vec((amount(), 0_i64..=100), 1..8)) {
        let mut used = Used::nothing(cny());
        let mut held = Vec::new();
        for (reward, percent) in &rewards {
            let granted = used.granted(*reward).unwrap();
            used = granted.0;
            held.push((granted.1, Money::new(cny(), reward.minor() / 100 * percent)));
        }
        for (held, part) in held {
            let (after, rest) = used.given_back(held, part).unwrap();
            (used, _) = after.given_back(rest, rest.amount()).unwrap();
        }
        prop_assert_eq!(used, Used::nothing(cny()));
    }

    #[test]
    fn shares_sum_to_the_total_and_are_within_a_unit_of_their_part(
        total in 0_i64..=i64::MAX, weights in prop::collection::vec((0_i64..1_000_000, 0_u32..6), 1..9),
    ) {
        let total = Money::new(cny(), total);
        let weights: Vec<Decimal> = weights.into_iter().map(|(mantissa, scale)| Decimal::new(mantissa, scale)).collect();
        let sum_of_weights = weights.iter().fold(Exact::ZERO, |sum, weight| sum.plus(&Exact::from(*weight)));
        prop_assume!(sum_of_weights.is_positive());
        let shares = shares(total, &weights).unwrap();
        prop_assert_eq!(sum(shares.iter().copied()), total);
        let unit = Money::new(cny(), 1).exact();
        for (share, weight) in shares.iter().zip(&weights) {
            let exact = total.exact().times(&Exact::from(*weight)).over(&sum_of_weights).unwrap();
            prop_assert!(share.exact() <= exact.plus(&unit) && share.exact().plus(&unit) > exact);
        }
    }

    #[test]
    fn no_more_is_reversed_than_was_paid(
        reward in amount(), days in 0_i64..400, within in 1_i64..400, pro_rata in any::<bool>(), rounding in rounding(),
    ) {
        let at = |days: i64| Timestamp::from_micros(days * 86_400_000_000);
        let clawback = if pro_rata { Clawback::ProRata(within) } else { Clawback::Full(within) };
        let tax = Money::new(cny(), reward.minor() / 5);
        let settled = Settled { given: Given::Cash, reward, tax, at: at(0) };
        let zone: Zone = "UTC".parse().unwrap();
        let taken = reversal::decide(clawback, &settled, at(days), &zone, rounding).unwrap();
        prop_assert!(!taken.reversed.is_negative() && taken.reversed.minor() <= reward.minor());
        prop_assert!(!taken.tax_reversed.is_negative() && taken.tax_reversed.minor() <= tax.minor());
        prop_assert!(days < within || taken.reversed.is_zero());
    }

    #[test]
    fn a_deposit_never_earns_less_for_its_uplift(
        principal in 1_i64..1_000_000_000_000, months in 0_i32..80, base in share(200_000), uplifts in concessions(),
        ceiling in prop::option::of(share(200_000)), cap in prop::option::of(amount()), day_count in day_count(),
        accrual in prop::sample::select(vec![
            Accrual::Simple, Accrual::CompoundMonthly, Accrual::CompoundQuarterly, Accrual::CompoundAnnually,
        ]),
        rounding in rounding(),
    ) {
        let start: Date = "2025-01-31".parse().unwrap();
        let deposit = Deposit {
            principal: Money::new(cny(), principal), start, maturity: start.months(months).unwrap(),
            base_rate: base.decimal(), uplifts, max_uplift_bps: Some(Decimal::new(250, 0)),
            rate_ceiling: ceiling.map(Rate::decimal), uplift_principal_cap: cap, day_count, accrual, rounding,
        };
        let granted = deposit::decide(&deposit).unwrap();
        prop_assert!(!granted.benefit.is_negative());
        prop_assert!(granted.rate >= base.exact());
        prop_assert_eq!(granted.slice_a.checked_add(granted.slice_b).unwrap(), deposit.principal);
    }

    #[test]
    fn a_loan_repays_its_principal_and_no_more(
        principal in 1_i64..1_000_000_000_000, instalments in 1_u32..120, base in share(200_000),
        discounts in concessions(), discount_months in prop::option::of(0_u32..130), rounding in rounding(),
        method in prop::sample::select(vec![Method::EqualInstalment, Method::EqualPrincipal, Method::InterestOnly]),
        basis in prop_oneof![Just(InterestBasis::Twelfth), day_count().prop_map(InterestBasis::Days)],
    ) {
        let loan = Loan {
            principal: Money::new(cny(), principal), drawdown: "2024-10-31".parse().unwrap(), instalments,
            base_rate: base.decimal(), discounts, max_discount_bps: None, rate_floor: Some(Decimal::ZERO),
            discount_months, interest_basis: basis, method, rounding,
        };
        let granted = match loan::decide(&loan) {
            Err(CalculationError::InterestNotCovered) => return Ok(()),
            granted => granted.unwrap(),
        };
        prop_assert_eq!(sum(granted.rows.iter().map(|row| row.principal)), loan.principal);
        prop_assert!(granted.rows.last().unwrap().balance.is_zero());
        prop_assert!(granted.rows.iter().all(|row| !row.principal.is_negative() && !row.balance.is_negative()));
        prop_assert_eq!(granted.total_payment.checked_sub(loan.principal).unwrap(), granted.total_interest);
        prop_assert!(granted.nominal_yearly_cost <= granted.effective_yearly_cost);
    }
}
