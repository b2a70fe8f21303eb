//! Where the latch of settlement stands, and whether payouts are held besides.

use crate::{
    commands::latch::{Gate, held},
    domain::latch::{Latch, Stop},
    store,
};
use handsel_storage::{Command, Fault, Tx};

/// Reads both in one transaction.
pub(crate) struct LookAtLatch {
    pub(crate) gate: Gate,
}

impl Command for LookAtLatch {
    const NAME: &'static str = "settlement.look_at_latch";
    type Output = (Latch, Option<Stop>);

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        Ok((store::latch::read(tx).await?, held(tx, &self.gate).await?))
    }
}
