//! A second person puts a plan in force, and its counter is opened.

use super::{means::Means, statements};
use crate::{domain::refusal::Refusal, store};
use handsel_money::{Money, Timestamp};
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// Which plan, and the person who checked it.
pub(crate) struct ActivatePlan {
    pub(crate) means: Means,
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for ActivatePlan {
    const NAME: &'static str = "plan.activate";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(plan) = store::plan::lock(tx, &self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("plans/{}", self.id))));
        };
        // Whoever made it with a token that named no human is on record as his account.
        let by_account = plan.second_person(&self.actor.subject);
        let activated = plan.activate(&self.etag, &self.by, self.now).and_then(|plan| by_account.map(|()| plan));
        let plan = match activated {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::plan::save(tx, &plan).await?;
        store::counter::open(tx, &plan.id, plan.terms.limits.budget.map(Money::minor)).await?;
        let owed = statements::of_plan("plan.activated", "activate", &plan, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(plan.name()))
    }
}
