//! What the audit service's own relay finds, and what an operator does to its messages, is owed to the log like everybody's statements.
//! No relay brings it: it is taken over here.

use super::Act;
use handsel_outbox::take_statements;
use handsel_storage::{Command, Fault, Lock, Tx};

/// Statements of one transaction.
const PORTION: i64 = 64;

/// Takes over what is owed.
pub(crate) struct RecordOwed {
    pub(crate) act: Act,
}

impl Command for RecordOwed {
    const NAME: &'static str = "audit.record_owed";
    type Output = ();

    fn locks(&self) -> Vec<Lock> {
        vec![Act::lock()]
    }

    /// Where the log may not be written, it stays owed.
    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        let Act { writer, now, .. } = &self.act;
        if !writer.may_record(tx).await? {
            return Ok(());
        }
        let owed = take_statements(tx, PORTION).await?;
        if owed.is_empty() {
            return Ok(());
        }
        match writer.record(&owed, *now, tx).await? {
            Ok(_) => Ok(()),
            Err(refusal) => Err(Fault::Invalid(format!("what was owed to the log is not taken: {refusal}"))),
        }
    }
}
