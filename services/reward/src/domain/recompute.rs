//! A stored reward computed again from its trace alone, under the version of the calculation that made it.

use super::{
    calculation::{CALCULATION_VERSION, cash, error::CalculationError, noncash, trace::Step},
    record::Record,
    reward::Amounts,
    terms::RewardTerms,
};

/// One value, stored and computed again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The step of the calculation, or the field of the reward.
    pub step: String,
    /// As stored; none where the calculation now has a step more.
    pub stored: Option<String>,
    /// As it came out now; none where it has one less.
    pub recomputed: Option<String>,
    /// Whether values and reasons are the same.
    pub equal: bool,
}

/// What a calculation gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// The five amounts.
    pub amounts: Amounts,
    /// Every step that led to them.
    pub steps: Vec<Step>,
}

/// The calculation of a record, once more. Each version of it that ever ran has its arm here.
///
/// # Errors
/// [`CalculationError::UnknownVersion`]; a refusal of the calculation, where the record is not what it was computed from.
pub fn compute(record: &Record<'_>) -> Result<Computed, CalculationError> {
    match (record.calculation_version, record.terms.as_ref()) {
        (CALCULATION_VERSION, RewardTerms::Cash(terms)) => {
            let computed = cash::decide(terms, &record.input)?;
            let cash::CashReward { gross, reward, tax, net, cost, steps, .. } = computed;
            Ok(Computed { amounts: Amounts { gross, reward, tax, net, cost }, steps })
        }
        (CALCULATION_VERSION, RewardTerms::NonCash(terms)) => {
            let computed = noncash::decide(terms, &record.input)?;
            let noncash::NonCashReward { gross, reward, tax, net, cost, steps, .. } = computed;
            Ok(Computed { amounts: Amounts { gross, reward, tax, net, cost }, steps })
        }
        (unknown, _) => Err(CalculationError::UnknownVersion(unknown)),
    }
}

/// Sets a record and the reward that it was made for beside what its calculation gives: the due date, every step, every amount.
///
/// # Errors
/// As [`compute`].
pub fn compare(record: &Record<'_>, stored: &Amounts) -> Result<Vec<Comparison>, CalculationError> {
    let Computed { amounts, steps } = compute(record)?;
    let days = &record.days;
    let due_on = days.qualified_on.plus_days(days.holding_days)?;
    let mut all = vec![compared("due_on", Some(days.due_on.to_string()), Some(due_on.to_string()))];
    for at in 0..record.steps.len().max(steps.len()) {
        all.push(compared_steps(record.steps.get(at), steps.get(at)));
    }
    for (field, was, is) in [
        ("gross_amount", stored.gross, amounts.gross),
        ("reward_amount", stored.reward, amounts.reward),
        ("tax_amount", stored.tax, amounts.tax),
        ("net_amount", stored.net, amounts.net),
        ("cost_amount", stored.cost, amounts.cost),
    ] {
        all.push(compared(field, Some(was.to_string()), Some(is.to_string())));
    }
    Ok(all)
}

fn compared(step: &str, stored: Option<String>, recomputed: Option<String>) -> Comparison {
    let equal = stored == recomputed;
    Comparison { step: step.to_owned(), stored, recomputed, equal }
}

fn compared_steps(stored: Option<&Step>, recomputed: Option<&Step>) -> Comparison {
    let name = stored.or(recomputed).map(|step| step.step.to_string()).unwrap_or_default();
    let shown = |step: &Step| match (step.step == name, &step.reason) {
        (true, None) => step.value.clone(),
        (true, Some(reason)) => format!("{} ({reason})", step.value),
        (false, _) => format!("{}: {}", step.step, step.value),
    };
    compared(&name, stored.map(shown), recomputed.map(shown))
}

/// The first difference in a few words; none where everything is equal.
pub fn first_difference(comparisons: &[Comparison]) -> Option<String> {
    let different = comparisons.iter().find(|one| !one.equal)?;
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    Some(format!(
        "{}: {} is stored, {} comes out",
        different.step,
        shown(&different.stored),
        shown(&different.recomputed)
    ))
}
