//! Makes a draft of a tier policy.

use super::policy_name;
use crate::domain::policy::{Policy, Rules, State};
use crate::domain::refusal::Refusal;
use crate::store;
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Outbox, Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;

pub(crate) struct CreatePolicy {
    pub(crate) id: String,
    pub(crate) rules: Rules,
    /// The person who makes it.
    pub(crate) maker: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
    pub(crate) outbox: Outbox,
}

impl Command for CreatePolicy {
    const NAME: &'static str = "tier.create_policy";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let name = policy_name(&self.id);
        if store::policy::find(tx, &self.id).await?.is_some() {
            return Ok(Err(Refusal::AlreadyExists(name)));
        }
        if let Err(refusal) = self.rules.check() {
            return Ok(Err(refusal));
        }
        let policy = Policy {
            id: self.id.clone(),
            state: State::Draft,
            rules: self.rules.clone(),
            maker: self.maker.clone(),
            checker: None,
            version: 1,
        };
        store::policy::insert(tx, &policy, self.now).await.map_err(Fault::unique_is_race)?;
        let statement = Statement {
            kind: "tier.policy.created",
            time: self.now,
            actor: self.actor.clone(),
            subjects: vec![name.clone()],
            action: "create",
            outcome: "success",
            reason: None,
            correlation: name.clone(),
            amount: None,
            policy: None,
            body: json!({ "window_days": self.rules.window_days.to_string(), "tiers": self.rules.tiers.len().to_string() }),
        };
        self.outbox.owe(tx, self.now, vec![Owed::Audit(statement)]).await?;
        Ok(Ok(name))
    }
}
