//! A write: lock and load, decide, save, all in one transaction.
use crate::{Fault, Lock, Tx};
use std::future::Future;

/// A write, with everything it needs: ids and the time come in with it, so that it can be run again.
///
/// A refusal is a value: part of the output, returned before the first write. An `Err` is infrastructure or a lost race,
/// and rolls back.
pub trait Command: Send + Sync + 'static {
    /// Names the transaction in traces and logs: `referral.create`.
    const NAME: &'static str;

    /// Usually `Result<Something, Refusal>`.
    type Output: Send + 'static;

    /// Rows that it will lock. Those of a whole batch are taken first, in one order. PostgreSQL only: SQLite has one writer.
    fn locks(&self) -> Vec<Lock> {
        Vec::new()
    }

    /// Loads, decides and saves. May run several times: nothing but `tx` is touched.
    ///
    /// # Errors
    /// [`Fault::Contention`] for a lost race, which runs it again; any other [`Fault`] ends it.
    fn apply(&self, tx: &mut Tx) -> impl Future<Output = Result<Self::Output, Fault>> + Send;

    /// Applies commands that wait at the same moment, in order of arrival, with the outcome of one by one. Answers the
    /// first of them at least; those it does not reach are applied in the next transaction.
    ///
    /// # Errors
    /// As [`apply`](Command::apply); the batch is then divided until the command at fault stands alone.
    fn apply_all(batch: &[&Self], tx: &mut Tx) -> impl Future<Output = Result<Vec<Self::Output>, Fault>> + Send {
        async move {
            let mut outputs = Vec::with_capacity(batch.len());
            for command in batch {
                if !outputs.is_empty() && tx.is_spent() {
                    break;
                }
                outputs.push(command.apply(tx).await?);
            }
            Ok(outputs)
        }
    }
}
