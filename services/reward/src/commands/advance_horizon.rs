//! Moves the horizon up to which the journal is complete.

use crate::store;
use handsel_storage::{Command, Engine, Fault, Tx};

/// One look at which transactions are still under way.
pub(crate) struct AdvanceHorizon;

impl Command for AdvanceHorizon {
    const NAME: &'static str = "ledger.advance_horizon";
    /// Whether something written waits for a transaction that is under way.
    type Output = bool;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, Fault> {
        match tx.engine() {
            Engine::Postgres => store::journal::advance(tx).await,
            Engine::Sqlite => Ok(false),
        }
    }
}
