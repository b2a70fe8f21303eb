//! Writing down how far the scrubber is, so that a process that is started again goes on from there.

use crate::store;
use handsel_money::Timestamp;
use handsel_storage::{Command, Fault, Tx};

/// Writes down how far a round is.
pub(crate) struct KeepRound {
    /// The round as JSON; empty between rounds.
    pub(crate) round: String,
    /// When it began.
    pub(crate) began_at: Timestamp,
    /// When the last whole one ended.
    pub(crate) ended_at: Timestamp,
    /// Records that the last whole one read.
    pub(crate) checked: u64,
}

impl Command for KeepRound {
    const NAME: &'static str = "audit.keep_round";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        store::scrub::keep(tx, &self.round, self.began_at, self.ended_at, self.checked).await
    }
}
