//! Specification §12 in plain words: what a teller reads to a customer, made from the trace alone.

use handsel_money::{Currency, Exact, Money, Rate};

use super::trace::{Step, step_of, value_of};

/// The steps of a cash or non-cash reward as English sentences. What a trace does not hold is not spoken of.
#[must_use]
pub fn explain(steps: &[Step]) -> Vec<String> {
    let unit = unit(steps);
    let mut sentences = base(steps, &unit);
    sentences.extend(tier(steps, &unit));
    sentences.extend(bounds(steps, &unit));
    sentences
        .extend(worth(steps, "gross", "quantity", &unit).map(|it| format!("Before caps and budget that makes {it}.")));
    sentences.extend(cuts(steps));
    sentences.extend(worth(steps, "reward", "reward_quantity", &unit).map(|it| format!("The reward is {it}.")));
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
    let (Some(base), Some(qualifying)) = (value_of(steps, "base"), value_of(steps, "qualifying_amount")) else {
        return Vec::new();
    };
    let base = counted(base, unit);
    let rule = step_of(steps, "rule");
    let reason = rule.and_then(|rule| rule.reason.as_deref());
    let bracket = step_of(steps, "bracket").map_or(String::new(), |bracket| {
        format!("The qualifying amount of {qualifying} falls into the bracket from {}. ", bracket.value)
    });
    vec![match (rule, reason) {
        (Some(rule), Some("PERCENT")) => {
            format!("{bracket}The plan pays {} of {qualifying}, which is {base}.", percent(&rule.value))
        }
        (Some(_), _) => format!("{bracket}The plan pays {base}."),
        (None, _) => format!(
            "The plan pays by brackets: the qualifying amount of {qualifying} enters {}, which together pay {base}.",
            brackets(steps)
        ),
    }]
}

/// A number before rounding with what it counts; of money, as one writes money where it is so many minor units.
fn counted(number: &str, unit: &str) -> String {
    let currency = unit.parse::<Currency>();
    match currency.and_then(|currency| Money::parse_major(currency, number)) {
        Ok(money) => money.to_string(),
        Err(_) => format!("{number} {unit}"),
    }
}

/// An amount, or a quantity and what it is worth.
fn worth(steps: &[Step], amount: &str, quantity: &str, unit: &str) -> Option<String> {
    let amount = value_of(steps, amount)?;
    Some(match value_of(steps, quantity) {
        Some(quantity) => format!("{quantity} {unit}, worth {amount}"),
        None => amount.to_owned(),
    })
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
    let tiered = counted(value_of(steps, "tiered")?, unit);
    Some(format!("Tier {tier} multiplies that by {}, which makes {tiered}.", multiplier.value))
}

fn bounds(steps: &[Step], unit: &str) -> Option<String> {
    let bounded = step_of(steps, "bounded")?;
    let bound = counted(&bounded.value, unit);
    match bounded.reason.as_deref()? {
        "MINIMUM" => Some(format!("The plan pays at least {bound}.")),
        "MAXIMUM" => Some(format!("The plan pays at most {bound}.")),
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
        "AMOUNT_CAP" => format!("For one person{window} the plan has {}.", left(steps, "amount_cap_room")?),
        "BUDGET" => format!("The plan's budget has {}.", left(steps, "budget_room")?),
        _ => return None,
    })
}

/// What a room leaves; less than nothing is nothing to a customer.
fn left(steps: &[Step], room: &str) -> Option<String> {
    let room = value_of(steps, room)?;
    Some(match value_of(steps, "on_exceed") {
        _ if room.starts_with('-') => "nothing left".to_owned(),
        Some("REJECT") => format!("{room} left, too little for this reward"),
        _ => format!("{room} left"),
    })
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
