//! One test for each file of vectors.

use crate::{
    answers,
    bank::Bank,
    requests::{self, count, date, decimal, money, money_of, text, time},
    vectors::{Answer, Compared, cases, refused},
};
use handsel_proto::handsel::reward::v1 as wire;
use handsel_testkit::{Engine, Lab};
use serde_json::{Value, json};

/// One test for each file: every case of it, asked of one bank.
macro_rules! families {
    ($($name:ident of $file:literal,)+) => {
        mod every_case {
            use super::*;
            $(
                #[test]
                fn $name() {
                    handsel_testkit::run(Engine::Sqlite, |lab: Lab| async move {
                        let bank = Bank::open(lab).await;
                        let mut compared = Compared::of($file);
                        for case in cases($file) {
                            let ours = super::$name(&bank, &case["in"]).await;
                            compared.add(&case, &ours);
                        }
                        compared.all_agree();
                    });
                }
            )+
        }
    };
}

families! {
    cash_and_its_tax of "cash.json",
    points_and_items of "noncash.json",
    caps_over_a_row_of_rewards of "caps.json",
    milestones_and_what_they_pay of "milestones.json",
    payouts_to_report of "reporting.json",
    totals_over_weights of "allocation.json",
    rewards_taken_back of "reversal.json",
    months_and_year_fractions of "daycount.json",
    deposits of "deposit.json",
    loans of "loan.json",
}

