//! Hands a draft to the checker.

use super::{means::Means, statements};
use crate::{domain::refusal::Refusal, store};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// Which draft, and who hands it over.
pub(crate) struct SubmitPlan {
    pub(crate) means: Means,
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for SubmitPlan {
    const NAME: &'static str = "plan.submit";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(plan) = store::plan::lock(tx, &self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("plans/{}", self.id))));
        };
        let plan = match plan.submit(&self.etag, &self.by, self.now) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::plan::save(tx, &plan).await?;
        let owed = statements::of_plan("plan.submitted", "submit", &plan, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(plan.version_name()))
    }
}
