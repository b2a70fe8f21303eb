//! Specification §11: `loan.json`, one loan a case. Long schedules are compared by their first and last two rows.

use handsel_money::{Currency, Date, Money, Rounding, parse_decimal};
use handsel_reward::domain::calculation::error::CalculationError;
use handsel_reward::domain::calculation::loan::{self, InterestBasis, Loan, Method, Row};
use serde::Deserialize;

use crate::deposit::{SourceBps, applied, listed};
use crate::harness::run;
use crate::terms::money;

/// Up to here every row is in the file.
const SHORT: usize = 36;

#[test]
fn loans() {
    run("loan.json", 97, decided);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    currency: Currency,
    rounding: Rounding,
    principal: String,
    drawdown: Date,
    instalments: u32,
    base_rate: String,
    discounts: Vec<SourceBps>,
    max_discount_bps: Option<String>,
    rate_floor: Option<String>,
    discount_months: Option<u32>,
    interest_basis: String,
    method: Method,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Out {
    rate: String,
    applied_discounts: Vec<SourceBps>,
    rows: Vec<RowOut>,
    total_interest: String,
    total_payment: String,
    base_total_interest: Option<String>,
    saving: Option<String>,
    nominal_yearly_cost: String,
    effective_yearly_cost: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowOut {
    k: u32,
    due: Date,
    principal: String,
    interest: String,
    payment: String,
    balance: String,
}

fn decided(input: &In) -> Result<Out, CalculationError> {
    let decimal = |text: &Option<String>| text.as_deref().map(parse_decimal).transpose();
    let interest_basis = match input.interest_basis.as_str() {
        "TWELFTH" => InterestBasis::Twelfth,
        day_count => InterestBasis::Days(day_count.parse()?),
    };
    let ours = loan::decide(&Loan {
        principal: money(input.currency, &input.principal)?,
        drawdown: input.drawdown,
        instalments: input.instalments,
        base_rate: parse_decimal(&input.base_rate)?,
        discounts: listed(&input.discounts)?,
        max_discount_bps: decimal(&input.max_discount_bps)?,
        rate_floor: decimal(&input.rate_floor)?,
        discount_months: input.discount_months,
        interest_basis,
        method: input.method,
        rounding: input.rounding,
    })?;
    Ok(Out {
        rate: ours.rate.to_string(),
        applied_discounts: applied(&ours.applied),
        rows: shown(&ours.rows),
        total_interest: ours.total_interest.to_major_string(),
        total_payment: ours.total_payment.to_major_string(),
        base_total_interest: ours.base_total_interest.map(Money::to_major_string),
        saving: ours.saving.map(Money::to_major_string),
        nominal_yearly_cost: ours.nominal_yearly_cost.to_string(),
        effective_yearly_cost: ours.effective_yearly_cost.to_string(),
    })
}

/// The rows that the file has.
fn shown(rows: &[Row]) -> Vec<RowOut> {
    if rows.len() <= SHORT {
        return rows.iter().map(row).collect();
    }
    rows[..2].iter().chain(&rows[rows.len() - 2..]).map(row).collect()
}

fn row(row: &Row) -> RowOut {
    RowOut {
        k: row.number,
        due: row.due,
        principal: row.principal.to_major_string(),
        interest: row.interest.to_major_string(),
        payment: row.payment.to_major_string(),
        balance: row.balance.to_major_string(),
    }
}
