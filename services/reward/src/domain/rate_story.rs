//! A preferential rate in plain words, for a teller to read aloud: for what it was offered, what it is worth, where it is now.

use super::{
    effective_rate::{EffectiveRate, Part},
    rate_grant::{Activation, BUDGET, COUNT_CAP, RateGrant, Standing},
    rate_rule::{Change, StartRule},
    stacking::Because,
};
use handsel_money::{Decimal, Exact};

/// The whole story, a sentence or two each.
#[must_use]
pub fn tell(grant: &RateGrant) -> Vec<String> {
    let mut sentences = vec![offered(grant)];
    sentences.extend(conditions(grant));
    sentences.extend(grant.state.activation().map(used));
    sentences.push(now(grant));
    sentences
}

fn offered(grant: &RateGrant) -> String {
    let (ground, rule) = (&grant.offer.ground, &grant.offer.rule);
    let product = &rule.product;
    let change = match rule.change {
        Change::Uplift(bps) => format!("{} percent a year more on deposit product {product}", percent_of_bps(bps)),
        Change::Discount(bps) => format!("{} percent a year less on loan product {product}", percent_of_bps(bps)),
    };
    format!("For referral {} the plan offers {} {change}.", ground.referral, ground.beneficiary)
}

fn conditions(grant: &RateGrant) -> Vec<String> {
    let rule = &grant.offer.rule;
    let mut sentences = Vec::new();
    sentences.extend(rule.principal_cap.map(|cap| format!("It counts for the first {cap} of the deposit.")));
    sentences.extend(rule.term_months.map(|months| format!("It holds for {months} months from the contract's start.")));
    if rule.start == StartRule::NewContract {
        sentences.push("It is for a contract that begins on the day of the offer or later.".to_owned());
    }
    sentences
}

fn used(activation: &Activation) -> String {
    let Activation { contract, rate, applied_bps, benefit, .. } = activation;
    format!(
        "Contract {} of {} for {} months from {} has it: it adds {} percent to a rate of {} percent, and is worth {benefit}.",
        activation.reference,
        contract.principal,
        contract.term_months,
        contract.start,
        percent_of_bps(*applied_bps),
        percent(*rate),
    )
}

/// Where it is now, and until when where that is known.
fn now(grant: &RateGrant) -> String {
    let last = grant.reasons.last().map(String::as_str).unwrap_or_default();
    match grant.state.standing() {
        Standing::Offered => format!("It can be used until {}.", grant.offer.expires_at),
        Standing::Active => match grant.state.activation() {
            Some(activation) => format!("It counts until {}.", activation.ends_at),
            None => "It counts.".to_owned(),
        },
        Standing::Ended => "The contract, or the time of the rate, is over.".to_owned(),
        Standing::Revoked => format!("The bank has taken it back (reason {last})."),
        Standing::Expired => "Nobody used it in time, so it has expired.".to_owned(),
        Standing::Rejected => match last {
            COUNT_CAP => "The plan has offered as many rates as it may, so this one was not offered.".to_owned(),
            BUDGET => "The plan's budget for rates has no room for it, so it was not offered.".to_owned(),
            _ => "The product has no such rate today, so it was not offered.".to_owned(),
        },
    }
}

/// The rate of a contract in plain words.
#[must_use]
pub fn explain(effective: &EffectiveRate) -> Vec<String> {
    let mut sentences = vec![format!("The base rate is {} percent a year.", percent(effective.base_rate.decimal()))];
    sentences.extend(effective.parts.iter().map(part));
    sentences.push(format!("With that the rate is {} percent a year.", percent(effective.rate)));
    if effective.layers.len() > 1 {
        let blended = percent(effective.blended_rate);
        sentences.push(format!(
            "Over the whole amount, of which a part only is preferential, that makes {blended} percent."
        ));
    }
    sentences.push(format!("The preference is worth {}.", effective.benefit));
    sentences
}

fn part(part: &Part) -> String {
    let Part { source, bps, applied_bps, because, .. } = part;
    let (asked, counts) = (percent_of_bps(*bps), percent_of_bps(*applied_bps));
    let from = format!("The rate of {source} over {asked} percent");
    match because {
        None => format!("{from} counts in full."),
        Some(Because::Excluded) => format!("{from} does not count beside another of the customer's rates."),
        Some(Because::NotBest) => format!("{from} does not count: the customer has a better one of its kind."),
        Some(Because::TermNotCovered) => format!("{from} does not count: the contract lasts longer than it holds."),
        Some(Because::OtherMonths) => {
            format!("{from} does not count: it holds for other months than the one before it.")
        }
        Some(Because::OwnLimit) => format!("{from} counts for {counts} percent: it has reached its own limit."),
        Some(Because::ProductLimit) => format!("{from} counts for {counts} percent: the product's limit is reached."),
    }
}

/// `0.0325` as `3.25`.
fn percent(rate: Decimal) -> String {
    Exact::from(rate).times(&Exact::whole(100)).to_string()
}

/// `50` as `0.5`.
fn percent_of_bps(bps: Decimal) -> String {
    Exact::from(bps).over(&Exact::whole(100)).unwrap_or(Exact::ZERO).to_string()
}
