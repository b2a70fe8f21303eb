//! A second person takes a preferential rate back; core banking is told.

use super::{activate_rate_grant::GrantKey, means::Means, rate_moves, statements};
use crate::{
    domain::{rate_grant::RateGrant, refusal::Refusal},
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};

/// Which grant, and why it is taken back.
pub(crate) struct RevokeRateGrant {
    pub(crate) means: Means,
    pub(crate) key: GrantKey,
    pub(crate) etag: String,
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for RevokeRateGrant {
    const NAME: &'static str = "rate.revoke";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        self.key.locks()
    }

    /// In this order: it is there; it is what was read; it is offered or active; nobody revokes what he had a hand in.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let (Some(grant), _) = self.key.lock(tx).await? else { return Ok(Err(self.key.not_found())) };
        let stranger = self.is_stranger(tx, &grant).await?;
        let decided = grant
            .check_etag(&self.etag)
            .and_then(|()| grant.clone().revoke(&self.by, &self.reason, self.now))
            .and_then(|moved| if stranger { Ok(moved) } else { Err(Refusal::MakerIsChecker(grant.name())) });
        let moved = match decided {
            Ok(moved) => moved,
            Err(refusal) => return Ok(Err(refusal)),
        };
        rate_moves::save(tx, &self.means, &moved, self.now).await?;
        rate_moves::withdraw(&self.means, tx, &moved.grant, self.now).await?;
        let body = statements::rate_standing(&moved.grant);
        let owed = statements::of_rate_grant("rate.revoked", "revoke", &moved.grant, &self.actor, self.now, body);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(moved.grant.name()))
    }
}

impl RevokeRateGrant {
    /// Whether he neither registered the referral nor made the plan, by his own name or his account's. A grant of which nobody knows
    /// who made it is revoked by nobody.
    async fn is_stranger(&self, tx: &mut Tx, grant: &RateGrant) -> Result<bool, Fault> {
        let makers = store::qualification::makers(tx, vec![grant.offer.ground.referral]).await?;
        let own = |name: &str| makers.iter().any(|one| one.registrar == name || one.plan_maker == name);
        Ok(!makers.is_empty() && !own(&self.by) && !own(&self.actor.subject))
    }
}
