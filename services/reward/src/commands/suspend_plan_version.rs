//! Two people stop the grants of referrals that are pinned to a version of a plan.

use super::{means::Means, statements};
use crate::{
    domain::refusal::Refusal,
    store::{self, counter::BUDGET},
};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Lock, Tx};

/// Which version, and why.
pub(crate) struct SuspendPlanVersion {
    pub(crate) means: Means,
    pub(crate) id: String,
    pub(crate) version: i64,
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for SuspendPlanVersion {
    const NAME: &'static str = "plan.suspend_version";
    type Output = Result<String, Refusal>;

    /// Grants read under this lock who is suspended, so that none slips by.
    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&BUDGET, self.id.as_str())]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(plan) = store::plan::lock_version(tx, &self.id, self.version).await? else {
            return Ok(Err(Refusal::NotFound(format!("plans/{} version {}", self.id, self.version))));
        };
        let plan = match plan.suspend(&self.reason, &self.by, self.now) {
            Ok(plan) => plan,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::plan::save(tx, &plan).await?;
        let (kind, action) = if plan.is_suspended() {
            store::counter::suspend(tx, &plan.id, plan.version).await?;
            ("plan.suspended", "suspend")
        } else {
            ("plan.suspension_asked", "ask-suspension")
        };
        let owed = statements::of_plan(kind, action, &plan, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(plan.version_name()))
    }
}
