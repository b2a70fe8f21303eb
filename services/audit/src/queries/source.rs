//! What the log knows of a source: asked by its relay before it sends.

use crate::{domain::admission::Source, store};
use handsel_storage::{Command, Fault, Tx};

/// Reads it.
pub(crate) struct Known {
    pub(crate) source: String,
}

impl Command for Known {
    const NAME: &'static str = "audit.known_source";
    /// None: it never came.
    type Output = Option<Source>;

    async fn apply(&self, tx: &mut Tx) -> Result<Option<Source>, Fault> {
        let known = store::source::known(tx, vec![self.source.clone()]).await?;
        Ok(known.into_iter().next().map(|(_, source)| source))
    }
}
