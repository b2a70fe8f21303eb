//! Hands the newest version of a rate product to the checker.

use super::{means::Means, statements};
use crate::{domain::refusal::Refusal, store};
use handsel_money::Timestamp;
use handsel_outbox::Actor;
use handsel_storage::{Command, Fault, Tx};

/// Which product, and who hands it over.
pub(crate) struct SubmitRateProduct {
    pub(crate) means: Means,
    pub(crate) id: String,
    pub(crate) etag: String,
    pub(crate) by: String,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
}

impl Command for SubmitRateProduct {
    const NAME: &'static str = "rate_product.submit";
    type Output = Result<String, Refusal>;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Output, Fault> {
        let Some(product) = store::rate_product::lock(tx, &self.id).await? else {
            return Ok(Err(Refusal::NotFound(format!("rate-products/{}", self.id))));
        };
        let product = match product.submit(&self.etag, &self.by, self.now) {
            Ok(product) => product,
            Err(refusal) => return Ok(Err(refusal)),
        };
        store::rate_product::save(tx, &product).await?;
        let owed = statements::of_rate_product("rate_product.submitted", "submit", &product, &self.actor, self.now);
        self.means.outbox.owe(tx, self.now, vec![owed]).await?;
        Ok(Ok(product.name()))
    }
}
