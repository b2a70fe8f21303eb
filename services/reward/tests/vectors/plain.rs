//! One formula a case: `allocation.json` (specification §7), `reversal.json` (§8), `daycount.json` (§9).

use handsel_money::{
    Currency, Date, DayCount, Money, MoneyError, Rounding, Timestamp, YearFraction, Zone, parse_decimal,
    round_to_decimal,
};
use handsel_reward::domain::calculation::allocation::shares;
use handsel_reward::domain::calculation::error::CalculationError;
use handsel_reward::domain::calculation::noncash::NonCashKind;
use handsel_reward::domain::calculation::reversal::{self, Clawback, Given, Settled};
use serde::Deserialize;

use crate::harness::run;
use crate::terms::money;

#[test]
fn allocation() {
    run("allocation.json", 37, |input: &AllocationIn| {
        let weights: Result<Vec<_>, MoneyError> = input.weights.iter().map(|weight| parse_decimal(weight)).collect();
        let shares = shares(money(input.currency, &input.total)?, &weights?)?;
        Ok(AllocationOut { shares: shares.into_iter().map(Money::to_major_string).collect() })
    });
}

#[test]
fn reversals() {
    run("reversal.json", 42, reversed);
}

#[test]
fn day_counts() {
    run("daycount.json", 68, counted);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllocationIn {
    currency: Currency,
    total: String,
    weights: Vec<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllocationOut {
    shares: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReversalIn {
    currency: Currency,
    rounding: Rounding,
    time_zone: Zone,
    clawback: ClawbackIn,
    settled_at: Timestamp,
    triggered_at: Timestamp,
    reward: String,
    tax: String,
    kind: Option<NonCashKind>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
enum ClawbackIn {
    None,
    Full { days: i64 },
    ProRata { days: i64 },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReversalOut {
    days: i64,
    reversed: String,
    tax_reversed: String,
}

fn reversed(input: &ReversalIn) -> Result<ReversalOut, CalculationError> {
    let clawback = match input.clawback {
        ClawbackIn::None => Clawback::None,
        ClawbackIn::Full { days } => Clawback::Full(days),
        ClawbackIn::ProRata { days } => Clawback::ProRata(days),
    };
    let given = match input.kind {
        None => Given::Cash,
        Some(NonCashKind::Points) => panic!("a case of points would have to say how many"),
        Some(_) => Given::Item,
    };
    let settled = Settled {
        given,
        reward: money(input.currency, &input.reward)?,
        tax: money(input.currency, &input.tax)?,
        at: input.settled_at,
    };
    let ours = reversal::decide(clawback, &settled, input.triggered_at, &input.time_zone, input.rounding)?;
    Ok(ReversalOut {
        days: ours.days,
        reversed: ours.reversed.to_major_string(),
        tax_reversed: ours.tax_reversed.to_major_string(),
    })
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
enum DayCountIn {
    Months { start: Date, k: Vec<i32> },
    YearFraction { day_count: DayCount, start: Date, end: Date },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum DayCountOut {
    Months { dates: Vec<Date> },
    Plain { days: i64, year_fraction: String },
    ByYear { days_in_common_years: i64, days_in_leap_years: i64, year_fraction: String },
}

fn counted(input: &DayCountIn) -> Result<DayCountOut, CalculationError> {
    match input {
        DayCountIn::Months { start, k } => {
            let dates: Result<Vec<Date>, MoneyError> = k.iter().map(|months| start.months(*months)).collect();
            Ok(DayCountOut::Months { dates: dates? })
        }
        DayCountIn::YearFraction { day_count, start, end } => {
            let years = day_count.year_fraction(*start, *end)?;
            let shown = round_to_decimal(&years.exact(), 20, Rounding::HalfEven)?.normalize();
            let year_fraction = shown.to_string();
            Ok(match years {
                YearFraction::Plain { days, .. } => DayCountOut::Plain { days, year_fraction },
                YearFraction::ByYear { common, leap } => {
                    DayCountOut::ByYear { days_in_common_years: common, days_in_leap_years: leap, year_fraction }
                }
            })
        }
    }
}
