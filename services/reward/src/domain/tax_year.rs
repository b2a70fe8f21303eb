//! What a beneficiary has been paid in a calendar year, read from the journal: a reward's lines say how much of it he has had so far, and
//! what has changed since the last look is an entry.

use super::{calculation::error::CalculationError, ledger::Event, refusal::Refusal};
use handsel_money::{Currency, Money, Timestamp, Zone};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How much of a reward its beneficiary has had, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Had {
    /// What he received, or what was netted with what he owed.
    pub net: i64,
    /// The tax on that.
    pub tax: i64,
}

/// Sums of a reward's lines by event, in minor units.
pub type Sums = BTreeMap<Event, i64>;

/// What a reward's lines say that its beneficiary has had. While a part of it is paid, the tax follows in proportion, rounded down; with
/// the last of it all of the tax.
pub fn had(sums: &Sums) -> Had {
    let sum = |events: &[Event]| -> i64 {
        let of = |event: &Event| sums.get(event).copied().unwrap_or_default();
        events.iter().map(of).fold(0, i64::saturating_add)
    };
    let paid = sum(&[Event::Settlement, Event::Delivery, Event::LateSettlement, Event::LateDelivery, Event::Netting]);
    let back = sum(&[Event::FundsReturned, Event::DeliveryReturned, Event::Claim]);
    let net = paid.saturating_sub(back);
    let accrued = sum(&[Event::Accrual]).saturating_sub(sum(&[Event::Reversal]));
    let tax = sum(&[Event::AccrualTax]).saturating_sub(sum(&[Event::ReversalTax]));
    let wide = i128::from(tax).saturating_mul(i128::from(net)).checked_div(i128::from(accrued)).unwrap_or_default();
    Had { net, tax: i64::try_from(wide).unwrap_or(tax) }
}

/// What is to be known of a reward.
#[derive(Clone, Debug)]
pub struct Paid {
    /// The reward.
    pub reward: Uuid,
    /// Whose.
    pub beneficiary: String,
    /// Its plan.
    pub plan: String,
    /// The profile of the plan.
    pub jurisdiction: String,
    /// The plan's time zone.
    pub zone: Zone,
    /// The plan's threshold.
    pub threshold: Option<Money>,
    /// Of the reward.
    pub currency: Currency,
    /// Whether the tax was part of the reward; else the bank bore it on top.
    pub withheld: bool,
    /// When the beneficiary had it.
    pub at: Timestamp,
    /// What its lines say now.
    pub had: Had,
    /// What entries say of it already.
    pub told: Had,
    /// The year of the last payout that an entry told of.
    pub paid_in: Option<i64>,
    /// The last of its lines.
    pub ordinal: i64,
}

/// A year of a beneficiary: beneficiary, year, jurisdiction, currency.
pub type YearKey = (String, i64, String, Currency);

/// The total of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// Rewards before tax.
    pub reward: Money,
    /// The tax on them.
    pub tax: Money,
    /// What was received.
    pub net: Money,
    /// The payout with which the year first exceeded a threshold.
    pub flag: Option<Flag>,
}

/// The payout with which a year first exceeded a threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The reward paid.
    pub reward: Uuid,
    /// The threshold of its plan.
    pub threshold: Money,
    /// When it was paid.
    pub at: Timestamp,
}

/// A payout, or what of it came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The last line it rests on.
    pub ordinal: i64,
    /// The reward.
    pub reward_id: Uuid,
    /// Its plan.
    pub plan: String,
    /// Whose it is, and in which year it counts.
    pub year: YearKey,
    /// The reward before tax; below 0 where it came back.
    pub reward: Money,
    /// The tax.
    pub tax: Money,
    /// What was received.
    pub net: Money,
    /// Whether the year first exceeded the threshold with it.
    pub flagged: bool,
    /// When.
    pub at: Timestamp,
}

/// Adds what a reward's lines say to its year; nothing where they say nothing new. What comes back lowers the year in which it was
/// paid, and takes no flag away (specification §5).
///
/// # Errors
/// [`Refusal::OutOfRange`] for a total beyond what money holds.
pub fn take(paid: &Paid, totals: &mut BTreeMap<YearKey, Total>) -> Result<Option<Entry>, Refusal> {
    let net = paid.had.net.saturating_sub(paid.told.net);
    let tax = paid.had.tax.saturating_sub(paid.told.tax);
    if net == 0 && tax == 0 {
        return Ok(None);
    }
    let now = paid.at.date_in(&paid.zone).year();
    let year = if net < 0 { paid.paid_in.unwrap_or(now) } else { now };
    let reward = if paid.withheld { net.saturating_add(tax) } else { net };
    let key = (paid.beneficiary.clone(), year, paid.jurisdiction.clone(), paid.currency);
    let money = |minor| Money::new(paid.currency, minor);
    let nothing = Total { reward: money(0), tax: money(0), net: money(0), flag: None };
    let before = totals.get(&key).cloned().unwrap_or(nothing);
    let add = |total: Money, part: i64| {
        total
            .checked_add(money(part))
            .map_err(CalculationError::from)
            .map_err(|_| Refusal::OutOfRange("a year's total"))
    };
    let mut after = Total {
        reward: add(before.reward, reward)?,
        tax: add(before.tax, tax)?,
        net: add(before.net, net)?,
        flag: before.flag,
    };
    let exceeded = paid.threshold.filter(|threshold| reward > 0 && after.reward.minor() > threshold.minor());
    let flagged = after.flag.is_none() && exceeded.is_some();
    if let (true, Some(threshold)) = (flagged, exceeded) {
        after.flag = Some(Flag { reward: paid.reward, threshold, at: paid.at });
    }
    totals.insert(key.clone(), after);
    Ok(Some(Entry {
        ordinal: paid.ordinal,
        reward_id: paid.reward,
        plan: paid.plan.clone(),
        year: key,
        reward: money(reward),
        tax: money(tax),
        net: money(net),
        flagged,
        at: paid.at,
    }))
}
