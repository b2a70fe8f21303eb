//! Hands a draft to the checker.

use super::{Act, policy};
use crate::{domain::refusal::Refusal, store};
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};

/// Hands a draft to the checker.
#[derive(Debug)]
pub(crate) struct SubmitProgram {
    /// Who submits it.
    pub(crate) act: Act,
    /// The program's id.
    pub(crate) program: String,
    /// The etag last read; empty: whatever it is now.
    pub(crate) etag: String,
}

impl Command for SubmitProgram {
    const NAME: &'static str = "program.submit";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(program) = store::program::get(tx, &self.program).await? else {
            return Ok(Err(Refusal::NotFound(format!("programs/{}", self.program))));
        };
        let submitted = match program.submit(self.act.by.clone(), &self.etag, self.act.now) {
            Ok(submitted) => submitted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::program::save_state(tx, &submitted).await?;
        let statement = Statement {
            policy: Some(policy(&submitted.id, submitted.version)),
            ..self.act.statement("program.submitted", "submit", submitted.name())
        };
        self.act.owe(tx, vec![Owed::Audit(statement)]).await?;
        Ok(Ok(submitted.name()))
    }
}
