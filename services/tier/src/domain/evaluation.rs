//! One evaluation of every customer: whether it may begin, what it goes by, how far it is.

use super::policy::{Policy, State};
use super::refusal::Refusal;
use super::scoring::CutOffs;
use handsel_money::Timestamp;
use std::time::Duration;

const SECONDS_PER_DAY: u64 = 86_400;

/// An evaluation under way or finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evaluation {
    /// The policy's id.
    pub(crate) policy: String,
    /// By what had happened before this instant; the tiers hold from it on.
    pub(crate) as_of: Timestamp,
    /// Fixed when it began: all customers are scored by them.
    pub(crate) cut_offs: CutOffs,
    /// Customers known when it began.
    pub(crate) total: i64,
    pub(crate) evaluated: i64,
    pub(crate) changed: i64,
    /// The last customer evaluated; empty before the first.
    pub(crate) reached: String,
}

/// Others that stand in the way of a new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Others {
    /// Whether there is one as of the same instant or a later one.
    pub(crate) same_or_later: bool,
    /// The one that has not ended: its policy's id and its instant.
    pub(crate) unfinished: Option<(String, Timestamp)>,
}

/// Whether this policy may evaluate anything as of this instant.
pub(crate) fn may_evaluate(policy: &Policy, as_of: Timestamp, now: Timestamp) -> Result<(), Refusal> {
    if policy.state != State::Active {
        return Err(Refusal::StateConflict("a draft"));
    }
    if as_of > now {
        return Err(Refusal::FutureTime("as_of_time"));
    }
    Ok(())
}

/// Whether a new evaluation may begin. Tiers are dated forward only, and one evaluation ends before the next begins: else a
/// customer's later tier could be written, and told, before his earlier one.
pub(crate) fn may_begin(others: Others) -> Result<(), Refusal> {
    if others.same_or_later {
        return Err(Refusal::EvaluatedLater);
    }
    match others.unfinished {
        Some((policy, as_of)) => Err(Refusal::EvaluationUnfinished { policy, as_of }),
        None => Ok(()),
    }
}

/// The first instant of the window that ends at another.
pub(crate) fn window_start(window_days: u32, as_of: Timestamp) -> Timestamp {
    let window = Duration::from_secs(u64::from(window_days).saturating_mul(SECONDS_PER_DAY));
    as_of.checked_sub(window).unwrap_or(Timestamp::MIN)
}

impl Evaluation {
    /// Whether every customer has been evaluated.
    pub(crate) fn is_finished(&self) -> bool {
        self.evaluated == self.total
    }

    /// After some more customers, the last of them `reached`.
    pub(crate) fn advance(self, evaluated: i64, changed: i64, reached: String) -> Self {
        Self {
            evaluated: self.evaluated.saturating_add(evaluated),
            changed: self.changed.saturating_add(changed),
            reached,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_one_may_begin() {
        let open = || Some(("value".to_owned(), Timestamp::MIN));
        for (same_or_later, unfinished, expected) in [
            (false, None, Ok(())),
            (true, None, Err(Refusal::EvaluatedLater)),
            (true, open(), Err(Refusal::EvaluatedLater)),
            (false, open(), Err(Refusal::EvaluationUnfinished { policy: "value".to_owned(), as_of: Timestamp::MIN })),
        ] {
            let others = Others { same_or_later, unfinished };
            assert_eq!(may_begin(others.clone()), expected, "{others:?}");
        }
    }

    #[test]
    fn a_window_ends_at_the_instant_and_stays_in_the_calendar() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(window_start(31, at("2026-02-01T08:30:00.000001Z")), at("2026-01-01T08:30:00.000001Z"));
        assert_eq!(window_start(3_660, at("0005-01-01T00:00:00.000000Z")), Timestamp::MIN);
    }
}
