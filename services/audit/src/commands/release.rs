//! Handing the lease over: a writer that stops ends its lease, so that the next need not wait.

use crate::store;
use handsel_storage::{Command, Fault, Tx};

/// Ends the lease of a holder, if it has one.
pub(crate) struct Release {
    /// This process.
    pub(crate) holder: String,
}

impl Command for Release {
    const NAME: &'static str = "audit.release";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        store::lease::release(tx, &self.holder).await
    }
}
