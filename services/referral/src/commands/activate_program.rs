//! Puts a program in force.

use super::{Act, policy};
use crate::{
    domain::{program::PlanAnswer, refusal::Refusal},
    store,
};
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;

/// Puts a program in force, by a second person, with the version of its plan pinned.
#[derive(Debug)]
pub(crate) struct ActivateProgram {
    /// Who activates it.
    pub(crate) act: Act,
    /// The program's id.
    pub(crate) program: String,
    /// The etag last read; empty: whatever it is now.
    pub(crate) etag: String,
    /// What the reward service says of its plan. It was asked before this transaction.
    pub(crate) plan: PlanAnswer,
}

impl Command for ActivateProgram {
    const NAME: &'static str = "program.activate";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(program) = store::program::get(tx, &self.program).await? else {
            return Ok(Err(Refusal::NotFound(format!("programs/{}", self.program))));
        };
        // Whoever made it with a token that named no human is on record as his account.
        let by_account = program.second_person(&self.act.actor.subject);
        let activated = program.activate(self.act.by.clone(), &self.etag, self.plan, self.act.now);
        let activated = match activated.and_then(|program| by_account.map(|()| program)) {
            Ok(activated) => activated,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::program::save_state(tx, &activated).await?;
        let statement = Statement {
            subjects: vec![activated.name(), activated.terms.plan.clone()],
            policy: Some(policy(&activated.id, activated.version)),
            body: json!({"plan_version": activated.plan_version}),
            ..self.act.statement("program.activated", "activate", activated.name())
        };
        self.act.owe(tx, vec![Owed::Audit(statement)]).await?;
        Ok(Ok(activated.name()))
    }
}
