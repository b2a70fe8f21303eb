//! Answers of the contract as the vectors write them.

use handsel_proto::{
    google::r#type::{Date, Decimal, Money},
    handsel::reward::v1 as wire,
};
use serde_json::{Map, Value, json};

/// An amount in major units with exactly its currency's decimals.
pub(crate) fn money(money: Option<&Money>) -> Value {
    let money = handsel_service::wire::money_from(money, "answer").expect("an amount");
    Value::String(money.to_major_string())
}

pub(crate) fn decimal(decimal: Option<&Decimal>) -> Value {
    Value::String(decimal.expect("a decimal").value.clone())
}

pub(crate) fn date(date: Option<&Date>) -> Value {
    let Date { year, month, day } = date.expect("a date");
    Value::String(format!("{year:04}-{month:02}-{day:02}"))
}

/// An object without what is absent.
pub(crate) fn object(fields: Vec<(&str, Option<Value>)>) -> Value {
    let there = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<Map<String, Value>>())
}

fn optional(amount: Option<&Money>) -> Option<Value> {
    amount.map(|amount| money(Some(amount)))
}

pub(crate) fn reward(quote: &wire::RewardQuote) -> Value {
    let counted = quote.kind() != wire::NonCashKind::Unspecified;
    let quantity = |quantity: i64| counted.then(|| Value::String(quantity.to_string()));
    object(vec![
        ("base", Some(decimal(quote.base.as_ref()))),
        ("tiered", Some(decimal(quote.tiered.as_ref()))),
        ("bounded", Some(decimal(quote.bounded.as_ref()))),
        ("quantity", quantity(quote.quantity)),
        ("gross", Some(money(quote.gross_amount.as_ref()))),
        ("reward", Some(money(quote.reward_amount.as_ref()))),
        ("reward_quantity", quantity(quote.reward_quantity)),
        ("reasons", Some(json!(quote.reasons))),
        ("taxable", optional(quote.taxable_amount.as_ref())),
        ("grossed", optional(quote.grossed_up_amount.as_ref())),
        ("tax", Some(money(quote.tax_amount.as_ref()))),
        ("net", Some(money(quote.net_amount.as_ref()))),
        ("cost", Some(money(quote.cost_amount.as_ref()))),
    ])
}

pub(crate) fn concessions(applied: &[wire::RateConcession]) -> Value {
    let each = applied.iter();
    each.map(|one| json!({ "source": one.source, "bps": decimal(one.basis_points.as_ref()) })).collect()
}

pub(crate) fn deposit(quote: &wire::DepositQuote) -> Value {
    json!({
        "rate": decimal(quote.rate.as_ref()),
        "applied_uplifts": concessions(&quote.applied_uplifts),
        "slice_a": money(quote.preferential_principal.as_ref()),
        "slice_b": money(quote.base_principal.as_ref()),
        "interest_a": money(quote.preferential_interest.as_ref()),
        "interest_b": money(quote.base_principal_interest.as_ref()),
        "total_interest": money(quote.total_interest.as_ref()),
        "base_interest": money(quote.total_interest_without.as_ref()),
        "benefit": money(quote.benefit.as_ref()),
        "blended_rate": decimal(quote.blended_rate.as_ref()),
    })
}

/// Long schedules by their first and last two rows, as the file has them.
pub(crate) fn loan(quote: &wire::LoanQuote) -> Value {
    let rows: Vec<Value> = quote.rows.iter().map(row).collect();
    let rows = if rows.len() <= 36 { rows } else { [&rows[..2], &rows[rows.len() - 2..]].concat() };
    object(vec![
        ("rate", Some(decimal(quote.rate.as_ref()))),
        ("applied_discounts", Some(concessions(&quote.applied_discounts))),
        ("rows", Some(Value::Array(rows))),
        ("total_interest", Some(money(quote.total_interest.as_ref()))),
        ("total_payment", Some(money(quote.total_payment.as_ref()))),
        ("base_total_interest", optional(quote.total_interest_without.as_ref())),
        ("saving", optional(quote.saving.as_ref())),
        ("nominal_yearly_cost", Some(decimal(quote.nominal_yearly_cost.as_ref()))),
        ("effective_yearly_cost", Some(decimal(quote.effective_yearly_cost.as_ref()))),
    ])
}

fn row(row: &wire::loan_quote::Row) -> Value {
    json!({
        "k": row.number,
        "due": date(row.due_date.as_ref()),
        "principal": money(row.principal.as_ref()),
        "interest": money(row.interest.as_ref()),
        "payment": money(row.payment.as_ref()),
        "balance": money(row.balance.as_ref()),
    })
}

pub(crate) fn series(quote: &wire::SeriesQuote) -> Value {
    let rewards = quote.rewards.iter().map(|one| {
        let reward = money(one.reward_amount.as_ref());
        json!({ "reward_id": one.reward_id, "window": one.window, "reward": reward, "reasons": one.reasons })
    });
    let granted = quote.granted.iter().map(|one| {
        let amount = money(one.amount.as_ref());
        json!({ "beneficiary": one.beneficiary, "window": one.window, "count": one.count, "amount": amount })
    });
    json!({
        "rewards": rewards.collect::<Value>(),
        "granted": granted.collect::<Value>(),
        "granted_by_plan": money(quote.granted_by_plan.as_ref()),
    })
}

pub(crate) fn milestones(quote: &wire::MilestonesQuote, paid: bool) -> Value {
    let fired = quote.fired.iter().map(|one| {
        json!({
            "milestone": one.milestone_id, "referral_id": one.referral_id, "window": one.window, "count": one.count,
        })
    });
    let counts: Map<String, Value> = quote.counts.iter().map(|one| (one.window.clone(), json!(one.count))).collect();
    let rewards = quote.rewards.iter().map(|one| {
        let what = if one.milestone_id.is_empty() { "REFERRAL" } else { &one.milestone_id };
        json!({
            "referral_id": one.referral_id,
            "for": what,
            "gross": money(one.gross_amount.as_ref()),
            "reward": money(one.reward_amount.as_ref()),
            "reasons": one.reasons,
        })
    });
    object(vec![
        ("fired", Some(fired.collect())),
        ("counts", Some(Value::Object(counts))),
        ("rewards", paid.then(|| rewards.collect())),
    ])
}

pub(crate) fn reporting(quote: &wire::ReportingQuote) -> Value {
    let flagged = quote.flags.iter();
    let flagged =
        flagged.map(|one| json!({ "payout_id": one.payout_id, "year": one.year, "total": money(one.total.as_ref()) }));
    let totals: Map<String, Value> =
        quote.years.iter().map(|one| (one.year.to_string(), money(one.total.as_ref()))).collect();
    json!({ "flagged": flagged.collect::<Value>(), "totals": totals })
}
