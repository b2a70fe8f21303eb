//! Who may send: pure.

use handsel_money::Timestamp;

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
/// would be another. A relay that starts anew remembers nothing, and waits until the lease has run out.
pub(super) fn claim(held: Option<i64>, epoch: i64, expires_at: Timestamp, now: Timestamp) -> Claim {
    if held == Some(epoch) {
        return Claim::Keep;
    }
    if now >= expires_at {
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
        for (situation, held, now, expected) in [
            ("its own", Some(7), before, Claim::Keep),
            ("its own, run out, and taken by nobody", Some(7), after, Claim::Keep),
            ("another's", Some(6), before, Claim::Standby),
            ("another's, just run out", Some(6), at, Claim::Take),
            ("a relay that starts anew", None, before, Claim::Standby),
            ("a relay that starts anew later", None, after, Claim::Take),
        ] {
            assert_eq!(claim(held, 7, at, now), expected, "{situation}");
        }
    }
}
