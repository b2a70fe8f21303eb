//! One command in one transaction, run again when it lost a race.
use crate::{Command, Db, Fault, Tx};
use std::time::Duration;
use tracing::{Instrument, Span, debug_span, field};

/// How often one command is tried. The waits between tries add up to 0.4 s.
pub(crate) const ATTEMPTS: u32 = 10;

impl Db {
    /// Begins, applies, commits. Runs the command again, a bounded number of times and with growing waits, when another
    /// transaction was first or the connection broke before COMMIT. A caller that is dropped before COMMIT has done
    /// nothing; COMMIT itself runs in a task of its own, which nobody can cut.
    ///
    /// # Errors
    /// The command's own [`Fault`]; [`Fault::Unknown`] if the connection was lost at COMMIT.
    pub async fn transact<C: Command>(&self, command: &C) -> Result<C::Output, Fault> {
        let span = debug_span!("transaction", command = C::NAME, schema = self.schema(), attempts = field::Empty);
        let run_again = async {
            let mut attempt = 1;
            loop {
                match self.attempt(command).await {
                    Err(fault) if fault.may_pass() && attempt < ATTEMPTS => back_off(attempt).await,
                    outcome => {
                        Span::current().record("attempts", attempt);
                        return outcome;
                    }
                }
                attempt += 1;
            }
        };
        run_again.instrument(span).await
    }

    async fn attempt<C: Command>(&self, command: &C) -> Result<C::Output, Fault> {
        let mut tx = self.begin().await?;
        match apply(command, &mut tx).await {
            Ok(output) => {
                let committed = tokio::spawn(tx.commit().in_current_span()).await;
                // A task that is cut or panics at COMMIT (the runtime goes down) leaves the outcome open.
                committed.unwrap_or(Err(Fault::Unknown))?;
                Ok(output)
            }
            Err(fault) => {
                tx.rollback().await;
                Err(fault)
            }
        }
    }
}

async fn apply<C: Command>(command: &C, tx: &mut Tx) -> Result<C::Output, Fault> {
    tx.lock(command.locks()).await?;
    command.apply(tx).await
}

/// Waits before the next attempt: 1, 2, 4 … 128 ms.
pub(crate) async fn back_off(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(1 << attempt.saturating_sub(1).min(7))).await;
}