async fn cash_and_its_tax(bank: &Bank, case: &Value) -> Answer {
    let answer = bank.quotes().quote_reward(bank.ask(requests::reward(case)?)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    told(&quote.steps, &quote.explanation);
    let ours = answers::reward(&quote);
    // The tax alone is the same.
    let asked = requests::tax_of(case, ours["reward"].as_str().unwrap());
    let tax = bank.quotes().quote_tax(bank.ask(asked)).await.map_err(|status| refused(&status))?.into_inner();
    assert_eq!((tax.tax_amount, tax.net_amount), (quote.tax_amount, quote.net_amount));
    assert_eq!((tax.taxable_amount, tax.cost_amount), (quote.taxable_amount, quote.cost_amount));
    Ok(ours)
}

async fn points_and_items(bank: &Bank, case: &Value) -> Answer {
    let answer = bank.quotes().quote_reward(bank.ask(requests::reward(case)?)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    told(&quote.steps, &quote.explanation);
    Ok(answers::reward(&quote))
}

async fn caps_over_a_row_of_rewards(bank: &Bank, case: &Value) -> Answer {
    use wire::quote_series_request::{Event, Grant, event::What};
    let currency = text(&case["currency"]);
    let events = case["events"].as_array().unwrap().iter().map(|event| {
        let what = match event["type"].as_str().unwrap() {
            "REWARD" => What::Granted(Grant {
                beneficiary: text(&event["beneficiary"]),
                qualify_time: time(&event["at"]),
                gross_amount: Some(money_of(&currency, event["gross"].as_str().unwrap())),
            }),
            "REVERSED" => What::Reversed(money_of(&currency, event["amount"].as_str().unwrap())),
            "REJECTED" => What::Rejected(()),
            other => panic!("{other}"),
        };
        Event { reward_id: text(&event["reward_id"]), what: Some(what) }
    });
    let request = wire::QuoteSeriesRequest {
        currency_code: currency.clone(),
        time_zone: text(&case["time_zone"]),
        window: requests::window(case),
        max_count: count(&case["count_cap"]),
        max_amount: money(case, "amount_cap"),
        budget: money(case, "budget"),
        on_exceed: requests::on_exceed(case),
        events: events.collect(),
        language_code: String::new(),
    };
    let answer = bank.quotes().quote_series(bank.ask(request)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    told(&quote.steps, &quote.explanation);
    Ok(answers::series(&quote))
}

async fn milestones_and_what_they_pay(bank: &Bank, case: &Value) -> Answer {
    let request = milestones_request(case)?;
    let answer = bank.quotes().quote_milestones(bank.ask(request)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    told(&quote.steps, &quote.explanation);
    Ok(answers::milestones(&quote, case.get("rule").is_some()))
}

fn milestones_request(case: &Value) -> Result<wire::QuoteMilestonesRequest, String> {
    use wire::quote_milestones_request::{Event, Milestone, Payment, What, milestone::Fires};
    let milestones = case["milestones"].as_array().unwrap().iter().map(|one| {
        let n = count(&one["n"]).unwrap();
        let fires = if one["kind"] == "AT" { Fires::At(n) } else { Fires::Every(n) };
        let rule = one.get("rule").map(|rule| requests::cash_rule(case, rule)).transpose()?;
        Ok::<_, String>(Milestone { milestone_id: text(&one["id"]), fires: Some(fires), rule })
    });
    let events = case["events"].as_array().unwrap().iter().map(|event| Event {
        referral_id: text(&event["referral_id"]),
        what: if event["type"] == "QUALIFIED" { What::Qualified } else { What::Reversed }.into(),
        occur_time: time(&event["at"]),
        arrive_time: time(&event["arrives_at"]),
        qualifying_amount: event["qualifying_amount"]
            .as_str()
            .map(|text| money_of(case["currency"].as_str().unwrap(), text)),
    });
    let payment = match case.get("rule") {
        None => None,
        Some(rule) => Some(Payment {
            currency_code: text(&case["currency"]),
            rounding: requests::rounding(case),
            rule: Some(requests::cash_rule(case, rule)?),
            max_count: count(&case["count_cap"]),
            max_amount: money(case, "amount_cap"),
            budget: money(case, "budget"),
            on_exceed: requests::on_exceed(case),
        }),
    };
    Ok(wire::QuoteMilestonesRequest {
        time_zone: text(&case["time_zone"]),
        window: requests::window(case),
        milestones: milestones.collect::<Result<_, _>>()?,
        events: events.collect(),
        payment,
        language_code: String::new(),
    })
}

async fn payouts_to_report(bank: &Bank, case: &Value) -> Answer {
    let currency = text(&case["currency"]);
    let payouts = case["payouts"].as_array().unwrap().iter();
    let payouts = payouts.map(|payout| wire::quote_reporting_request::Payout {
        payout_id: text(&payout["payout_id"]),
        pay_time: time(&payout["at"]),
        reward_amount: Some(money_of(&currency, payout["reward"].as_str().unwrap())),
        ..Default::default()
    });
    let request = wire::QuoteReportingRequest {
        threshold: money(case, "threshold"),
        time_zone: text(&case["time_zone"]),
        payouts: payouts.collect(),
        language_code: String::new(),
    };
    let answer = bank.quotes().quote_reporting(bank.ask(request)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    told(&quote.steps, &quote.explanation);
    Ok(answers::reporting(&quote))
}

async fn totals_over_weights(bank: &Bank, case: &Value) -> Answer {
    let request = wire::QuoteAllocationRequest {
        total: money(case, "total"),
        weights: case["weights"].as_array().unwrap().iter().filter_map(decimal).collect(),
        language_code: String::new(),
    };
    let answer = bank.quotes().quote_allocation(bank.ask(request)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    told(&quote.steps, &quote.explanation);
    let shares: Value = quote.shares.iter().map(|share| answers::money(Some(share))).collect();
    Ok(json!({ "shares": shares }))
}

async fn rewards_taken_back(bank: &Bank, case: &Value) -> Answer {
    use wire::reversal_rule::Kind;
    let kind = match case["clawback"]["kind"].as_str().unwrap() {
        "NONE" => Kind::None,
        "FULL" => Kind::Full,
        "PRO_RATA" => Kind::ProRata,
        other => panic!("{other}"),
    };
    let days = count(&case["clawback"]["days"]).unwrap_or(0);
    let request = wire::QuoteReversalRequest {
        rule: Some(wire::ReversalRule { kind: kind.into(), days }),
        reward_amount: money(case, "reward"),
        tax_amount: money(case, "tax"),
        settle_time: time(&case["settled_at"]),
        trigger_time: time(&case["triggered_at"]),
        time_zone: text(&case["time_zone"]),
        rounding: requests::rounding(case),
        kind: requests::kind(case),
        ..wire::QuoteReversalRequest::default()
    };
    let answer = bank.quotes().quote_reversal(bank.ask(request)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    told(&quote.steps, &quote.explanation);
    Ok(json!({
        "days": quote.days,
        "reversed": answers::money(quote.reversed_amount.as_ref()),
        "tax_reversed": answers::money(quote.reversed_tax_amount.as_ref()),
    }))
}

async fn months_and_year_fractions(bank: &Bank, case: &Value) -> Answer {
    use wire::quote_dates_request::{Months, Period, Question};
    let question = if case["op"] == "MONTHS" {
        let months = case["k"].as_array().unwrap().iter().filter_map(count).collect();
        Question::Months(Months { start_date: date(&case["start"]), months })
    } else {
        Question::YearFraction(Period {
            start_date: date(&case["start"]),
            end_date: date(&case["end"]),
            day_count: requests::day_count(case),
        })
    };
    let request = wire::QuoteDatesRequest { question: Some(question) };
    let answer = bank.quotes().quote_dates(bank.ask(request)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    if case["op"] == "MONTHS" {
        let dates: Value = quote.dates.iter().map(|date| answers::date(Some(date))).collect();
        return Ok(json!({ "dates": dates }));
    }
    let year_fraction = answers::decimal(quote.year_fraction.as_ref());
    Ok(if case["day_count"] == "ACT_ACT_ISDA" {
        json!({
            "days_in_common_years": quote.days - quote.days_in_leap_years,
            "days_in_leap_years": quote.days_in_leap_years,
            "year_fraction": year_fraction,
        })
    } else {
        json!({ "days": quote.days, "year_fraction": year_fraction })
    })
}

async fn deposits(bank: &Bank, case: &Value) -> Answer {
    let request = wire::QuoteDepositRequest {
        principal: money(case, "principal"),
        start_date: date(&case["start"]),
        maturity_date: date(&case["maturity"]),
        base_rate: decimal(&case["base_rate"]),
        uplifts: requests::concessions(&case["uplifts"]),
        max_uplift_basis_points: decimal(&case["max_uplift_bps"]),
        rate_ceiling: decimal(&case["rate_ceiling"]),
        uplift_principal_cap: money(case, "uplift_principal_cap"),
        day_count: requests::day_count(case),
        accrual: requests::accrual(case),
        rounding: requests::rounding(case),
        language_code: String::new(),
    };
    let answer = bank.quotes().quote_deposit(bank.ask(request)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    told(&quote.steps, &quote.explanation);
    Ok(answers::deposit(&quote))
}

async fn loans(bank: &Bank, case: &Value) -> Answer {
    let request = wire::QuoteLoanRequest {
        principal: money(case, "principal"),
        drawdown_date: date(&case["drawdown"]),
        instalments: count(&case["instalments"]).unwrap(),
        base_rate: decimal(&case["base_rate"]),
        discounts: requests::concessions(&case["discounts"]),
        max_discount_basis_points: decimal(&case["max_discount_bps"]),
        rate_floor: decimal(&case["rate_floor"]),
        discount_months: count(&case["discount_months"]),
        interest_basis: requests::interest_basis(case),
        repayment_method: requests::repayment_method(case),
        rounding: requests::rounding(case),
        language_code: "zh-Hans".to_owned(),
    };
    let answer = bank.quotes().quote_loan(bank.ask(request)).await;
    let quote = answer.map_err(|status| refused(&status))?.into_inner();
    told(&quote.steps, &quote.explanation);
    Ok(answers::loan(&quote))
}

/// Every answer says how it came about, in steps and in words.
fn told(steps: &[handsel_proto::CalculationStep], explanation: &[String]) {
    assert!(steps.iter().all(|step| !step.step.is_empty() && !step.value.is_empty()), "{steps:?}");
    assert!(!steps.is_empty() && explanation.iter().all(|sentence| !sentence.is_empty()), "{explanation:?}");
}
