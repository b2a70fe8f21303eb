//! Who writes the log: one holder at a time, by a lease that ends by the database's own clock.

/// The lease as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Who holds it; empty: nobody yet.
    pub(crate) holder: String,
    /// Rises with every take-over.
    pub(crate) epoch: i64,
    /// When it ends, in milliseconds since 1970.
    pub(crate) expires_millis: i64,
}

/// Whether another living process may hold the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peers {
    /// Replicas share the database.
    Possible,
    /// The database is one process's own (its folder is locked), so another holder is one that has died.
    Excluded,
}

/// What a writer does about the lease before it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Writes: the lease is its own for long enough.
    Write {
        /// Under this epoch.
        epoch: i64,
    },
    /// Records the lease with a new end first: its own, or one it takes over with the next epoch.
    Record {
        /// Under this epoch.
        epoch: i64,
        /// The new end.
        expires_millis: i64,
    },
    /// Does not write: another holds it.
    Yield,
}

/// What `me` does at `now_millis`, where a lease lasts `term_millis` of the database's clock. Its own lease is good even when it has run out, as long as nobody took it over: the row is
/// locked while it is read. It is renewed in its second half, so that a busy writer records it seldom.
#[must_use]
pub(crate) fn step(lease: &Lease, me: &str, now_millis: i64, term_millis: i64, peers: Peers) -> Step {
    let expires_millis = now_millis.saturating_add(term_millis);
    if lease.holder == me {
        let fresh = lease.expires_millis.saturating_sub(now_millis) > term_millis / 2;
        return if fresh {
            Step::Write { epoch: lease.epoch }
        } else {
            Step::Record { epoch: lease.epoch, expires_millis }
        };
    }
    if lease.expires_millis > now_millis && peers == Peers::Possible {
        return Step::Yield;
    }
    Step::Record { epoch: lease.epoch.saturating_add(1), expires_millis }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERM_MILLIS: i64 = 5_000;

    #[test]
    fn one_writes_and_the_others_wait_until_it_has_gone() {
        let lease = |holder: &str, expires_millis| Lease { holder: holder.to_owned(), epoch: 7, expires_millis };
        let record = |epoch| Step::Record { epoch, expires_millis: 1_000 + TERM_MILLIS };
        let table = [
            ("nobody has it", lease("", 0), Peers::Possible, record(8)),
            ("mine, fresh", lease("me", 1_000 + TERM_MILLIS), Peers::Possible, Step::Write { epoch: 7 }),
            ("mine, half over", lease("me", 1_000 + TERM_MILLIS / 2), Peers::Possible, record(7)),
            ("mine, run out, not taken", lease("me", 10), Peers::Possible, record(7)),
            ("another's", lease("you", 1_001), Peers::Possible, Step::Yield),
            ("another's, run out", lease("you", 1_000), Peers::Possible, record(8)),
            ("a dead process's", lease("you", 9_999), Peers::Excluded, record(8)),
        ];
        for (what, lease, peers, expected) in table {
            assert_eq!(step(&lease, "me", 1_000, TERM_MILLIS, peers), expected, "{what}");
        }
    }
}
