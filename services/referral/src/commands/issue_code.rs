//! Issues a code to a referrer.

use super::{Act, policy};
use crate::{
    domain::{
        code::{Code, CodeDraft, CodeText},
        program::ProgramState,
        refusal::Refusal,
    },
    store,
};
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};

/// Issues a code to a referrer.
#[derive(Debug)]
pub(crate) struct IssueCode {
    /// Who issues it.
    pub(crate) act: Act,
    /// What it is to be.
    pub(crate) draft: CodeDraft,
    /// Texts to choose from: the first that is free.
    pub(crate) candidates: Vec<CodeText>,
}

impl Command for IssueCode {
    const NAME: &'static str = "code.issue";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(program) = store::program::get(tx, &self.draft.program).await? else {
            return Ok(Err(Refusal::NotFound(format!("programs/{}", self.draft.program))));
        };
        if let Err(refusal) = program.must_be(ProgramState::Active).and_then(|()| self.draft.check(self.act.now)) {
            return Ok(Err(refusal));
        }
        for text in &self.candidates {
            let (terms, created_at) = (self.draft.clone(), self.act.now);
            let code = Code { text: text.clone(), terms, usage_count: 0, created_at };
            if store::code::insert(tx, &code).await? {
                let name = format!("codes/{text}");
                let statement = Statement {
                    subjects: vec![name.clone(), program.name(), self.draft.referrer.clone()],
                    policy: Some(policy(&program.id, program.version)),
                    ..self.act.statement("code.issued", "issue", name.clone())
                };
                self.act.owe(tx, vec![Owed::Audit(statement)]).await?;
                return Ok(Ok(name));
            }
        }
        // Each candidate is one of 3.4 thousand million: that all are taken is a space nearly used up, or a broken
        // draw.
        Err(Fault::Busy)
    }
}
