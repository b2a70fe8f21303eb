//! Begins a file of payouts, or finds the one that was begun and is not written.

use super::{means::Means, statements};
use crate::{
    domain::{payment_file::PaymentFile, refusal::Refusal},
    store,
};
use handsel_money::{Currency, Date, Timestamp};
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// In which currency, for which day.
pub(crate) struct BeginFile {
    pub(crate) means: Means,
    pub(crate) currency: Currency,
    pub(crate) execution_date: Date,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for BeginFile {
    const NAME: &'static str = "payment_file.begin";
    /// The file's name.
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        if let Some(file) = store::payment_file::unfinished(tx, self.currency).await? {
            return Ok(Ok(file.name()));
        }
        let number = store::payment_file::next_number(tx).await?;
        let (bank, by) = (&self.means.bank, self.by.clone());
        let file = PaymentFile::begin(bank, number, self.currency, self.execution_date, by, self.now);
        store::payment_file::insert(tx, &file).await?;
        let owed = statements::of_file("payment_file.begun", "begin", &file, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(file.name()))
    }
}
