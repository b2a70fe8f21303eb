//! Compliance keeps something from being paid.

use super::{means::Means, statements};
use crate::{
    domain::{
        hold::{Hold, Origin, Target},
        refusal::Refusal,
    },
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// What is to be held, and why.
pub(crate) struct PlaceHold {
    pub(crate) means: Means,
    pub(crate) target: Target,
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for PlaceHold {
    const NAME: &'static str = "hold.place";
    type Output = Result<String, Refusal>;

    /// A reward that is not there cannot be held; a referral, a beneficiary or a plan may yet have rewards.
    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        if let Target::Reward(id) = &self.target
            && store::reward_read::one(tx, *id).await?.is_none()
        {
            return Ok(Err(Refusal::NotFound(self.target.name())));
        }
        store::hold::close_fence(tx).await?;
        let id = self.means.next_id();
        let (target, reason, by) = (self.target.clone(), self.reason.clone(), self.by.clone());
        let hold = Hold::place(id, target, reason, by, Origin::Reward, self.now);
        store::hold::insert(tx, &hold).await?;
        let owed = statements::of_hold("hold.placed", "hold", &hold, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(hold.name()))
    }
}
