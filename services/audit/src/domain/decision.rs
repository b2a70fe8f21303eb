//! What people may decide about a finding: one acknowledges it, two resume over one that froze the log.

use super::violation::{Consequence, Violation};
use handsel_money::Timestamp;
use thiserror::Error;

/// People who must say that the log may go on.
const RESUMING: usize = 2;
/// People who must say that they know of a finding.
const ACKNOWLEDGING: usize = 1;

/// Something found, and what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Counts from 1.
    pub(crate) number: i64,
    /// What is wrong.
    pub(crate) violation: Violation,
    /// When it was first found.
    pub(crate) found_at: Timestamp,
    /// In order.
    pub(crate) decisions: Vec<Decided>,
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decided {
    /// Who.
    pub(crate) person: String,
    /// Why.
    pub(crate) comment: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// What a person asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has been looked into.
    Acknowledge,
    /// The log may go on over it.
    Resume,
}

/// What becomes of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The person has said so before: nothing is written.
    Said,
    /// It is written down; another person is waited for.
    Waits,
    /// It is written down, and the finding is settled.
    Settles,
}

/// Why a decision is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum NotDecided {
    /// There is no such finding.
    #[error("there is no such finding")]
    NoSuchFinding,
    /// It froze the log, and is resumed over by two people.
    #[error("it froze the log: two people resume over it")]
    Freezes,
    /// It froze nothing, and is acknowledged.
    #[error("it did not freeze the log: it is acknowledged")]
    FreezesNothing,
    /// Others have settled it.
    #[error("others have settled it")]
    Settled,
    /// Another finding has frozen the log, so that nothing can be recorded.
    #[error("the log is frozen, so that nothing can be recorded in it")]
    Frozen,
    /// Another replica writes the log.
    #[error("another replica writes the log at the moment")]
    Elsewhere,
}

impl Finding {
    /// Whether nothing is appended until people resume.
    #[must_use]
    pub(crate) fn freezes(&self) -> bool {
        self.violation.kind.consequence() == Consequence::Freeze
    }

    /// Whether nobody needs to do anything any more.
    #[must_use]
    pub(crate) fn is_settled(&self) -> bool {
        self.decisions.len() >= self.needed()
    }

    fn needed(&self) -> usize {
        if self.freezes() { RESUMING } else { ACKNOWLEDGING }
    }

    /// What a person's verdict comes to.
    ///
    /// # Errors
    /// `Freezes` or `FreezesNothing` for the wrong verdict, then `Settled`.
    pub(crate) fn decide(&self, verdict: Verdict, person: &str) -> Result<Step, NotDecided> {
        match verdict {
            Verdict::Acknowledge if self.freezes() => return Err(NotDecided::Freezes),
            Verdict::Resume if !self.freezes() => return Err(NotDecided::FreezesNothing),
            Verdict::Acknowledge | Verdict::Resume => {}
        }
        if self.decisions.iter().any(|decided| decided.person == person) {
            return Ok(Step::Said);
        }
        if self.is_settled() {
            return Err(NotDecided::Settled);
        }
        let after = self.decisions.len().saturating_add(1);
        Ok(if after >= self.needed() { Step::Settles } else { Step::Waits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::violation::Kind;

    #[test]
    fn one_acknowledges_and_two_resume() {
        let finding = |kind, people: &[&str]| Finding {
            number: 1,
            violation: Violation::new(kind, "here".to_owned(), "a", "b"),
            found_at: Timestamp::MIN,
            decisions: people
                .iter()
                .map(|person| Decided { person: (*person).to_owned(), comment: "so".to_owned(), at: Timestamp::MIN })
                .collect(),
        };
        use {Kind::*, NotDecided::*, Step::*, Verdict::*};
        let table = [
            (Fork, &[][..], Resume, "olga", Ok(Waits)),
            (Fork, &["olga"], Resume, "olga", Ok(Said)),
            (Fork, &["olga"], Resume, "karel", Ok(Settles)),
            (Fork, &["olga", "karel"], Resume, "karel", Ok(Said)),
            (Fork, &["olga", "karel"], Resume, "jana", Err(Settled)),
            (Fork, &[], Acknowledge, "olga", Err(Freezes)),
            (ClockFault, &[], Acknowledge, "olga", Ok(Settles)),
            (ClockFault, &["olga"], Acknowledge, "olga", Ok(Said)),
            (ClockFault, &["olga"], Acknowledge, "karel", Err(Settled)),
            (ClockFault, &[], Resume, "olga", Err(FreezesNothing)),
        ];
        for (kind, people, verdict, person, expected) in table {
            assert_eq!(
                finding(kind, people).decide(verdict, person),
                expected,
                "{kind:?} {people:?} {verdict:?} {person}"
            );
        }
    }
}
