//! Answers the other services' relays. What a greeting brings to light is said to the log; money is not moved here.

use super::Act;
use handsel_outbox::{Greeting, Owed, Standing, inbox};
use handsel_storage::{Command, Fault, Tx};

/// What a sender says of itself.
#[derive(Debug)]
pub(crate) struct Greet {
    /// Who greets.
    pub(crate) act: Act,
    /// What he says.
    pub(crate) greeting: Greeting,
}

impl Command for Greet {
    const NAME: &'static str = "inbox.greet";
    type Output = Standing;

    async fn apply(&self, tx: &mut Tx) -> Result<Standing, Fault> {
        let inbox::Greeted { standing, finding } = inbox::greet(tx, &self.greeting).await?;
        if let Some(finding) = finding {
            tracing::error!(source = finding.source(), "one of two databases is older than it was");
            self.act.owe(tx, vec![Owed::Audit(finding.statement(self.act.now))]).await?;
        }
        Ok(standing)
    }
}
