//! A case: what an officer looks into, with the records, findings and notes that he puts there, until it is closed with an outcome.

use super::{hold::Step, refused::Refused};
use uuid::Uuid;

/// Where a case stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is looked into.
    Open,
    /// It is over.
    Closed {
        /// What came of it: a code of the bank's own.
        outcome: String,
        /// Who closed it, and when.
        closed: Step,
    },
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// Its name.
    pub(crate) id: Uuid,
    /// What it is about: a code of the bank's own.
    pub(crate) reason: String,
    /// Who opened it, and when.
    pub(crate) opened: Step,
    /// The record of that.
    pub(crate) index: i64,
    /// Where it stands.
    pub(crate) state: State,
    /// What was put into it, counted.
    pub(crate) entries: i64,
    /// Holds of it that are not released.
    pub(crate) holds: i64,
}

/// What is put into a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// Records of the log.
    Records {
        /// The first.
        first: u64,
        /// The one behind the last.
        end: u64,
    },
    /// Something found wrong with the log, by its number.
    Finding(i64),
    /// Prose. It lies in the body of its own record and nowhere else, so whoever reads it reads what was sealed.
    Note,
}

/// Something that was put into a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Counts from 1.
    pub(crate) number: i64,
    /// What.
    pub(crate) item: Item,
    /// By whom, and when.
    pub(crate) added: Step,
    /// The record of that.
    pub(crate) index: i64,
}

impl Case {
    /// Its resource name.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        format!("cases/{}", self.id)
    }

    /// Changes whenever the case does.
    #[must_use]
    pub(crate) fn etag(&self) -> String {
        match self.state {
            State::Open => self.entries.to_string(),
            State::Closed { .. } => format!("{}-closed", self.entries),
        }
    }

    /// The number of what is put into it next.
    ///
    /// # Errors
    /// `StateConflict` once it is closed.
    pub(crate) fn add(&self) -> Result<i64, Refused> {
        match self.state {
            State::Open => Ok(self.entries.saturating_add(1)),
            State::Closed { .. } => Err(self.is_closed()),
        }
    }

    /// A hold belongs to it from now on.
    ///
    /// # Errors
    /// `StateConflict` once it is closed.
    pub(crate) fn hold(&self) -> Result<(), Refused> {
        self.add().map(|_| ())
    }

    /// Closes it.
    ///
    /// # Errors
    /// In this order: `EtagMismatch`, `StateConflict` once it is closed, or while a hold of it is in force: nobody would know any more
    /// what for.
    pub(crate) fn close(self, etag: &str, outcome: String, step: Step) -> Result<Self, Refused> {
        if !etag.is_empty() && etag != self.etag() {
            return Err(Refused::EtagMismatch(self.name()));
        }
        match self.state {
            State::Closed { .. } => Err(self.is_closed()),
            State::Open if self.holds > 0 => Err(Refused::StateConflict(self.name(), "has holds that are in force")),
            State::Open => Ok(Self { state: State::Closed { outcome, closed: step }, ..self }),
        }
    }

    fn is_closed(&self) -> Refused {
        Refused::StateConflict(self.name(), "is closed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use handsel_money::Timestamp;

    fn case(entries: i64, holds: i64) -> Case {
        Case {
            id: Uuid::nil(),
            reason: "SUSPECTED_COLLUSION".to_owned(),
            opened: step(),
            index: 7,
            state: State::Open,
            entries,
            holds,
        }
    }

    fn step() -> Step {
        Step { by: "olga".to_owned(), at: Timestamp::MIN }
    }

    #[test]
    fn a_case_is_closed_once_and_takes_nothing_after_it() {
        let name = case(0, 0).name();
        let conflict = |why| Err(Refused::StateConflict(name.clone(), why));
        let close = |case: Case, etag: &str| case.close(etag, "UNFOUNDED".to_owned(), step()).map(|_| ());
        assert_eq!(close(case(3, 0), "2"), Err(Refused::EtagMismatch(name.clone())));
        assert_eq!(close(case(3, 1), "3"), conflict("has holds that are in force"));
        let closed = case(3, 0).close("3", "UNFOUNDED".to_owned(), step()).unwrap();
        assert_eq!(closed.etag(), "3-closed");
        assert_eq!(closed.add().map(|_| ()), conflict("is closed"));
        assert_eq!(closed.hold(), conflict("is closed"));
        assert_eq!(close(closed, ""), conflict("is closed"));
        assert_eq!(case(3, 0).add(), Ok(4));
    }
}
