//! The traces of reversals, allocations and rows of events as sentences.

use super::super::trace::{Step, step_of, value_of};
use super::sentence::OfRows;

pub(super) fn of_reversal(steps: &[Step]) -> Vec<OfRows<'_>> {
    let mut sentences = Vec::with_capacity(2);
    if let (Some(reward), Some(settled_on), Some(triggered_on), Some(days)) = (
        value_of(steps, "reward"),
        value_of(steps, "settled_on"),
        value_of(steps, "triggered_on"),
        value_of(steps, "days"),
    ) {
        sentences.push(OfRows::Undone { reward, settled_on, triggered_on, days });
    }
    if value_of(steps, "days_left") == Some("0") {
        sentences.push(OfRows::NothingReversed);
    } else if let (Some(reversed), Some(tax)) = (value_of(steps, "reversed"), value_of(steps, "tax_reversed")) {
        sentences.push(OfRows::Reversed(reversed, value_of(steps, "points_reversed"), tax));
    }
    sentences
}

pub(super) fn of_allocation(steps: &[Step]) -> Vec<OfRows<'_>> {
    let shares: Vec<&Step> = steps.iter().filter(|step| step.step == "share").collect();
    let total = value_of(steps, "total").map(|total| OfRows::Split(total, shares.len()));
    let each = shares.iter().enumerate();
    let each = each.map(|(at, share)| OfRows::Share(at.saturating_add(1), &share.value));
    total.into_iter().chain(each).collect()
}

pub(super) fn of_series(steps: &[Step]) -> Vec<OfRows<'_>> {
    let mut sentences = Vec::new();
    let mut rest = steps;
    while let [first, after @ ..] = rest {
        rest = after;
        let reason = first.reason.as_deref().unwrap_or("");
        match first.step.as_ref() {
            "granted" => sentences.extend(granted(&first.value, after)),
            "reversed" | "rejected" => sentences.push(OfRows::GivenBack(reason, &first.value)),
            "granted_by_plan" => sentences.push(OfRows::GrantedInAll(&first.value)),
            _ => {}
        }
    }
    sentences
}

/// A reward and the steps that follow it.
fn granted<'a>(reward: &'a str, after: &'a [Step]) -> Option<OfRows<'a>> {
    let amount = step_of(after, "reward")?;
    Some(OfRows::Granted {
        reward,
        window: value_of(after, "window")?,
        gross: value_of(after, "gross")?,
        amount: &amount.value,
        reasons: amount.reason.as_deref().unwrap_or(""),
    })
}

pub(super) fn of_milestones(steps: &[Step]) -> Vec<OfRows<'_>> {
    let mut sentences = Vec::new();
    let mut rest = steps;
    while let [first, after @ ..] = rest {
        rest = after;
        match first.step.as_ref() {
            "qualified" => {
                if let Some(count) = step_of(after, "count") {
                    let window = count.reason.as_deref().and_then(|reason| reason.strip_prefix("in ")).unwrap_or("");
                    sentences.push(OfRows::Counts(&first.value, &count.value, window));
                }
            }
            "reversed" => sentences.push(OfRows::ReferralReversed(&first.value)),
            "fired" => sentences.push(OfRows::Fires(&first.value)),
            "pays" => {
                let milestone = Some(first.value.as_str()).filter(|what| *what != "REFERRAL");
                sentences.extend(value_of(after, "reward").map(|amount| OfRows::RowPays(milestone, amount)));
            }
            _ => {}
        }
    }
    sentences
}

pub(super) fn of_reporting(steps: &[Step]) -> Vec<OfRows<'_>> {
    let Some(threshold) = value_of(steps, "threshold") else { return Vec::new() };
    let flagged = steps.iter().filter(|step| step.step == "flagged");
    let sentences: Vec<OfRows<'_>> =
        flagged.map(|step| OfRows::Flagged(&step.value, step.reason.as_deref().unwrap_or(""), threshold)).collect();
    if sentences.is_empty() { vec![OfRows::NothingFlagged(threshold)] } else { sentences }
}
