//! Answers the other services' relays, and weighs what a greeting brings to light.

use super::{latch::weigh, means::Means};
use handsel_money::Timestamp;
use handsel_outbox::{Greeting, Standing, inbox};
use handsel_storage::{Command, Fault, Tx};

/// What a sender says of itself.
pub(crate) struct Greet {
    pub(crate) means: Means,
    pub(crate) greeting: Greeting,
    pub(crate) now: Timestamp,
}

impl Command for Greet {
    const NAME: &'static str = "inbox.greet";
    /// What is known of him.
    type Output = Standing;

    async fn apply(&self, tx: &mut Tx) -> Result<Standing, Fault> {
        let inbox::Greeted { standing, finding } = inbox::greet(tx, &self.greeting).await?;
        if let Some(finding) = finding {
            weigh(tx, &self.means, &finding, self.now).await?;
        }
        Ok(standing)
    }
}
