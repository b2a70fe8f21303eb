//! Every write of the tier service: lock and load → decide → save → tell the outbox, in one transaction. One file a write.

mod activate_policy;
mod begin_evaluation;
mod create_policy;
mod evaluate;
mod ingest;

pub(crate) use activate_policy::ActivatePolicy;
pub(crate) use begin_evaluation::BeginEvaluation;
pub(crate) use create_policy::CreatePolicy;
pub(crate) use evaluate::{Evaluate, Progress};
pub(crate) use ingest::Ingest;

use handsel_money::Timestamp;
use handsel_outbox::{Actor, Outbox, Owed, Statement};
use handsel_storage::{Fault, Tx};
use serde_json::Value;

/// Who does it and when, and where it is written down.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
    pub(crate) outbox: Outbox,
}

impl Act {
    /// A statement of something done, about nothing in particular yet.
    fn statement(&self, kind: &'static str, action: &'static str, correlation: String) -> Statement {
        Statement {
            kind,
            time: self.now,
            actor: self.actor.clone(),
            subjects: Vec::new(),
            action,
            outcome: "success",
            reason: None,
            correlation,
            amount: None,
            policy: None,
            body: Value::Null,
        }
    }

    async fn owe(&self, tx: &mut Tx, owed: Vec<Owed>) -> Result<(), Fault> {
        self.outbox.owe(tx, self.now, owed).await
    }
}

/// The name of a policy as a resource.
pub(crate) fn policy_name(id: &str) -> String {
    format!("tierPolicies/{id}")
}

/// What ties the statements of one evaluation together.
fn evaluation_name(policy: &str, as_of: Timestamp) -> String {
    format!("{}/evaluations/{as_of}", policy_name(policy))
}
