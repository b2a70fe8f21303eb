//! Moves a file on: its payouts are decided, its bytes are, it lies where the bank finds it. Or payouts leave it again.

use super::{means::Means, statements};
use crate::{
    domain::{payment_file::PaymentFile, refusal::Refusal},
    store::{
        self,
        payment_file::{Entry, LeftOut},
    },
};
use handsel_money::{Money, Timestamp};
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// Which file, and where to.
pub(crate) struct MoveFile {
    pub(crate) means: Means,
    pub(crate) number: i64,
    pub(crate) step: Step,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

/// Where a file moves to.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Its payouts are decided.
    Close,
    /// Its bytes are decided: their digest in hexadecimal, and how many.
    Seal { sha256: String, size_bytes: i64 },
    /// It is about to be put where the bank finds it.
    Place,
    /// It lies where the bank finds it.
    Written,
    /// These leave it again, each with the reason.
    LeaveOut(Vec<(Entry, &'static str)>),
}

impl Command for MoveFile {
    const NAME: &'static str = "payment_file.move";
    type Output = Result<PaymentFile, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(file) = store::payment_file::lock(tx, self.number).await? else {
            return Ok(Err(Refusal::NotFound(format!("paymentFiles/{}", self.number))));
        };
        let (moved, kind, action) = match &self.step {
            Step::Close => (file.close(self.now), "payment_file.closed", "close"),
            Step::Seal { sha256, size_bytes } => {
                // Two people end none while its file is not written; the bank may have spoken of one.
                let ended = store::payment_file::ended(tx, self.number).await?;
                (file.seal(sha256.clone(), *size_bytes, ended, self.now), "payment_file.sealed", "seal")
            }
            Step::Place => {
                let ended = store::payment_file::ended(tx, self.number).await?;
                (file.place(ended, self.now), "payment_file.placing", "place")
            }
            Step::Written => (file.written(self.now), "payment_file.written", "write"),
            Step::LeaveOut(entries) => {
                let amounts: Vec<Money> = entries.iter().map(|(entry, _)| entry.amount).collect();
                (file.leave_out(&amounts, self.now), "payment_file.left_out", "leave_out")
            }
        };
        let file = match moved {
            Ok(file) => file,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Step::LeaveOut(entries) = &self.step {
            self.leave_out(tx, entries).await?;
        }
        store::payment_file::save(tx, &file).await?;
        let owed = statements::of_file(kind, action, &file, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(file))
    }
}

impl MoveFile {
    async fn leave_out(&self, tx: &mut Tx, entries: &[(Entry, &'static str)]) -> Result<(), Fault> {
        let ids: Vec<String> = entries.iter().map(|(entry, _)| entry.end_to_end_id.clone()).collect();
        let left: Vec<LeftOut> = entries
            .iter()
            .map(|(entry, reason)| LeftOut { end_to_end_id: entry.end_to_end_id.clone(), reason: (*reason).to_owned() })
            .collect();
        store::payment_file::take_out(tx, ids).await?;
        store::payment_file::keep_left_out(tx, self.number, &left, self.now).await
    }
}
