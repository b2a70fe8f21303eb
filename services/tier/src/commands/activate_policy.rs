//! A second person puts a tier policy in force.

use super::{Act, policy_name};
use crate::domain::policy::Checker;
use crate::domain::refusal::Refusal;
use crate::store;
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Lock, Tx};

pub(crate) struct ActivatePolicy {
    pub(crate) id: String,
    /// The version that the caller read; `None`: whatever it is now.
    pub(crate) etag: Option<i64>,
    pub(crate) checker: Checker,
    pub(crate) act: Act,
}

impl Command for ActivatePolicy {
    const NAME: &'static str = "tier.activate_policy";
    type Output = Result<String, Refusal>;

    fn locks(&self) -> Vec<Lock> {
        vec![Lock::new(&store::policy::LOCK, self.id.as_str())]
    }

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let name = policy_name(&self.id);
        let Some(policy) = store::policy::find(tx, &self.id).await? else {
            return Ok(Err(Refusal::NotFound(name)));
        };
        let policy = match policy.activate(&self.checker, self.etag) {
            Ok(policy) => policy,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::policy::update(tx, &policy, self.act.now).await?;
        let statement = self.act.statement("tier.policy.activated", "activate", name.clone());
        let (subjects, policy) = (vec![name.clone()], Some(name.clone()));
        self.act.owe(tx, vec![Owed::Audit(Statement { subjects, policy, ..statement })]).await?;
        Ok(Ok(name))
    }
}
