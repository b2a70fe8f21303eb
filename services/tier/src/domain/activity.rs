//! One activity of a customer, and whether it is taken.

use handsel_money::{Money, Timestamp};
use std::time::Duration;

/// How far ahead of our clock a source's may be.
const AHEAD: Duration = Duration::from_secs(5 * 60);

/// One transaction of a customer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Activity {
    /// Unique at its source, for ever.
    pub(crate) id: String,
    /// `customers/{customer}`.
    pub(crate) customer: String,
    /// 0 or more.
    pub(crate) amount: Money,
    pub(crate) occurred_at: Timestamp,
}

/// Why an activity cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Untakeable {
    /// A reason of `proto/README.md`.
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Applied,
    /// Taken before, with the same content.
    Duplicate,
    Refused(Untakeable),
}

/// Decides on one activity; `known` is what was taken under its id before.
pub(crate) fn decide(activity: &Activity, known: Option<&Activity>, now: Timestamp) -> Outcome {
    let refused = |reason, detail: &str| Outcome::Refused(Untakeable { reason, detail: detail.to_owned() });
    if let Some(known) = known {
        return if known == activity {
            Outcome::Duplicate
        } else {
            refused("ACTIVITY_ID_REUSED", "activity_id was used before for other content")
        };
    }
    if activity.amount.is_negative() {
        return refused("FIELD_INVALID", "amount: must be 0 or more");
    }
    if now.checked_add(AHEAD).is_some_and(|limit| activity.occurred_at > limit) {
        return refused("FUTURE_TIME", "occur_time: lies more than five minutes ahead");
    }
    Outcome::Applied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_table() {
        let now: Timestamp = "2025-06-01T12:00:00.000000Z".parse().unwrap();
        let at = |seconds: i64| Timestamp::from_micros(now.as_micros() + seconds * 1_000_000);
        let one = |minor, occurred_at| Activity {
            id: "A1".to_owned(),
            customer: "customers/1".to_owned(),
            amount: Money::new("CZK".parse().unwrap(), minor),
            occurred_at,
        };
        let reason = |outcome| match outcome {
            Outcome::Refused(Untakeable { reason, .. }) => reason,
            Outcome::Applied => "applied",
            Outcome::Duplicate => "duplicate",
        };
        let known = one(5, now);
        for (activity, known, expected) in [
            (one(5, now), None, "applied"),
            (one(0, now), None, "applied"),
            (one(i64::MAX, now), None, "applied"),
            (one(5, Timestamp::MIN), None, "applied"),
            (one(5, at(300)), None, "applied"),
            (one(5, at(301)), None, "FUTURE_TIME"),
            (one(-1, now), None, "FIELD_INVALID"),
            (one(-1, at(301)), None, "FIELD_INVALID"),
            (one(5, now), Some(&known), "duplicate"),
            (one(6, now), Some(&known), "ACTIVITY_ID_REUSED"),
            (one(-1, now), Some(&known), "ACTIVITY_ID_REUSED"),
            (one(5, at(1)), Some(&known), "ACTIVITY_ID_REUSED"),
        ] {
            assert_eq!(reason(decide(&activity, known, now)), expected, "{activity:?}");
        }
    }
}
