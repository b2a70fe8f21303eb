//! Specification §3 to §5: `cash.json` and `noncash.json`, one beneficiary and one qualifying event a case.

use std::collections::BTreeMap;

use handsel_money::{Currency, Rounding};
use handsel_reward::domain::calculation::caps::{OnExceed, Reason};
use handsel_reward::domain::calculation::cash::{self, CashInput, CashReward, CashTerms};
use handsel_reward::domain::calculation::error::CalculationError;
use handsel_reward::domain::calculation::noncash::{self, NonCashKind, NonCashReward, NonCashTerms};
use handsel_reward::domain::calculation::tax::TaxedOn;
use serde::Deserialize;

use crate::harness::run;
use crate::terms::{LimitsIn, RuleIn, TaxIn, money, money_in, quantity, used};

#[test]
fn cash() {
    run("cash.json", 110, |input: &In| decide_cash(input).map(Out::from));
}

#[test]
fn noncash() {
    run("noncash.json", 23, |input: &In| decide_noncash(input).map(Out::from));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    currency: Currency,
    rounding: Rounding,
    rule: RuleIn,
    qualifying_amount: String,
    qualifying_currency: Option<String>,
    tier: Option<String>,
    #[serde(default)]
    tier_multipliers: BTreeMap<String, String>,
    count_cap: Option<i64>,
    already_granted_count: Option<i64>,
    amount_cap: Option<String>,
    amount_cap_currency: Option<String>,
    already_granted_in_window: Option<String>,
    budget: Option<String>,
    budget_currency: Option<String>,
    already_granted_by_plan: Option<String>,
    on_exceed: Option<OnExceed>,
    tax: TaxIn,
    kind: Option<NonCashKind>,
    value_per_unit: Option<String>,
    value_per_unit_currency: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Out {
    base: String,
    tiered: String,
    bounded: String,
    quantity: Option<String>,
    gross: String,
    reward: String,
    reward_quantity: Option<String>,
    reasons: Vec<Reason>,
    taxable: Option<String>,
    grossed: Option<String>,
    tax: String,
    net: String,
    cost: String,
}

fn decide_cash(input: &In) -> Result<CashReward, CalculationError> {
    assert!(input.kind.is_none() && input.value_per_unit.is_none(), "cash has no kind");
    let terms = CashTerms {
        currency: input.currency,
        rounding: input.rounding,
        rule: input.rule.read(input.currency, &input.tier_multipliers, money)?,
        limits: input.limits().read(input.currency)?,
        tax: input.tax.read(input.currency)?,
    };
    let event = input.event()?;
    let reward = cash::decide(&terms, &event)?;
    let again = cash::recompute(1, &through_text(&terms), &through_text(&event))?;
    assert_eq!(reward, again, "what is stored computes the same again");
    Ok(reward)
}

fn decide_noncash(input: &In) -> Result<NonCashReward, CalculationError> {
    let value_per_unit = input.value_per_unit.as_deref().expect("a non-cash kind has a value");
    let terms = NonCashTerms {
        currency: input.currency,
        rounding: input.rounding,
        kind: input.kind.expect("a non-cash reward has a kind"),
        value_per_unit: money_in(input.currency, input.value_per_unit_currency.as_deref(), value_per_unit)?,
        rule: input.rule.read(input.currency, &input.tier_multipliers, quantity)?,
        limits: input.limits().read(input.currency)?,
        tax: input.tax.read(input.currency)?,
    };
    noncash::decide(&through_text(&terms), &through_text(&input.event()?))
}

/// As it would be read back from a record.
fn through_text<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).expect("terms can be written")).expect("and read back")
}

impl In {
    fn limits(&self) -> LimitsIn<'_> {
        LimitsIn {
            count_cap: self.count_cap,
            amount_cap: self.amount_cap.as_deref(),
            amount_cap_currency: self.amount_cap_currency.as_deref(),
            budget: self.budget.as_deref(),
            budget_currency: self.budget_currency.as_deref(),
            on_exceed: self.on_exceed,
        }
    }

    fn event(&self) -> Result<CashInput, CalculationError> {
        let qualifying_currency = self.qualifying_currency.as_deref();
        Ok(CashInput {
            qualifying_amount: money_in(self.currency, qualifying_currency, &self.qualifying_amount)?,
            tier: self.tier.clone(),
            window: None,
            used: used(
                self.currency,
                self.already_granted_count,
                self.already_granted_in_window.as_deref(),
                self.already_granted_by_plan.as_deref(),
            )?,
        })
    }
}

fn taxable(on: TaxedOn) -> Option<String> {
    match on {
        TaxedOn::Taxable(amount) => Some(amount.to_major_string()),
        TaxedOn::Nothing | TaxedOn::Grossed(_) => None,
    }
}

fn grossed(on: TaxedOn) -> Option<String> {
    match on {
        TaxedOn::Grossed(amount) => Some(amount.to_major_string()),
        TaxedOn::Nothing | TaxedOn::Taxable(_) => None,
    }
}

impl From<CashReward> for Out {
    fn from(ours: CashReward) -> Self {
        Self {
            base: ours.base.to_string(),
            tiered: ours.tiered.to_string(),
            bounded: ours.bounded.to_string(),
            quantity: None,
            gross: ours.gross.to_major_string(),
            reward: ours.reward.to_major_string(),
            reward_quantity: None,
            reasons: ours.reasons,
            taxable: taxable(ours.taxed_on),
            grossed: grossed(ours.taxed_on),
            tax: ours.tax.to_major_string(),
            net: ours.net.to_major_string(),
            cost: ours.cost.to_major_string(),
        }
    }
}

impl From<NonCashReward> for Out {
    fn from(ours: NonCashReward) -> Self {
        Self {
            base: ours.base.to_string(),
            tiered: ours.tiered.to_string(),
            bounded: ours.bounded.to_string(),
            quantity: Some(ours.quantity.to_string()),
            gross: ours.gross.to_major_string(),
            reward: ours.reward.to_major_string(),
            reward_quantity: Some(ours.reward_quantity.to_string()),
            reasons: ours.reasons,
            taxable: taxable(ours.taxed_on),
            grossed: grossed(ours.taxed_on),
            tax: ours.tax.to_major_string(),
            net: ours.net.to_major_string(),
            cost: ours.cost.to_major_string(),
        }
    }
}
