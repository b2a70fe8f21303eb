//! A reward's trace as sentences, and a tax's.

use std::borrow::Cow;

use handsel_money::{Currency, Money, Written as _};

use super::super::trace::{Step, step_of, value_of};
use super::sentence::{Item, Left, OfReward, Rule, Taxation, Worth};

/// What numbers before rounding count.
#[derive(Clone, Copy)]
enum Unit<'a> {
    Money(&'a str),
    Items(Item),
}

pub(super) fn of_reward(steps: &[Step]) -> Vec<OfReward<'_>> {
    let unit = unit(steps);
    let mut sentences = Vec::with_capacity(8);
    sentences.extend(base(steps, unit));
    sentences.extend(tier(steps, unit));
    sentences.extend(bounds(steps, unit));
    sentences.extend(worth(steps, "gross", "quantity", unit).map(OfReward::Gross));
    sentences.extend(cuts(steps));
    sentences.extend(worth(steps, "reward", "reward_quantity", unit).map(OfReward::Reward));
    sentences.extend(of_tax(steps));
    sentences
}

fn unit(steps: &[Step]) -> Unit<'_> {
    match value_of(steps, "kind").and_then(Item::of) {
        Some(item) => Unit::Items(item),
        None => Unit::Money(value_of(steps, "gross").and_then(|gross| gross.split(' ').nth(1)).unwrap_or("")),
    }
}

fn base<'a>(steps: &'a [Step], unit: Unit<'a>) -> Option<OfReward<'a>> {
    let (base, qualifying) = (value_of(steps, "base")?, value_of(steps, "qualifying_amount")?);
    let base = counted(base, unit);
    let bracket = step_of(steps, "bracket").map(|bracket| (qualifying, bracket.value.as_str()));
    let rule = step_of(steps, "rule");
    Some(match (rule, rule.and_then(|rule| rule.reason.as_deref())) {
        (Some(rule), Some("PERCENT")) => OfReward::Pays { bracket, rule: Rule::Percent(&rule.value, qualifying), base },
        (Some(_), _) => OfReward::Pays { bracket, rule: Rule::Fixed, base },
        (None, _) => {
            let entered = steps.iter().filter(|step| step.step == "bracket").count();
            OfReward::Pays { bracket: None, rule: Rule::Brackets(qualifying, entered), base }
        }
    })
}

/// A number before rounding with what it counts; of money, as one writes money where it is so many minor units.
fn counted<'a>(number: &'a str, unit: Unit<'a>) -> Worth<'a> {
    match unit {
        Unit::Items(item) => Worth::Items(number, item, None),
        Unit::Money(code) => {
            let money = code.parse::<Currency>().and_then(|currency| Money::parse_major(currency, number));
            let text = money.map_or_else(|_| format!("{number} {code}"), |money| money.written());
            Worth::Money(Cow::Owned(text))
        }
    }
}

/// An amount, or a quantity and what it is worth.
fn worth<'a>(steps: &'a [Step], amount: &str, quantity: &str, unit: Unit<'a>) -> Option<Worth<'a>> {
    let amount = value_of(steps, amount)?;
    Some(match (unit, value_of(steps, quantity)) {
        (Unit::Items(item), Some(quantity)) => Worth::Items(quantity, item, Some(amount)),
        (Unit::Items(_) | Unit::Money(_), _) => Worth::Money(Cow::Borrowed(amount)),
    })
}

fn tier<'a>(steps: &'a [Step], unit: Unit<'a>) -> Option<OfReward<'a>> {
    let multiplier = step_of(steps, "multiplier")?;
    let tier = multiplier.reason.as_deref()?;
    let tiered = counted(value_of(steps, "tiered")?, unit);
    Some(OfReward::Tier { tier, multiplier: &multiplier.value, tiered })
}

fn bounds<'a>(steps: &'a [Step], unit: Unit<'a>) -> Option<OfReward<'a>> {
    let bounded = step_of(steps, "bounded")?;
    let bound = counted(&bounded.value, unit);
    match bounded.reason.as_deref()? {
        "MINIMUM" => Some(OfReward::AtLeast(bound)),
        "MAXIMUM" => Some(OfReward::AtMost(bound)),
        _ => None,
    }
}

fn cuts(steps: &[Step]) -> Vec<OfReward<'_>> {
    let reasons = step_of(steps, "reward").and_then(|reward| reward.reason.as_deref()).unwrap_or("");
    let window = value_of(steps, "window").filter(|window| *window != "LIFETIME");
    reasons.split(", ").filter_map(|reason| cut(reason, steps, window)).collect()
}

fn cut<'a>(reason: &str, steps: &'a [Step], window: Option<&'a str>) -> Option<OfReward<'a>> {
    Some(match reason {
        "COUNT_CAP" => OfReward::CountCap(value_of(steps, "count_cap")?, window),
        "AMOUNT_CAP" => OfReward::AmountCap(window, left(steps, "amount_cap_room")?),
        "BUDGET" => OfReward::Budget(left(steps, "budget_room")?),
        _ => return None,
    })
}

/// What a room leaves; less than nothing is nothing to a customer.
fn left<'a>(steps: &'a [Step], room: &str) -> Option<Left<'a>> {
    let room = value_of(steps, room)?;
    Some(match value_of(steps, "on_exceed") {
        _ if room.starts_with('-') => Left::Nothing,
        Some("REJECT") => Left::TooLittle(room),
        _ => Left::Some(room),
    })
}

pub(super) fn of_tax(steps: &[Step]) -> Option<OfReward<'_>> {
    let (tax, net) = (value_of(steps, "tax")?, value_of(steps, "net")?);
    let rate = value_of(steps, "tax_rate")?;
    if let Some(taxable) = step_of(steps, "taxable") {
        return Some(OfReward::Tax(match taxable.reason.as_deref() {
            Some("EXEMPT") => Taxation::Free(net),
            _ => Taxation::Withheld(rate, &taxable.value, tax, net),
        }));
    }
    let grossed = step_of(steps, "grossed")?;
    Some(OfReward::Tax(match grossed.reason.as_deref() {
        Some("EXEMPT") => Taxation::Free(net),
        _ => Taxation::OnTop(tax, net),
    }))
}
