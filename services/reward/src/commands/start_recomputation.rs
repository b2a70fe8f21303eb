//! Begins to compute every reward again; where that is under way already, it is what was asked for.

use super::means::Means;
use crate::{domain::refusal::Refusal, store};
use handsel_money::Timestamp;
use handsel_outbox::{Actor, Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::Value;

/// Who asks, and when.
pub(crate) struct StartRecomputation {
    pub(crate) means: Means,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for StartRecomputation {
    const NAME: &'static str = "recomputation.start";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        if let Some(run) = store::recomputation::under_way(tx).await? {
            return Ok(Ok(format!("recomputations/{}", run.id)));
        }
        let id = self.means.next_id();
        store::recomputation::begin(tx, id, self.now).await?;
        let name = format!("recomputations/{id}");
        let owed = Owed::Audit(Statement {
            kind: "recomputation.started",
            time: self.now,
            actor: self.actor.clone(),
            subjects: vec![name.clone()],
            action: "start",
            outcome: "success",
            reason: None,
            correlation: name.clone(),
            amount: None,
            policy: None,
            body: Value::Null,
        });
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(name))
    }
}
