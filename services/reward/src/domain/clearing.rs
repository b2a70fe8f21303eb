//! Clearing: what it holds must be explained by payouts whose outcome is unknown, and none of them may wait for ever.

use super::outcome::Status;
use handsel_money::{Currency, Money, Timestamp};
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

super::codes! {
    /// What is wrong.
    pub enum Kind {
        /// The account holds another amount than its open payouts come to.
        Unexplained = "UNEXPLAINED",
        /// A payout has been open for too long.
        Overdue = "OVERDUE",
    }
}

/// One payout in clearing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The reward that is being paid.
    pub reward: Uuid,
    /// Its plan.
    pub plan: String,
    /// Number of the attempt.
    pub attempt: i64,
    /// What the bank knows it by.
    pub end_to_end_id: String,
    /// How much of clearing it explains.
    pub amount: Money,
    /// What is known of it.
    pub status: Status,
    /// When it was decided.
    pub instructed_at: Timestamp,
    /// When it was first handed out.
    pub first_sent_at: Option<Timestamp>,
}

/// Clearing of one plan in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the account holds: above 0 where money is on its way.
    pub balance: Money,
    /// What its open payouts come to.
    pub explained: Money,
    /// Since when the oldest of them waits; none are open.
    pub oldest: Option<Timestamp>,
}

/// Something that people must look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What is wrong.
    pub kind: Kind,
    /// With which plan's clearing.
    pub plan: String,
    /// What the account holds.
    pub balance: Money,
    /// What its open payouts come to.
    pub explained: Money,
}

impl Alarm {
    /// What identifies it while it is up.
    pub fn key(&self) -> (Kind, &str, Currency) {
        (self.kind, &self.plan, self.balance.currency())
    }
}

/// By plan and currency.
pub type Look = BTreeMap<(String, Currency), Standing>;

/// Everything wrong with clearing at an instant: unexplained before overdue, by plan.
pub fn wrong(look: &Look, limit: Duration, now: Timestamp) -> Vec<Alarm> {
    let of = |kind, at: &(String, Currency), standing: &Standing| Alarm {
        kind,
        plan: at.0.clone(),
        balance: standing.balance,
        explained: standing.explained,
    };
    let unexplained = look.iter().filter(|(_, standing)| standing.balance != standing.explained);
    let waits_too_long = |standing: &Standing| standing.oldest.is_some_and(|since| now.saturating_since(since) > limit);
    let overdue = look.iter().filter(|(_, standing)| waits_too_long(standing));
    let unexplained = unexplained.map(|(at, standing)| of(Kind::Unexplained, at, standing));
    unexplained.chain(overdue.map(|(at, standing)| of(Kind::Overdue, at, standing))).collect()
}

/// Which of the alarms found go up now, and which of those up come down.
pub fn changes<'a, 'b>(found: &'a [Alarm], up: &'b [Alarm]) -> (Vec<&'a Alarm>, Vec<&'b Alarm>) {
    let among = |alarm: &Alarm, others: &[Alarm]| others.iter().any(|other| other.key() == alarm.key());
    let rise = found.iter().filter(|alarm| !among(alarm, up)).collect();
    let fall = up.iter().filter(|alarm| !among(alarm, found)).collect();
    (rise, fall)
}
