//! Specification §12 in plain words: what a teller reads to a customer, made from the trace alone.

use handsel_money::{Exact, Rate};

use super::trace::{Step, step_of, value_of};

/// The steps of a cash or non-cash reward as English sentences. What a trace does not hold is not spoken of.
#[must_use]
pub fn explain(steps: &[Step]) -> Vec<String> {
    let unit = unit(steps);
    let mut sentences = base(steps, &unit);
    sentences.extend(tier(steps, &unit));
    sentences.extend(bounds(steps, &unit));
    sentences.extend(value_of(steps, "gross").map(|gross| format!("Before caps and budget that makes {gross}.")));
    sentences.extend(cuts(steps));
    sentences.extend(value_of(steps, "reward").map(|reward| format!("The reward is {reward}.")));
    sentences.extend(tax(steps));
    sentences
}

/// What numbers before rounding count: the currency, or points and the like.
fn unit(steps: &[Step]) -> String {
    match value_of(steps, "kind") {
        Some("POINTS") => "points".to_owned(),
        Some(item) => item.to_lowercase().replace('_', " "),
        None => value_of(steps, "gross").and_then(|gross| gross.split(' ').nth(1)).unwrap_or("").to_owned(),
    }
}

fn base(steps: &[Step], unit: &str) -> Vec<String> {
    let (Some(base), qualifying) = (value_of(steps, "base"), value_of(steps, "qualifying_amount").unwrap_or("0"))
    else {
        return Vec::new();
    };
    let rule = step_of(steps, "rule");
    let reason = rule.and_then(|rule| rule.reason.as_deref());
    let bracket = step_of(steps, "bracket").map_or(String::new(), |bracket| {
        format!("The qualifying amount of {qualifying} falls into the bracket from {}. ", bracket.value)
    });
    vec![match (rule, reason) {
        (Some(rule), Some("PERCENT")) => {
            format!("{bracket}The plan pays {} of {qualifying}, which is {base} {unit}.", percent(&rule.value))
        }
        (Some(_), _) => format!("{bracket}The plan pays {base} {unit}."),
        (None, _) => format!(
            "The plan pays by brackets: the qualifying amount of {qualifying} enters {}, which together pay {base} {unit}.",
            brackets(steps)
        ),
    }]
}

fn brackets(steps: &[Step]) -> String {
    match steps.iter().filter(|step| step.step == "bracket").count() {
        0 => "none of them".to_owned(),
        1 => "one of them".to_owned(),
        several => format!("{several} of them"),
    }
}

fn tier(steps: &[Step], unit: &str) -> Option<String> {
    let multiplier = step_of(steps, "multiplier")?;
    let tier = multiplier.reason.as_deref()?;
    let tiered = value_of(steps, "tiered")?;
    Some(format!("Tier {tier} multiplies that by {}, which makes {tiered} {unit}.", multiplier.value))
}

fn bounds(steps: &[Step], unit: &str) -> Option<String> {
    let bounded = step_of(steps, "bounded")?;
    match bounded.reason.as_deref()? {
        "MINIMUM" => Some(format!("The plan pays at least {} {unit}.", bounded.value)),
        "MAXIMUM" => Some(format!("The plan pays at most {} {unit}.", bounded.value)),
        _ => None,
    }
}

fn cuts(steps: &[Step]) -> Vec<String> {
    let reasons = step_of(steps, "reward").and_then(|reward| reward.reason.as_deref()).unwrap_or("");
    let window = match value_of(steps, "window") {
        None | Some("LIFETIME") => String::new(),
        Some(window) => format!(" in {window}"),
    };
    reasons.split(", ").filter_map(|reason| cut(reason, steps, &window)).collect()
}

fn cut(reason: &str, steps: &[Step], window: &str) -> Option<String> {
    Some(match reason {
        "COUNT_CAP" => format!(
            "The plan grants one person at most {} rewards{window}, and those have been granted.",
            value_of(steps, "count_cap")?
        ),
        "AMOUNT_CAP" => {
            format!("For one person{window} the plan has {} left.", room(value_of(steps, "amount_cap_room")?))
        }
        "BUDGET" => format!("The plan's budget has {} left.", room(value_of(steps, "budget_room")?)),
        _ => return None,
    })
}

/// Less than nothing is nothing to a customer.
fn room(room: &str) -> &str {
    if room.starts_with('-') { "nothing" } else { room }
}

fn tax(steps: &[Step]) -> Option<String> {
    let (tax, net) = (value_of(steps, "tax")?, value_of(steps, "net")?);
    let rate = percent(value_of(steps, "tax_rate")?);
    if let Some(taxable) = step_of(steps, "taxable") {
        return Some(match taxable.reason.as_deref() {
            Some("EXEMPT") => format!("It is free of tax, so {net} is received."),
            _ => format!("Tax of {rate} on {} is withheld: {tax}. {net} is received.", taxable.value),
        });
    }
    let grossed = step_of(steps, "grossed")?;
    Some(match grossed.reason.as_deref() {
        Some("EXEMPT") => format!("It is free of tax, so {net} is received."),
        _ => format!("The bank pays the tax of {tax} on top, so {net} is received in full."),
    })
}

/// `0.0125` as `1.25 percent`.
fn percent(rate: &str) -> String {
    match rate.parse::<Rate>() {
        Ok(rate) => format!("{} percent", rate.exact().times(&Exact::whole(100))),
        Err(_) => rate.to_owned(),
    }
}
