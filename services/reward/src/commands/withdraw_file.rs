//! Two people withdraw a sealed file: one says why, another confirms it. What never lay where the bank finds it is released; the payouts
//! of any other stay in it, and are found out about one by one.

use super::{latch, means::Means, statements};
use crate::{
    domain::{
        latch::Cause,
        refusal::Refusal,
        withdrawal::{self, Confirmer, Effect, Withdrawal},
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// A person says why a file is not to go.
pub(crate) struct ProposeWithdrawal {
    pub(crate) means: Means,
    pub(crate) withdrawal: Withdrawal,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ProposeWithdrawal {
    const NAME: &'static str = "payment_file.propose_withdrawal";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let number = self.withdrawal.file;
        let Some(file) = store::payment_file::lock(tx, number).await? else { return Ok(Err(not_found(number))) };
        let newest = store::withdrawal::newest(tx, number).await?;
        let evidence = store::withdrawal::evidence(tx, &file).await?;
        let proposed = match self.withdrawal.clone().propose(&file, newest.as_ref(), evidence) {
            Ok(proposed) => proposed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::withdrawal::insert(tx, &proposed).await?;
        let kind = "payment_file.withdrawal_proposed";
        let said = statements::of_withdrawal(kind, "propose-withdrawal", &file, &proposed, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![said]).await?;
        Ok(Ok(file.name()))
    }
}

/// Another person confirms it.
pub(crate) struct ConfirmWithdrawal {
    pub(crate) means: Means,
    pub(crate) file: i64,
    pub(crate) by: Confirmer,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ConfirmWithdrawal {
    const NAME: &'static str = "payment_file.withdraw";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(file) = store::payment_file::lock(tx, self.file).await? else {
            return Ok(Err(not_found(self.file)));
        };
        let newest = store::withdrawal::newest(tx, self.file).await?;
        let evidence = store::withdrawal::evidence(tx, &file).await?;
        let (file, withdrawal) = match withdrawal::confirm(file, newest, &self.by, evidence, self.now) {
            Ok(confirmed) => confirmed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::withdrawal::confirm(tx, &withdrawal).await?;
        store::payment_file::save(tx, &file).await?;
        match withdrawal.effect {
            Effect::Released => store::withdrawal::release(tx, &file, self.now).await?,
            Effect::Kept => {}
        }
        let kind = "payment_file.withdrawn";
        let said = statements::of_withdrawal(kind, "confirm-withdrawal", &file, &withdrawal, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![said]).await?;
        Ok(Ok(file.name()))
    }
}

/// The bank speaks of a file, or of a payout in one, that was released because it could not have left: it may be paid twice. Nothing
/// more leaves until two people have looked.
pub(crate) async fn contradicted(tx: &mut Tx, means: &Means, what: &str, now: Timestamp) -> Result<(), Fault> {
    let detail = format!("the bank speaks of {what}, which was withdrawn before it could have left");
    latch::fall(tx, &means.outbox, Cause::WithdrawnFile, detail, &Actor::system("reward/files"), now).await
}

fn not_found(number: i64) -> Refusal {
    Refusal::NotFound(format!("paymentFiles/{number}"))
}
