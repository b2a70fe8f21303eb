//! Makes a draft of the next version of a plan, while the one before goes on.

use super::{means::Means, statements};
use crate::{
    domain::{refusal::Refusal, terms::Terms},
    store,
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// A version as it was proposed, its terms without fault.
pub(crate) struct CreatePlanVersion {
    pub(crate) means: Means,
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) terms: Terms,
    pub(crate) maker: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for CreatePlanVersion {
    const NAME: &'static str = "plan.create_version";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(newest) = store::plan::lock(tx, &self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("plans/{}", self.id))));
        };
        let next = newest.next(self.display_name.clone(), self.terms.clone(), self.maker.clone(), self.now);
        let plan = match next {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !store::plan::insert(tx, &plan).await? {
            return Err(Fault::Contention);
        }
        let owed = statements::of_plan("plan.version_created", "create-version", &plan, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(plan.version_name()))
    }
}
