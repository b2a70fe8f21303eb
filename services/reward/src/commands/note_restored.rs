//! The database was put back from a copy: what it has done since is not in it, and payouts stop until two people have reconciled.

use super::latch;
use crate::domain::latch::Cause;
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Outbox};
use handsel_storage::{Command, Fault, Tx};

/// Of when the copy is, and who put it back.
pub(crate) struct NoteRestored {
    pub(crate) outbox: Outbox,
    pub(crate) detail: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for NoteRestored {
    const NAME: &'static str = "settlement.note_restored";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        let detail = self.detail.clone();
        latch::fall(tx, &self.outbox, Cause::Restored, detail, &self.actor, self.now).await
    }
}
