//! The contract that has a preferential rate is over before its time.

use super::{activate_rate_grant::GrantKey, means::Means, rate_moves, statements};
use crate::domain::{rate_grant::Standing, refusal::Refusal};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};

/// Which grant, from when on, and why.
pub(crate) struct EndRateGrant {
    pub(crate) means: Means,
    pub(crate) key: GrantKey,
    pub(crate) at: Timestamp,
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for EndRateGrant {
    const NAME: &'static str = "rate.end";
    type Output = Result<(), Refusal>;

    fn locks(&self) -> Vec<Lock> {
        self.key.locks()
    }

    /// In this order: it is there; it is ended already, which is no refusal; what `RateGrant::end` refuses.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let (Some(grant), _) = self.key.lock(tx).await? else { return Ok(Err(self.key.not_found())) };
        if grant.state.standing() == Standing::Ended {
            return Ok(Ok(()));
        }
        let moved = match grant.end(self.at, &self.by, &self.reason, self.now) {
            Ok(moved) => moved,
            Err(refusal) => return Ok(Err(refusal)),
        };
        rate_moves::save(tx, &self.means, &moved, self.now).await?;
        let body = statements::rate_standing(&moved.grant);
        let owed = statements::of_rate_grant("rate.ended", "end", &moved.grant, &self.actor, self.now, body);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(()))
    }
}
