//! Makes a draft of a plan.

use super::{means::Means, statements};
use crate::{
    domain::{plan::Plan, refusal::Refusal, terms::Terms},
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// A plan as it was proposed, its terms without fault.
pub(crate) struct CreatePlan {
    pub(crate) means: Means,
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) terms: Terms,
    pub(crate) maker: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for CreatePlan {
    const NAME: &'static str = "plan.create";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let plan =
            Plan::draft(self.id.clone(), self.display_name.clone(), self.terms.clone(), self.maker.clone(), self.now);
        if !store::plan::insert(tx, &plan).await? {
            return Ok(Err(Refusal::AlreadyExists(plan.name())));
        }
        let owed = statements::of_plan("plan.created", "create", &plan, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(plan.version_name()))
    }
}
