//! Forgetting what was answered long ago.

use crate::store::{relay, sent};
use handsel_money::Timestamp;
use handsel_storage::{Command, Fault, Tx};

/// Deletes messages of one destination whose answer is older than an instant, and their receipts, lowest number first; how
/// many. Called with `before` 40 days ago (sent messages outlive the backups, so that a restored receiver can be told again),
/// again while it finds `limit`.
#[derive(Clone, Copy, Debug)]
pub struct PurgeSent {
    /// Whose messages: `reward`, `audit`, ….
    pub destination: &'static str,
    /// Answers that came before this instant, by the database's time.
    pub before: Timestamp,
    /// At most so many in one transaction.
    pub limit: i64,
}

impl Command for PurgeSent {
    const NAME: &'static str = "outbox.purge_sent";
    type Output = u64;

    async fn apply(&self, tx: &mut Tx) -> Result<u64, Fault> {
        let Some(relay) = relay::lock(tx, self.destination).await? else { return Ok(0) };
        // Answers come in the order of numbers: the first that is young ends it. What is on its way again is kept.
        let answered = sent::first_answered(tx, self.destination, self.limit).await?;
        // What no checkpoint covers yet is kept as well: a log that loses it can be told again.
        let old = answered.iter().take_while(|row| {
            row.is_before(self.before) && row.sequence <= relay.delivered && row.is_covered(relay.covered_size)
        });
        match old.last() {
            Some(last) => sent::delete_up_to(tx, self.destination, last.sequence).await,
            None => Ok(0),
        }
    }
}
