//! Forgets suppressions that have run out.

use crate::store;
use handsel_money::Timestamp;
use handsel_storage::{Command, Fault, Tx};

/// Forgets suppressions that have run out, oldest first; how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PurgeSuppressions {
    /// Those that end at this instant or before.
    pub(crate) now: Timestamp,
    /// At most so many in one transaction.
    pub(crate) limit: i64,
}

impl Command for PurgeSuppressions {
    const NAME: &'static str = "erasure.purge_suppressions";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        store::suppression::purge(tx, self.now, self.limit).await
    }
}
