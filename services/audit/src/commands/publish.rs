//! Publishing a checkpoint: what was signed is stored. The head it signs was committed before.

use crate::store::{self, checkpoint::Signed};
use handsel_storage::{Command, Fault, Tx};

/// Stores a checkpoint.
pub(crate) struct Publish(pub(crate) Signed);

impl Command for Publish {
    const NAME: &'static str = "audit.publish";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        store::checkpoint::add(tx, &self.0).await
    }
}
