//! What the log takes of what a source hands in: two ladders, for the call and for each new statement in it. Their order is part
//! of the contract: the first rule broken is the one that is named.

use crate::tlog::{Hash, body_digest};
use thiserror::Error;

/// The log's own source: heartbeats, conflicts, quarantines, readings. Nobody else may speak in its name.
pub(crate) const OWN_SOURCE: &str = "audit/audit";
/// Bytes of a body's salt.
const SALT_BYTES: usize = 32;

/// What the log knows of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    /// The latest lease it came under; 0: it never came.
    pub(crate) epoch: i64,
    /// Its last statement's number; 0: it has none.
    pub(crate) last_sequence: i64,
    /// That statement's digest, which the next one carries as `prev`; zeros if there is none.
    pub(crate) last_digest: Hash,
}

/// One call: a run of statements from one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// Whose they are.
    pub(crate) source: String,
    /// The lease under which it sends.
    pub(crate) epoch: i64,
    /// At least one.
    pub(crate) statements: Vec<Presented>,
}

/// A statement as it was handed in, read as far as it can be without the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Presented {
    /// The number it was sent under.
    pub(crate) sequence: i64,
    /// Exactly as it came.
    pub(crate) bytes: Vec<u8>,
    /// SHA-256 of `bytes`.
    pub(crate) digest: Hash,
    /// What it says of itself; absent if it is no canonical statement.
    pub(crate) claim: Option<Claim>,
    /// Its body, if it came with one.
    pub(crate) body: Option<Body>,
}

/// What a statement says of its own place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Its source.
    pub(crate) source: String,
    /// The lease under which it was given its number.
    pub(crate) epoch: i64,
    /// Its number.
    pub(crate) sequence: i64,
    /// Digest of the statement before it.
    pub(crate) prev: Hash,
    /// What it commits to, if it has a body.
    pub(crate) body_digest: Option<Hash>,
}

/// A body and the salt in its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    /// As it came.
    pub(crate) content: Vec<u8>,
    /// 32 bytes.
    pub(crate) salt: Vec<u8>,
}

/// Why a call is not taken. Nothing of it was, and nothing will be until it is sent differently.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    /// The source is the log's own.
    #[error("{OWN_SOURCE} is the log's own source")]
    SourceReserved,
    /// Sequences do not rise by one from statement to statement.
    #[error("the statements' sequences do not rise by one")]
    NotConsecutive,
    /// The source has come under a later lease.
    #[error("the source has come under lease {latest} since")]
    EpochFenced {
        /// The latest.
        latest: i64,
    },
    /// Statements are missing before the first.
    #[error("statement {expected} is expected next")]
    SequenceGap {
        /// The number expected.
        expected: i64,
    },
    /// The number was taken before by other bytes. A leaf says so.
    #[error("statement {sequence} was taken before with other bytes")]
    StatementConflict {
        /// The number.
        sequence: i64,
    },
    /// Another replica writes the log.
    #[error("another replica writes the log at the moment")]
    SequencerElsewhere,
    /// Something was found that nobody may append over.
    #[error("the log is frozen by what was found, until two people resume")]
    Frozen,
}

/// Why a statement can never be taken as it is. A quarantine fills its place, so that its source can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Not canonical JSON of a statement's fields.
    NotAStatement,
    /// It names another source.
    SourceDiffers,
    /// It names another number.
    SequenceDiffers,
    /// It was numbered under a lease later than the sender's.
    EpochAhead,
    /// It does not follow from the statement before it.
    PrevDiffers,
    /// The body is not the one it commits to.
    BodyDiffers,
}

impl Unfit {
    /// The code that the quarantine leaf carries as its reason.
    #[must_use]
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NotAStatement => "NOT_A_STATEMENT",
            Self::SourceDiffers => "SOURCE_DIFFERS",
            Self::SequenceDiffers => "SEQUENCE_DIFFERS",
            Self::EpochAhead => "EPOCH_AHEAD",
            Self::PrevDiffers => "PREV_DIFFERS",
            Self::BodyDiffers => "BODY_DIFFERS",
        }
    }
}

impl Call {
    /// Checks what needs no log.
    ///
    /// # Errors
    /// `SourceReserved`, `NotConsecutive`.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.source == OWN_SOURCE {
            return Err(Refusal::SourceReserved);
        }
        let follows = |pair: &[Presented]| matches!(pair, [a, b] if a.sequence.checked_add(1) == Some(b.sequence));
        if self.statements.is_empty() || !self.statements.windows(2).all(follows) {
            return Err(Refusal::NotConsecutive);
        }
        Ok(())
    }

    /// Checks the call against what is known of its source. What was taken before is compared by the caller, who knows where it
    /// lies: see [`Refusal::StatementConflict`], the last rung.
    ///
    /// # Errors
    /// `EpochFenced`, `SequenceGap`.
    pub(crate) fn admit(&self, source: &Source) -> Result<(), Refusal> {
        if self.epoch < source.epoch {
            return Err(Refusal::EpochFenced { latest: source.epoch });
        }
        let expected = source.last_sequence.saturating_add(1);
        if self.statements.first().is_some_and(|first| first.sequence > expected) {
            return Err(Refusal::SequenceGap { expected });
        }
        Ok(())
    }
}

