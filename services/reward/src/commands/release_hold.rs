//! Two people release a hold: one proposes, another confirms.

use super::{means::Means, statements};
use crate::{
    domain::{hold::Standing, refusal::Refusal},
    store::{self, hold::HOLD},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};
use uuid::Uuid;

/// Which hold.
pub(crate) struct ReleaseHold {
    pub(crate) means: Means,
    pub(crate) id: Uuid,
    pub(crate) etag: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ReleaseHold {
    const NAME: &'static str = "hold.release";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&HOLD, self.id)]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(hold) = store::hold::one(tx, self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("holds/{}", self.id))));
        };
        let hold = match hold.release(&self.etag, &self.by, &self.actor.subject, self.now) {
            Ok(hold) => hold,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::hold::save(tx, &hold).await?;
        let (kind, action) = match hold.state.standing() {
            Standing::Released => ("hold.released", "release"),
            Standing::Active | Standing::ReleaseProposed => ("hold.release_proposed", "propose-release"),
        };
        let owed = statements::of_hold(kind, action, &hold, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(hold.name()))
    }
}
