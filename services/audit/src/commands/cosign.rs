//! Keeping what a witness has signed.

use crate::{
    store::{self, cosignature::CosignatureRow},
    tlog::Cosignature,
};
use handsel_storage::{Command, Fault, Tx};

/// Keeps a cosignature.
pub(crate) struct Cosign(CosignatureRow);

impl Cosign {
    /// Of the checkpoint of a size.
    pub(crate) fn of(size: u64, cosignature: Cosignature) -> Result<Self, Fault> {
        let Cosignature { name, seconds, line } = cosignature;
        let beyond = |_| Fault::Invalid("a cosignature beyond what a log holds".to_owned());
        let size = i64::try_from(size).map_err(beyond)?;
        let cosigned_seconds = i64::try_from(seconds).map_err(beyond)?;
        Ok(Self(CosignatureRow { size, witness: name, line, cosigned_seconds }))
    }
}

impl Command for Cosign {
    const NAME: &'static str = "audit.cosign";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        store::cosignature::add(tx, &self.0).await
    }
}
