//! Makes a draft of a tier policy.

use super::{Act, policy_name};
use crate::domain::policy::Policy;
use crate::domain::proposal::Proposal;
use crate::domain::refusal::Refusal;
use crate::store;
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;

pub(crate) struct CreatePolicy {
    pub(crate) id: String,
    pub(crate) proposal: Proposal,
    /// The person who makes it.
    pub(crate) maker: String,
    pub(crate) act: Act,
}

impl Command for CreatePolicy {
    const NAME: &'static str = "tier.create_policy";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let name = policy_name(&self.id);
        if store::policy::find(tx, &self.id).await?.is_some() {
            return Ok(Err(Refusal::AlreadyExists(name)));
        }
        let rules = match self.proposal.rules() {
            Ok(rules) => rules,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let policy = Policy::draft(&self.id, rules, &self.maker);
        store::policy::insert(tx, &policy, self.act.now).await.map_err(Fault::unique_is_race)?;
        let statement = self.act.statement("tier.policy.created", "create", name.clone());
        let body = json!({
            "window_days": policy.rules.window_days.to_string(),
            "tiers": policy.rules.tiers.len().to_string(),
        });
        let owed = Owed::Audit(Statement { subjects: vec![name.clone()], body, ..statement });
        self.act.owe(tx, vec![owed]).await?;
        Ok(Ok(name))
    }
}
