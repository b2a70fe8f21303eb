//! Writes down who looks at personal data in plain text, and why, before it is shown.

use super::Act;
use crate::domain::refusal::Refusal;
use handsel_outbox::{Owed, Statement};
use handsel_storage::{Command, Fault, Tx};
use serde_json::json;

/// A look at personal data.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    /// Who looks.
    pub(crate) act: Act,
    /// `subject.revealed`, `subject.opened`.
    pub(crate) kind: &'static str,
    /// At whom: resource names, the most specific first; at least one.
    pub(crate) subjects: Vec<String>,
    /// Why, as a code.
    pub(crate) reason: &'static str,
    /// How many fields.
    pub(crate) fields: usize,
}

impl Command for Look {
    const NAME: &'static str = "subject.look";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let name = self.subjects.first().cloned().unwrap_or_default();
        let statement = Statement {
            subjects: self.subjects.clone(),
            reason: Some(self.reason.to_owned()),
            body: json!({ "fields": self.fields }),
            ..self.act.statement(self.kind, "reveal", name.clone())
        };
        self.act.owe(tx, vec![Owed::Audit(statement)]).await?;
        Ok(Ok(name))
    }
}
