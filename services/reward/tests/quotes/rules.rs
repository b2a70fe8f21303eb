//! What the contract says of quotes besides the values: reasons, plans by name, languages, limits, and choices.

use crate::{
    answers,
    bank::Bank,
    requests::{date, money_of},
};
use expect_test::expect;
use handsel_proto::{google::r#type::Decimal, handsel::reward::v1 as wire};
use handsel_testkit::{Engine, Lab, reason, violated_fields};
use serde_json::json;
use tonic::Code;

fn with_a_bank<F: Future<Output = ()> + Send + 'static>(test: impl FnOnce(Bank) -> F + Send + 'static) {
    handsel_testkit::run(Engine::Sqlite, |lab: Lab| async move { test(Bank::open(lab).await).await });
}

fn decimal(value: &str) -> Option<Decimal> {
    Some(Decimal { value: value.to_owned() })
}

/// One percent of the qualifying amount of 5,000 yuan, a fifth withheld.
fn one_percent() -> wire::QuoteRewardRequest {
    let rule = wire::RoleRule {
        role: wire::BeneficiaryRole::Referrer.into(),
        base: Some(wire::role_rule::Base::Percent(wire::PercentRule { rate: decimal("0.01") })),
        ..wire::RoleRule::default()
    };
    let terms = wire::RewardTerms {
        currency_code: "CNY".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        rule: Some(wire::reward_terms::Rule::Cash(rule)),
        beneficiary_cap: Some(wire::BeneficiaryCap {
            window: wire::Window::Month.into(),
            max_count: 0,
            max_amount: Some(money_of("CNY", "100.00")),
        }),
        on_exceed: wire::OnExceed::Reduce.into(),
        tax: Some(wire::FlatTax {
            rate: decimal("0.20"),
            basis: wire::flat_tax::Basis::Whole.into(),
            borne_by: wire::flat_tax::BorneBy::Recipient.into(),
            ..wire::FlatTax::default()
        }),
        ..wire::RewardTerms::default()
    };
    wire::QuoteRewardRequest {
        terms: Some(wire::quote_reward_request::Terms::InlineTerms(terms)),
        qualifying_amount: Some(money_of("CNY", "5000.00")),
        granted_before: Some(wire::GrantedBefore {
            count: 1,
            in_window: Some(money_of("CNY", "60.00")),
            by_plan: None,
        }),
        qualify_time: Some("2025-06-30T16:00:00Z".parse().unwrap()),
        ..wire::QuoteRewardRequest::default()
    }
}

fn loan() -> wire::QuoteLoanRequest {
    wire::QuoteLoanRequest {
        principal: Some(money_of("CNY", "120000.00")),
        drawdown_date: date(&json!("2025-01-15")),
        instalments: 12,
        base_rate: decimal("0.0435"),
        discounts: vec![wire::RateConcession { source: "referral".to_owned(), basis_points: decimal("15") }],
        interest_basis: wire::InterestBasis::Twelfth.into(),
        repayment_method: wire::RepaymentMethod::EqualInstalment.into(),
        ..wire::QuoteLoanRequest::default()
    }
}

