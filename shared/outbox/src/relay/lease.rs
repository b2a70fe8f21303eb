//! Who may send: pure.

use handsel_money::Timestamp;
use handsel_storage::Engine;

/// What a relay knows of its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    /// It starts in the only process that there is: nobody can have the lease.
    Alone,
    /// It starts anew among others, or was overtaken.
    Nothing,
    /// It took the lease under this epoch.
    Epoch(i64),
}

impl Memory {
    /// Of a relay that starts on this engine: a data folder has one process.
    pub(super) fn at_start(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Alone,
            Engine::Postgres => Self::Nothing,
        }
    }
}

/// What a relay may do with a lease that it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is its own.
    Keep,
    /// It is free: to be taken over under the next epoch.
    Take,
    /// Another has it.
    Standby,
}

/// Whoever remembers the epoch of the row has the lease, even after its time: nobody has taken it over since, or the epoch
/// would be another. A relay that starts among others remembers nothing, and waits until the lease has run out.
pub(super) fn claim(memory: Memory, epoch: i64, expires_at: Timestamp, now: Timestamp) -> Claim {
    if memory == Memory::Epoch(epoch) {
        return Claim::Keep;
    }
    if memory == Memory::Alone || now >= expires_at {
        return Claim::Take;
    }
    Claim::Standby
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder() {
        let (before, at, after) = (Timestamp::from_micros(1), Timestamp::from_micros(2), Timestamp::from_micros(3));
        for (situation, memory, now, expected) in [
            ("its own", Memory::Epoch(7), before, Claim::Keep),
            ("its own, run out, and taken by nobody", Memory::Epoch(7), after, Claim::Keep),
            ("another's", Memory::Epoch(6), before, Claim::Standby),
            ("another's, just run out", Memory::Epoch(6), at, Claim::Take),
            ("a relay that starts anew", Memory::Nothing, before, Claim::Standby),
            ("a relay that starts alone", Memory::Alone, before, Claim::Take),
            ("a relay that starts anew later", Memory::Nothing, after, Claim::Take),
        ] {
            assert_eq!(claim(memory, 7, at, now), expected, "{situation}");
        }
    }
}
