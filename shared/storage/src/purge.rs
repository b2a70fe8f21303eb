//! Forgetting request ids that are too old to come back.
use crate::{At, Command, Fault, Tx};
use handsel_money::Timestamp;

/// Deletes records of request ids, oldest first; how many. Called with `before` 40 days ago, again while it finds `limit`.
#[derive(Clone, Copy, Debug)]
pub struct PurgeRequests {
    /// Records written before this instant go.
    pub before: Timestamp,
    /// At most so many in one transaction.
    pub limit: i64,
}

impl Command for PurgeRequests {
    const NAME: &'static str = "storage.purge_requests";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        tx.exec(
            "DELETE FROM request WHERE (caller, rpc, request_id) IN (
                SELECT caller, rpc, request_id FROM request WHERE recorded_at < $1 ORDER BY recorded_at LIMIT $2)",
            (At(self.before), self.limit),
        )
        .await
    }
}