#[test]
fn a_reward_is_explained_in_both_languages() {
    with_a_bank(|bank| async move {
        let english = bank.quotes().quote_reward(bank.ask(one_percent())).await.unwrap().into_inner();
        assert_eq!(english.window, "2025-07", "the window turns in the plan's time zone");
        expect![[r#"
            The plan pays 1 percent of 5000.00 CNY, which is 50.00 CNY.
            Before caps and budget that makes 50.00 CNY.
            For one person in 2025-07 the plan has 40.00 CNY left.
            The reward is 40.00 CNY.
            Tax of 20 percent on 40.00 CNY is withheld: 8.00 CNY. 32.00 CNY is received."#]]
        .assert_eq(&english.explanation.join("\n"));
        let asked = wire::QuoteRewardRequest { language_code: "zh-Hans".to_owned(), ..one_percent() };
        let chinese = bank.quotes().quote_reward(bank.ask(asked)).await.unwrap().into_inner();
        expect![[r#"
            按方案奖励人民币5000.00元的1%，即人民币50.00元。
            未计上限和预算前，奖励为人民币50.00元。
            2025年7月内每人奖励额度剩余人民币40.00元。
            本次奖励为人民币40.00元。
            按人民币40.00元的20%代扣税款人民币8.00元，实得人民币32.00元。"#]]
        .assert_eq(&chinese.explanation.join("\n"));
        assert_eq!(english.steps, chinese.steps, "steps are the same in every language");
        let asked = wire::QuoteRewardRequest { language_code: "fr".to_owned(), ..one_percent() };
        let refused = bank.quotes().quote_reward(bank.ask(asked)).await.unwrap_err();
        assert_eq!(
            (refused.code(), violated_fields(&refused)),
            (Code::InvalidArgument, vec!["language_code".to_owned()])
        );
    });
}

#[test]
fn cash_is_held_against_a_loan_s_discount() {
    with_a_bank(|bank| async move {
        let request = wire::QuoteChoiceRequest {
            cash: Some(one_percent()),
            rate: Some(wire::quote_choice_request::Rate::Loan(loan())),
            language_code: String::new(),
        };
        let quote = bank.quotes().quote_choice(bank.ask(request.clone())).await.unwrap().into_inner();
        let Some(wire::choice_quote::WithRate::Loan(with)) = &quote.with_rate else { panic!("a loan") };
        let Some(wire::choice_quote::WithoutRate::LoanWithout(without)) = &quote.without_rate else { panic!("a loan") };
        assert_eq!((with.rows.len(), without.rows.len()), (12, 12));
        assert_eq!(with.total_interest_without, without.total_interest);
        assert_eq!(
            (quote.rate_benefit.clone(), quote.cash_cost.clone()),
            (with.saving.clone(), Some(money_of("CNY", "40.00")))
        );
        assert_eq!(answers::decimal(without.nominal_yearly_cost.as_ref()), json!("0.043500"));
        assert_eq!(
            (quote.dearer(), quote.better_for_customer()),
            (wire::choice_quote::Side::Rate, wire::choice_quote::Side::Rate)
        );
        expect![[r#"
            Taken in cash, the customer receives 32.00 CNY, which costs the bank 40.00 CNY.
            Taken as a preferential rate, it is worth 98.76 CNY over the whole term.
            Effectively the loan costs 4.2818 percent a year with the rate and 4.4378 percent without.
            The preferential rate leaves the customer more.
            The preferential rate is dearer for the bank."#]]
        .assert_eq(&quote.explanation.join("\n"));
        let deposit = wire::QuoteDepositRequest {
            principal: Some(money_of("CNY", "10000.00")),
            start_date: date(&json!("2025-01-01")),
            maturity_date: date(&json!("2026-01-01")),
            base_rate: decimal("0.015"),
            uplifts: vec![wire::RateConcession { source: "referral".to_owned(), basis_points: decimal("20") }],
            day_count: wire::DayCount::Act365f.into(),
            accrual: wire::Accrual::Simple.into(),
            ..wire::QuoteDepositRequest::default()
        };
        let request = wire::QuoteChoiceRequest {
            rate: Some(wire::quote_choice_request::Rate::Deposit(deposit)),
            language_code: "zh-Hans".to_owned(),
            ..request
        };
        let quote = bank.quotes().quote_choice(bank.ask(request)).await.unwrap().into_inner();
        assert_eq!(quote.dearer(), wire::choice_quote::Side::Cash);
        expect![[r#"
            选择现金，客户实得人民币32.00元，银行成本为人民币40.00元。
            选择优惠利率，整个期限内价值人民币20.00元。
            对客户而言，现金更划算。
            对银行而言，现金成本更高。"#]]
        .assert_eq(&quote.explanation.join("\n"));
    });
}

#[test]
fn two_currencies_are_not_compared() {
    with_a_bank(|bank| async move {
        let loan = wire::QuoteLoanRequest { principal: Some(money_of("USD", "120000.00")), ..loan() };
        let request = wire::QuoteChoiceRequest {
            cash: Some(one_percent()),
            rate: Some(wire::quote_choice_request::Rate::Loan(loan)),
            language_code: String::new(),
        };
        let refused = bank.quotes().quote_choice(bank.ask(request)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "CURRENCY_MISMATCH"));
    });
}

#[test]
fn an_instalment_that_does_not_cover_its_interest_is_refused() {
    with_a_bank(|bank| async move {
        let request = wire::QuoteLoanRequest {
            instalments: 360,
            base_rate: decimal("0.36"),
            principal: Some(money_of("CNY", "10000000.00")),
            discounts: Vec::new(),
            interest_basis: wire::InterestBasis::Act360.into(),
            ..loan()
        };
        let refused = bank.quotes().quote_loan(bank.ask(request)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "INTEREST_NOT_COVERED"));
    });
}

#[test]
fn what_a_caller_can_make_large_is_limited() {
    with_a_bank(|bank| async move {
        let long = wire::QuoteLoanRequest { instalments: 601, ..loan() };
        let refused = bank.quotes().quote_loan(bank.ask(long)).await.unwrap_err();
        assert_eq!(violated_fields(&refused), ["instalments"]);
        let many = vec![loan().discounts[0].clone(); 33];
        let refused = bank.quotes().quote_loan(bank.ask(wire::QuoteLoanRequest { discounts: many, ..loan() })).await;
        assert_eq!(violated_fields(&refused.unwrap_err()), ["discounts"]);
        let forever = wire::QuoteDepositRequest {
            principal: Some(money_of("CNY", "1.00")),
            start_date: date(&json!("0001-01-01")),
            maturity_date: date(&json!("9999-12-31")),
            base_rate: decimal("0"),
            day_count: wire::DayCount::Act365f.into(),
            accrual: wire::Accrual::CompoundMonthly.into(),
            ..wire::QuoteDepositRequest::default()
        };
        let refused = bank.quotes().quote_deposit(bank.ask(forever)).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::InvalidArgument, "there are more than 1200 periods of compound interest")
        );
    });
}

#[test]
fn a_plan_that_is_not_there_is_said_to_be_so() {
    with_a_bank(|bank| async move {
        let asked = wire::QuoteRewardRequest {
            terms: Some(wire::quote_reward_request::Terms::Plan("plans/nowhere".to_owned())),
            role: wire::BeneficiaryRole::Referrer.into(),
            ..wire::QuoteRewardRequest::default()
        };
        let refused = bank.quotes().quote_reward(bank.ask(asked)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "NOT_FOUND"));
    });
}

#[test]
fn every_fault_of_the_terms_is_told_at_once() {
    with_a_bank(|bank| async move {
        let mut asked = one_percent();
        let Some(wire::quote_reward_request::Terms::InlineTerms(terms)) = &mut asked.terms else { panic!("terms") };
        terms.budget = Some(money_of("USD", "1.00"));
        terms.on_exceed = 0;
        terms.tax.as_mut().unwrap().rate = decimal("1");
        let refused = bank.quotes().quote_reward(bank.ask(asked)).await.unwrap_err();
        assert_eq!(
            violated_fields(&refused),
            ["inline_terms.on_exceed", "inline_terms.budget", "inline_terms.tax.rate"]
        );
    });
}

#[test]
fn an_instant_lies_in_a_window_of_its_zone() {
    with_a_bank(|bank| async move {
        let instant = wire::quote_dates_request::Instant {
            time: Some("2025-06-30T16:00:00Z".parse().unwrap()),
            time_zone: "Asia/Shanghai".to_owned(),
            window: wire::Window::Quarter.into(),
        };
        let request = wire::QuoteDatesRequest { question: Some(wire::quote_dates_request::Question::Window(instant)) };
        let quote = bank.quotes().quote_dates(bank.ask(request)).await.unwrap().into_inner();
        assert_eq!((quote.window.as_str(), answers::date(quote.date.as_ref())), ("2025-Q3", json!("2025-07-01")));
    });
}
