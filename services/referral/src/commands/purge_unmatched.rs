//! Forgets facts that matched nothing.

use crate::store;
use handsel_money::Timestamp;
use handsel_storage::{Command, Fault, Tx};

/// Forgets the digests of facts that matched nothing, oldest first; how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PurgeUnmatched {
    /// Those received before this instant.
    pub(crate) before: Timestamp,
    /// At most so many in one transaction.
    pub(crate) limit: i64,
}

impl Command for PurgeUnmatched {
    const NAME: &'static str = "fact.purge_unmatched";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        store::unmatched::purge(tx, self.before, self.limit).await
    }
}
