//! Adds a run to the index of what statements say, so that a search need not look through its leaves.

use crate::{
    domain::run::{Next, Page},
    store,
};
use handsel_storage::{Command, Fault, Tx};

/// Adds a run that was made of leaves and of the runs before it; neither of them changes. Where another replica was first, or the
/// index was begun anew meanwhile, nothing is done.
pub(crate) struct Index {
    /// Which run.
    pub(crate) next: Next,
    /// What it tells.
    pub(crate) pages: Vec<Page>,
}

impl Command for Index {
    const NAME: &'static str = "audit.index";
    type Output = ();

    async fn apply(&self, tx: &mut Tx) -> Result<(), Fault> {
        if store::term::position(tx).await? == self.next.seen {
            store::term::add(tx, self.next, &self.pages).await?;
        }
        Ok(())
    }
}
