//! Records a new draft of a program.

use super::{Act, policy};
use crate::{
    domain::{program::Program, refusal::Refusal},
    store,
};
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};

/// Records a new draft of a program.
#[derive(Debug)]
pub(crate) struct CreateProgram {
    /// Who makes it.
    pub(crate) act: Act,
    /// The draft.
    pub(crate) program: Program,
}

impl Command for CreateProgram {
    const NAME: &'static str = "program.create";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let name = self.program.name();
        if !store::program::insert(tx, &self.program).await? {
            return Ok(Err(Refusal::AlreadyExists(name)));
        }
        let statement = Statement {
            policy: Some(policy(&self.program.id, self.program.version)),
            ..self.act.statement("program.created", "create", name.clone())
        };
        self.act.owe(tx, vec![Owed::Audit(statement)]).await?;
        Ok(Ok(name))
    }
}