impl Presented {
    /// Whether a new statement may be sealed as it is, sent in `call`'s name to follow `source`'s last.
    ///
    /// # Errors
    /// [`Unfit`]: the first rule broken.
    pub(crate) fn fit(&self, call: &Call, source: &Source) -> Result<(), Unfit> {
        let claim = self.claim.as_ref().ok_or(Unfit::NotAStatement)?;
        if claim.source != call.source {
            return Err(Unfit::SourceDiffers);
        }
        if claim.sequence != self.sequence {
            return Err(Unfit::SequenceDiffers);
        }
        // Earlier is right: a relay that takes over sends on what its predecessor had numbered.
        if claim.epoch > call.epoch {
            return Err(Unfit::EpochAhead);
        }
        if claim.prev != source.last_digest {
            return Err(Unfit::PrevDiffers);
        }
        let committed = match &self.body {
            None => claim.body_digest.is_none(),
            Some(body) => {
                body.salt.len() == SALT_BYTES && claim.body_digest == Some(body_digest(&body.salt, &body.content))
            }
        };
        if committed { Ok(()) } else { Err(Unfit::BodyDiffers) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(sequence: i64) -> Presented {
        let claim = Claim {
            source: "referral/audit".to_owned(),
            epoch: 3,
            sequence,
            prev: Hash::of(b"last"),
            body_digest: Some(body_digest(&[9; 32], b"{}")),
        };
        let body = Body { content: b"{}".to_vec(), salt: vec![9; 32] };
        Presented { sequence, bytes: vec![], digest: Hash::of(b""), claim: Some(claim), body: Some(body) }
    }

    fn call(sequences: &[i64]) -> Call {
        let statements = sequences.iter().map(|sequence| presented(*sequence)).collect();
        Call { source: "referral/audit".to_owned(), epoch: 3, statements }
    }

    const SOURCE: fn() -> Source = || Source { epoch: 3, last_sequence: 5, last_digest: Hash::of(b"last") };

    #[test]
    fn a_call_is_refused_by_the_first_rule_it_breaks() {
        let reserved = Call { source: OWN_SOURCE.to_owned(), ..call(&[1, 3]) };
        assert_eq!(reserved.check(), Err(Refusal::SourceReserved));
        for sequences in [&[][..], &[1, 3], &[2, 1], &[1, 1]] {
            assert_eq!(call(sequences).check(), Err(Refusal::NotConsecutive), "{sequences:?}");
        }
        assert_eq!(call(&[6, 7]).check(), Ok(()));

        let stale = Call { epoch: 2, ..call(&[9]) };
        assert_eq!(stale.admit(&SOURCE()), Err(Refusal::EpochFenced { latest: 3 }));
        assert_eq!(call(&[7]).admit(&SOURCE()), Err(Refusal::SequenceGap { expected: 6 }));
        assert_eq!(call(&[4, 5, 6]).admit(&SOURCE()), Ok(()));
        assert_eq!(Call { epoch: 4, ..call(&[6]) }.admit(&SOURCE()), Ok(()));
    }

    #[test]
    fn a_statement_is_unfit_by_the_first_rule_it_breaks() {
        type Spoil = fn(&mut Presented, &mut Claim);
        let table: [(Spoil, Result<(), Unfit>); 9] = [
            (|_, _| {}, Ok(())),
            (|_, claim| claim.epoch = 1, Ok(())),
            (|_, claim| claim.source = "reward/audit".to_owned(), Err(Unfit::SourceDiffers)),
            (|_, claim| claim.sequence = 7, Err(Unfit::SequenceDiffers)),
            (|_, claim| claim.epoch = 4, Err(Unfit::EpochAhead)),
            (|_, claim| claim.prev = Hash::of(b"another"), Err(Unfit::PrevDiffers)),
            (|given, _| given.body = None, Err(Unfit::BodyDiffers)),
            (|_, claim| claim.body_digest = None, Err(Unfit::BodyDiffers)),
            (|given, _| given.body.as_mut().unwrap().salt.push(0), Err(Unfit::BodyDiffers)),
        ];
        for (row, (spoil, expected)) in table.into_iter().enumerate() {
            let mut given = presented(6);
            let mut claim = given.claim.take().unwrap();
            spoil(&mut given, &mut claim);
            given.claim = Some(claim);
            assert_eq!(given.fit(&call(&[6]), &SOURCE()), expected, "row {row}");
        }
        let unreadable = Presented { claim: None, ..presented(6) };
        assert_eq!(unreadable.fit(&call(&[6]), &SOURCE()), Err(Unfit::NotAStatement));
    }
}
