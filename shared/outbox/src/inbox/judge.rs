//! Whether a run of messages follows what is known of its source: pure.

use super::{Arrival, InboxRefused};
use crate::store::inbox::ReceiptRow;

/// How far a source has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The latest lease seen.
    pub(crate) epoch: i64,
    /// The last number taken.
    pub(crate) last_sequence: i64,
}

/// How many messages at the head of the run were taken before. The rules, in this order: the numbers rise by one; the lease is
/// no old one; no number is missing.
pub(super) fn judge(known: Option<&Place>, epoch: i64, run: &[Arrival]) -> Result<usize, InboxRefused> {
    let (seen, last) = known.map_or((0, 0), |place| (place.epoch, place.last_sequence));
    let Some(first) = run.first().map(|arrival| arrival.sequence) else { return Err(InboxRefused::Disordered) };
    // Not by counting on from the first: the last number that there is has none after it.
    let rising = run.windows(2).all(|pair| match pair {
        [one, next] => one.sequence.checked_add(1) == Some(next.sequence),
        _ => true,
    });
    if first < 1 || !rising {
        return Err(InboxRefused::Disordered);
    }
    if epoch < seen {
        return Err(InboxRefused::Fenced { given: epoch, known: seen });
    }
    let expected = last.saturating_add(1);
    if first > expected {
        return Err(InboxRefused::Gap { expected });
    }
    let before = usize::try_from(expected - first).unwrap_or(usize::MAX);
    Ok(before.min(run.len()))
}

/// The first number under which another message was taken, if there is one. A receipt that is not there is one too: the number
/// was taken, and nobody can say for what.
pub(super) fn conflict(stored: &[ReceiptRow], old: &[Arrival]) -> Option<InboxRefused> {
    let mut stored = stored.iter();
    old.iter().find_map(|arrival| {
        let same = stored.next().is_some_and(|row| row.sequence == arrival.sequence && row.digest == arrival.digest);
        (!same).then_some(InboxRefused::Conflict { sequence: arrival.sequence })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(sequences: impl IntoIterator<Item = i64>) -> Vec<Arrival> {
        sequences.into_iter().map(|sequence| Arrival { sequence, digest: [0; 32] }).collect()
    }

    #[test]
    fn the_ladder() {
        let at = |epoch, last_sequence| Some(Place { epoch, last_sequence });
        let gap = |expected| Err(InboxRefused::Gap { expected });
        for (situation, known, epoch, numbers, expected) in [
            ("a new source begins at 1", None, 1, run(1..=3), Ok(0)),
            ("a new source that does not", None, 1, run(2..=3), gap(1)),
            ("the next ones", at(1, 3), 1, run(4..=5), Ok(0)),
            ("all of them again", at(1, 3), 1, run(2..=3), Ok(2)),
            ("some again, some new", at(1, 3), 1, run(3..=5), Ok(1)),
            ("one is missing", at(1, 3), 1, run(5..=6), gap(4)),
            ("a later lease", at(1, 3), 2, run(4..=4), Ok(0)),
            ("an old lease", at(2, 3), 1, run(4..=4), Err(InboxRefused::Fenced { given: 1, known: 2 })),
            (
                "an old lease and a gap: the lease counts",
                at(2, 3),
                1,
                run(9..=9),
                Err(InboxRefused::Fenced { given: 1, known: 2 }),
            ),
            ("no message", at(1, 3), 1, run([]), Err(InboxRefused::Disordered)),
            ("a hole inside", at(1, 3), 1, run([4, 6]), Err(InboxRefused::Disordered)),
            ("twice the same inside", at(1, 3), 1, run([4, 4]), Err(InboxRefused::Disordered)),
            ("from 0", None, 1, run(0..=1), Err(InboxRefused::Disordered)),
            ("the last number that there is", at(1, 3), 1, run([i64::MAX]), gap(4)),
            ("beyond it", at(1, 3), 1, run([i64::MAX, i64::MIN]), Err(InboxRefused::Disordered)),
        ] {
            assert_eq!(judge(known.as_ref(), epoch, &numbers), expected, "{situation}");
        }
    }
}
