//! Whose database is older than it was: pure.
//!
//! A receiver knows of a sender only what the sender had committed before, and a sender has receipts only for what the receiver
//! had committed before. So whoever is behind what the other knows of him has lost something since.

use crate::deliver::Standing;

/// What a sender knows of itself, read after the receiver has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Own {
    /// The latest lease.
    pub(super) epoch: i64,
    /// The number that is given next.
    pub(super) next_sequence: i64,
    /// The highest number that it has a receipt for.
    pub(super) acknowledged: i64,
}

/// How the two stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// Neither knows more of the other than the other does.
    Level,
    /// The receiver knows of leases or numbers that the sender does not: the sender's database is older than it was.
    SenderOutdated,
    /// The receiver has forgotten what it had receipted: its database is older than it was.
    ReceiverOutdated,
}

/// The sender first: what he does not know, he cannot hold against the receiver.
pub(super) fn relation(own: Own, known: &Standing) -> Relation {
    if known.epoch > own.epoch || known.last_sequence >= own.next_sequence {
        return Relation::SenderOutdated;
    }
    if known.last_sequence < own.acknowledged {
        return Relation::ReceiverOutdated;
    }
    Relation::Level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder() {
        let own = Own { epoch: 3, next_sequence: 11, acknowledged: 8 };
        for (situation, epoch, last_sequence, expected) in [
            ("all receipts came", 3, 8, Relation::Level),
            ("some were lost on their way", 3, 10, Relation::Level),
            ("a new lease that has sent nothing", 2, 8, Relation::Level),
            ("a number that was never given", 3, 11, Relation::SenderOutdated),
            ("a lease that was never taken", 4, 8, Relation::SenderOutdated),
            ("one receipt is not remembered", 3, 7, Relation::ReceiverOutdated),
            ("nothing is remembered", 0, 0, Relation::ReceiverOutdated),
            ("a later lease and an older number", 4, 2, Relation::SenderOutdated),
        ] {
            let known = Standing { epoch, last_sequence, last_digest: Vec::new() };
            assert_eq!(relation(own, &known), expected, "{situation}");
        }
        let new = Own { epoch: 0, next_sequence: 1, acknowledged: 0 };
        assert_eq!(relation(new, &Standing::default()), Relation::Level, "they meet for the first time");
    }
}
