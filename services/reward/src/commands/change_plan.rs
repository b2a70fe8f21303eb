//! Whether the version in force pins new referrals: it is paused, resumed by a second person, or ended.

use super::{means::Means, statements};
use crate::{
    domain::{plan::Plan, refusal::Refusal},
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// What becomes of the version in force.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// It pins nothing for the time being.
    Pause,
    /// It pins new referrals again.
    Resume,
    /// It pins nothing any more.
    End,
}

/// Which plan, and what becomes of it.
pub(crate) struct ChangePlan {
    pub(crate) means: Means,
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) change: Change,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ChangePlan {
    const NAME: &'static str = "plan.change";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(plan) = store::plan::lock_in_force(tx, &self.id).await? else {
            return Ok(Err(self.nothing_in_force(tx).await?));
        };
        let plan = match self.decide(plan) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::plan::save(tx, &plan).await?;
        let (kind, action) = match self.change {
            Change::Pause => ("plan.paused", "pause"),
            Change::Resume => ("plan.resumed", "resume"),
            Change::End => ("plan.ended", "end"),
        };
        let owed = statements::of_plan(kind, action, &plan, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(plan.version_name()))
    }
}

impl ChangePlan {
    fn decide(&self, plan: Plan) -> Result<Plan, Refusal> {
        match self.change {
            Change::Pause => plan.pause(&self.etag, self.now),
            Change::Resume => {
                // Whoever made it with a token that named no human is on record as his account.
                let by_account = plan.second_person(&self.actor.subject);
                plan.resume(&self.etag, &self.by, self.now).and_then(|plan| by_account.map(|()| plan))
            }
            Change::End => plan.end(&self.etag, self.now),
        }
    }

    /// A plan of which no version is in force says so; one that is not there is not found.
    async fn nothing_in_force(&self, tx: &mut Tx) -> Result<Refusal, Fault> {
        let name = format!("plans/{}", self.id);
        let there = store::plan::read(tx, &self.id, 0).await?;
        Ok(if there.is_some() { Refusal::PlanNotActive(name) } else { Refusal::NotFound(name) })
    }
}
