//! What is found where the log is not what it should be: typed, so that one who rewrites history is told from a clock that is
//! wrong.

use crate::tlog::Hash;
use std::fmt;

/// What is wrong. Each says who may have done it, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A record's bytes, or the hash kept beside them, are not those that the tree was made of.
    LeafTampered,
    /// A record that the head covers is not there.
    LeafMissing,
    /// There is something beyond the newest head: a head was removed, or records were put in past the sequencer.
    LeafBeyond,
    /// A body is not the one that its statement commits to.
    BodyTampered,
    /// A body that a statement commits to is not there.
    BodyMissing,
    /// A tile is not what its leaves make, or is not there.
    TileTampered,
    /// A head says another root than its leaves give.
    RootMismatch,
    /// What stands beside a head's root is not what its leaves and the heads before it say.
    HeadTampered,
    /// A checkpoint is not one that the log's key signed for its head.
    CheckpointForged,
    /// A cosignature is not one that its witness made of its checkpoint.
    CosignatureForged,
    /// Our key has signed a tree that is not the beginning of this log: history was rewritten, or two are shown.
    Fork,
    /// Our key has signed a larger tree than this log has: its end was cut off, or it was restored from before.
    Rollback,
    /// The index of what each source handed in, or what tables keep of cases, holds, releases, answers, reconciliations, clearances and
    /// prunes, does not say what the leaves say.
    IndexTampered,
    /// A source's statements in the log do not follow each other.
    SequenceBroken,
    /// A source goes on beyond what the log has of it: lost in its outbox, or cut off the log.
    StatementsLost,
    /// Something is dated before what it follows, or beyond what clocks may differ by.
    ClockFault,
    /// What the log says was paid is not what the ledger says.
    LedgerMismatch,
}

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// Nothing is appended or signed until two people say so.
    Freeze,
    /// The record is handed out without its body; appends go on.
    Quarantine,
    /// People are told; everything goes on.
    Alarm,
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// What is wrong.
    pub(crate) kind: Kind,
    /// With which record, where it is about one.
    pub(crate) index: Option<i64>,
    /// What should be there.
    pub(crate) expected: String,
    /// What is.
    pub(crate) actual: String,
    /// Signed notes that contradict it, or each other.
    pub(crate) checkpoints: Vec<String>,
    /// Where it was seen.
    pub(crate) place: String,
}

/// A hash, a number or an instant as a finding tells it.
#[derive(Debug)]
pub(crate) struct Told(String);

impl<T: fmt::Display> From<T> for Told {
    fn from(what: T) -> Self {
        Self(what.to_string())
    }
}

impl Kind {
    /// What follows.
    #[must_use]
    pub(crate) fn consequence(self) -> Consequence {
        match self {
            Self::LeafTampered
            | Self::LeafMissing
            | Self::LeafBeyond
            | Self::TileTampered
            | Self::RootMismatch
            | Self::HeadTampered
            | Self::CheckpointForged
            | Self::Fork
            | Self::Rollback
            | Self::IndexTampered
            | Self::SequenceBroken => Consequence::Freeze,
            Self::BodyTampered | Self::BodyMissing => Consequence::Quarantine,
            Self::CosignatureForged | Self::StatementsLost | Self::ClockFault | Self::LedgerMismatch => {
                Consequence::Alarm
            }
        }
    }
}

impl Violation {
    /// Of a kind, seen somewhere: about no record, and with no note beside it.
    #[must_use]
    pub(crate) fn new(kind: Kind, place: String, expected: impl Into<Told>, actual: impl Into<Told>) -> Self {
        let (Told(expected), Told(actual)) = (expected.into(), actual.into());
        Self { kind, index: None, expected, actual, checkpoints: Vec::new(), place }
    }

    /// That what the log says was paid in a period is not what the ledger says, with the first transfer that differs.
    #[must_use]
    pub(crate) fn of_ledger(
        (source, from, to): (&str, &str, &str),
        ledger: &str,
        log: &str,
        first: Option<&str>,
    ) -> Self {
        let first = first.map(|transfer| format!("; transfers/{transfer}")).unwrap_or_default();
        let place = format!("{source} from {from} to {to}");
        Self::new(Kind::LedgerMismatch, place, ledger, format!("{log}{first}"))
    }

    /// The same, about a record.
    #[must_use]
    pub(crate) fn of_record(self, index: i64) -> Self {
        Self { index: Some(index), ..self }
    }

    /// The same, with notes that contradict it.
    #[must_use]
    pub(crate) fn against(self, checkpoints: Vec<String>) -> Self {
        Self { checkpoints, ..self }
    }

    /// The same thing found again has the same fingerprint: it is one finding, however often it is seen.
    #[must_use]
    pub(crate) fn fingerprint(&self) -> Hash {
        let index = self.index.map_or_else(String::new, |index| index.to_string());
        let parts = [&format!("{:?}", self.kind), &index, &self.place, &self.expected, &self.actual];
        let told: Vec<String> = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        Hash::of(told.concat().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_found_again_is_one_finding_and_anything_else_is_another() {
        let found = || Violation::new(Kind::LeafTampered, "leaf".to_owned(), "a", "b").of_record(7);
        assert_eq!(found().fingerprint(), found().against(vec!["note".to_owned()]).fingerprint());
        for other in [
            Violation { kind: Kind::LeafMissing, ..found() },
            Violation { index: Some(8), ..found() },
            Violation { index: None, ..found() },
            Violation { expected: String::new(), actual: "ab".to_owned(), ..found() },
            Violation { place: "leaf.hash".to_owned(), ..found() },
        ] {
            assert_ne!(other.fingerprint(), found().fingerprint(), "{other:?}");
        }
    }

    #[test]
    fn what_touches_the_tree_freezes_it_and_a_body_is_only_withheld() {
        assert_eq!(Kind::Fork.consequence(), Consequence::Freeze);
        assert_eq!(Kind::BodyMissing.consequence(), Consequence::Quarantine);
        assert_eq!(Kind::ClockFault.consequence(), Consequence::Alarm);
    }
}
